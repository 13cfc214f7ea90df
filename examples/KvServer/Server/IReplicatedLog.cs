namespace KvServer.Server;

/// <summary>What the server needs of a stream. The tests of the protocol put a log in memory behind it.</summary>
internal interface IReplicatedLog : IClusterMembers
{
    /// <summary>Puts an entry into the log. Calls made one after the other get into the log in that order, or not at all.</summary>
    Task<WriteOutcome> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken cancellation);

    /// <summary>The same for a command of a client's session: applied once at the most, however often it is proposed and through whichever node; a repetition gets the first result.</summary>
    Task<WriteOutcome> ProposeOnceAsync(ReadOnlyMemory<byte> entry, ulong session, ulong serial, CancellationToken cancellation);

    /// <summary>Opens a session (its id is the outcome's index), or when <paramref name="session"/> is given, keeps or closes it.</summary>
    Task<WriteOutcome> SessionAsync(ulong session, bool close, TimeSpan? timeout, CancellationToken cancellation);

    /// <summary>Completes when the local state is fresh enough for a read that was asked for before the call.</summary>
    Task<ReadOutcome> ReadBarrierAsync(ReadLevel level, CancellationToken cancellation);

    /// <summary>One JSON object on one line: the stream as this member sees it.</summary>
    Task<string> GetStatusAsync(CancellationToken cancellation);

    /// <summary>Takes a snapshot of this member's state now: the index that it covers, or the reason why there is none.</summary>
    Task<(long Index, string? Reason)> TakeSnapshotAsync(CancellationToken cancellation);

    /// <summary>The leader as this member knows it; id 0 when it knows of none.</summary>
    Task<(int Id, string Address)> GetLeaderAsync(CancellationToken cancellation);
}

/// <summary>What may be concluded about a write.</summary>
internal enum WriteOutcomeKind
{
    /// <summary>In the log for good.</summary>
    Committed,

    /// <summary>Not executed: there is no leader that would take it. May be tried again.</summary>
    NoLeader,

    /// <summary>Not executed: too much is under way. May be tried again later.</summary>
    Overloaded,

    /// <summary>Not executed: larger than the stream takes.</summary>
    TooLarge,

    /// <summary>Not executed: the stream is stopping.</summary>
    Stopping,

    /// <summary>Not executed, for the reason given.</summary>
    Refused,

    /// <summary>Not executed by this attempt: the session is gone, or remembers only higher serials.</summary>
    NoSession,

    /// <summary>Executed once, by an earlier attempt, whose result is not kept any more.</summary>
    Forgotten,

    /// <summary>Executed or not, now or later: nobody can say.</summary>
    Unknown,
}

/// <summary>What came of a write.</summary>
/// <param name="Kind">What may be concluded.</param>
/// <param name="Index">Committed: where it stands in the log.</param>
/// <param name="Result">Committed: what the state machine answered.</param>
/// <param name="Reason">Otherwise: why.</param>
internal readonly record struct WriteOutcome(WriteOutcomeKind Kind, long Index, ReadOnlyMemory<byte> Result, string Reason)
{
    public static WriteOutcome Committed(long index, ReadOnlyMemory<byte> result) => new(WriteOutcomeKind.Committed, index, result, "");

    public static WriteOutcome Not(WriteOutcomeKind kind, string reason) => new(kind, 0, default, reason);
}

/// <summary>What came of a read barrier.</summary>
/// <param name="Succeeded">The local state may be read.</param>
/// <param name="MayRetry">It failed for want of a leader, and another attempt may do better.</param>
/// <param name="Reason">Why it failed.</param>
internal readonly record struct ReadOutcome(bool Succeeded, bool MayRetry, string Reason);

/// <summary>How fresh a read must be.</summary>
internal enum ReadLevel
{
    /// <summary>Sees every write that was answered before the read was asked for.</summary>
    Linearizable,

    /// <summary>The same, by the leader's lease instead of a round of messages, where it has one.</summary>
    Lease,

    /// <summary>Whatever this member has applied, and the connection's own writes.</summary>
    Stale,
}
