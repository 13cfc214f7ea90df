namespace RaftActors.Protocol;

/// <summary>How far a future voter is.</summary>
internal enum CatchUpState : byte
{
    /// <summary>It gets entries.</summary>
    Behind = 0,

    /// <summary>It may have a vote: the stream will not wait for it longer than for others.</summary>
    Done = 1,

    /// <summary>It is dead, too slow, or its address is wrong.</summary>
    Failed = 2,
}

/// <summary>
/// Watches a future voter catch up, in rounds: each ends when the member has everything that the log held at the round's beginning. A round within an election
/// timeout is short enough; so is a small rest. The number of rounds is bounded, and so is the time without progress (thesis section 4.2.1).
/// </summary>
internal sealed class CatchUp
{
    private LogIndex _target;
    private LogIndex _match;
    private TimeSpan _roundSince;
    private TimeSpan _progressAt;
    private int _round = 1;

    public CatchUp(NodeId id, LogIndex target, TimeSpan now)
    {
        Id = id;
        _target = target;
        _roundSince = now;
        _progressAt = now;
    }

    public NodeId Id { get; }

    /// <summary>Looks again.</summary>
    /// <param name="match">What the member has on disk.</param>
    /// <param name="last">The end of the leader's log.</param>
    /// <param name="now">The time.</param>
    /// <param name="options">The bounds.</param>
    public CatchUpState Look(LogIndex match, LogIndex last, TimeSpan now, RaftOptions options)
    {
        if (match > _match)
        {
            _match = match;
            _progressAt = now;
        }

        if (match < _target || match == LogIndex.Zero)
        {
            return now - _progressAt >= options.CatchUpTimeout ? CatchUpState.Failed : CatchUpState.Behind;
        }

        if (now - _roundSince < options.ElectionTimeoutMin || last - match <= options.CatchUpMargin)
        {
            return CatchUpState.Done;
        }

        if (_round == options.CatchUpRounds)
        {
            return CatchUpState.Failed;
        }

        _round++;
        _roundSince = now;
        _target = last;
        return CatchUpState.Behind;
    }
}
