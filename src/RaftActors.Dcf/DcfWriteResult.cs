using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>How a write ended.</summary>
/// <param name="Status">What the writer may conclude.</param>
/// <param name="Index">The index of the entry when it is committed; 0 otherwise.</param>
/// <param name="Leader">Who leads, as far as known, when this node does not.</param>
/// <param name="Reason">In words, when it is not committed, or when it is and the state machine here has failed on it.</param>
public sealed record DcfWriteResult(DcfWriteStatus Status, LogIndex Index, NodeId Leader, string? Reason)
{
    /// <summary>True when the entry is committed.</summary>
    public bool IsCommitted => Status == DcfWriteStatus.Committed;
}

/// <summary>What a writer may conclude.</summary>
public enum DcfWriteStatus
{
    /// <summary>On a quorum's disks for good.</summary>
    Committed,

    /// <summary>Not taken: this node does not lead the stream.</summary>
    NotLeader,

    /// <summary>Not taken: too much is under way.</summary>
    Overloaded,

    /// <summary>May or may not become committed: the leader changed or the node stopped in between.</summary>
    OutcomeUnknown,

    /// <summary>Not taken: the write itself cannot be accepted.</summary>
    Refused,
}
