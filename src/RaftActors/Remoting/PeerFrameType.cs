namespace RaftActors.Remoting;

/// <summary>What a peer frame carries. The numbers are part of the wire format and never change.</summary>
public enum PeerFrameType : byte
{
    /// <summary>Asks for a vote or pre-vote.</summary>
    RequestVote = 1,

    /// <summary>Answers it.</summary>
    RequestVoteReply = 2,

    /// <summary>Replicates entries, or is a heartbeat.</summary>
    AppendEntries = 3,

    /// <summary>Answers it.</summary>
    AppendEntriesReply = 4,

    /// <summary>Asks a leader from which index on a read is linearizable.</summary>
    ReadIndexRequest = 5,

    /// <summary>Answers it.</summary>
    ReadIndexReply = 6,

    /// <summary>Proposals that a member sends on to its leader.</summary>
    ForwardPropose = 7,

    /// <summary>Their outcomes.</summary>
    ForwardReply = 8,

    /// <summary>Bytes from application to application.</summary>
    UserMessage = 9,

    /// <summary>A part of a frame that was too large for the transport.</summary>
    Fragment = 10,

    /// <summary>The receiver of a frame does not run its stream.</summary>
    UnknownStream = 11,

    /// <summary>A block of a snapshot.</summary>
    SnapshotBlock = 12,

    /// <summary>Answers it.</summary>
    SnapshotBlockReply = 13,

    /// <summary>Asks a voter to stand for election at once; no body.</summary>
    TimeoutNow = 14,

    /// <summary>A fragment has arrived: the next may be sent.</summary>
    FragmentReceived = 15,

    /// <summary>Tells which incarnations of the members its sender knows, and may ask the same.</summary>
    Introduction = 20,

    /// <summary>Proposals that a member sends on to its leader, of client sessions or about them.</summary>
    ForwardSessionPropose = 16,

    /// <summary>Asks a leader whether it knows proposals that were forwarded to it; it answers with <see cref="ForwardReply"/>.</summary>
    ForwardInquiry = 18,

    /// <summary>A forced recovery has taken place: the receiver has to follow it, or is left out.</summary>
    RecoveryNotice = 17,
}
