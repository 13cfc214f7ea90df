namespace RaftActors.Protocol;

/// <summary>What an entry is for. The numbers are part of the journal and wire formats and never change.</summary>
public enum EntryKind : byte
{
    /// <summary>User data, handed to the state machine.</summary>
    Normal = 0,

    /// <summary>Adds a learner (ERaftKV: JOIN_NO_VOTE_NODE).</summary>
    JoinLearner = 1,

    /// <summary>Adds a voter (ERaftKV: JOIN_NODE).</summary>
    Join = 2,

    /// <summary>Removes a member (ERaftKV: LEAVE_NODE).</summary>
    Leave = 3,

    /// <summary>A new leader's first entry: commits what earlier terms left (Raft paper section 8).</summary>
    NoOp = 4,

    /// <summary>A whole membership, simple or joint (thesis section 4.3).</summary>
    Membership = 5,

    /// <summary>Opens, keeps or closes a client session, or tells what time it is in the log (thesis section 6.3).</summary>
    Session = 6,
}
