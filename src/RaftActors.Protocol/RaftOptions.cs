namespace RaftActors.Protocol;

/// <summary>What a core needs to know besides what the journal holds. Immutable.</summary>
public sealed record RaftOptions
{
    /// <summary>This member.</summary>
    public required NodeId Self { get; init; }

    /// <summary>The members of the stream at its first start.</summary>
    public required StreamMembership Membership { get; init; }

    /// <summary>The shortest time without a leader before a member asks for an election. Above the heartbeat interval.</summary>
    public TimeSpan ElectionTimeoutMin { get; init; } = TimeSpan.FromMilliseconds(1000);

    /// <summary>The longest; each wait is drawn evenly between the two (Raft paper section 5.2).</summary>
    public TimeSpan ElectionTimeoutMax { get; init; } = TimeSpan.FromMilliseconds(2000);

    /// <summary>How often an idle leader speaks.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Ask for pre-votes before raising the term (thesis section 9.6).</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>A leader that has not heard a quorum for an election timeout steps down (thesis section 6.2).</summary>
    public bool CheckQuorum { get; init; } = true;

    /// <summary>Bytes of entries in one append message, at the most, unless a single batch is larger.</summary>
    public int MaxAppendBytes { get; init; } = 1 << 20;

    /// <summary>Append messages to one peer that may wait for their answer.</summary>
    public int MaxInFlightAppends { get; init; } = 64;

    /// <summary>Bytes of entries to one peer that may wait for their answer.</summary>
    public long MaxInFlightBytes { get; init; } = 16 << 20;

    /// <summary>Entries that a leader takes in before the oldest of them is committed; above it, proposals are refused as overloaded.</summary>
    public int MaxUncommittedEntries { get; init; } = 100_000;

    /// <summary>The same in bytes.</summary>
    public long MaxUncommittedBytes { get; init; } = 64 << 20;

    /// <summary>The seed of the core's only randomness, the election timeouts. Members of a stream should differ.</summary>
    public ulong RandomSeed { get; init; }
}
