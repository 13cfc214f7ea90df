namespace RaftActors.Protocol;

/// <summary>What a voter is doing right now (Raft paper section 5.1; pre-candidate: thesis section 9.6).</summary>
public enum Role : byte
{
    /// <summary>Follows a leader, or waits for one.</summary>
    Follower = 0,

    /// <summary>Asks whether an election could be won, without raising its term.</summary>
    PreCandidate = 1,

    /// <summary>Asks for votes in a term of its own.</summary>
    Candidate = 2,

    /// <summary>Orders the entries of its term.</summary>
    Leader = 3,
}
