namespace RaftActors.Protocol;

/// <summary>
/// When a follower has waited long enough (Raft paper section 5.2). The timer is not restarted with every message of the
/// leader, which would cost an effect each; when it runs out, it is set again for what is left since the last one.
/// </summary>
internal sealed class ElectionClock
{
    private readonly RaftOptions _options;
    private readonly Timers _timers;
    private readonly SeededRandom _random;
    private TimeSpan _since;
    private TimeSpan _timeout;

    public ElectionClock(RaftOptions options, Timers timers, SeededRandom random)
    {
        _options = options;
        _timers = timers;
        _random = random;
    }

    /// <summary>A new wait of random length begins.</summary>
    public void Restart(TimeSpan now)
    {
        _since = now;
        _timeout = RandomTimeout();
        _timers.Start(RaftTimer.Election, _timeout);
    }

    /// <summary>The leader was heard: the wait begins again, without touching the timer.</summary>
    public void HeardLeader(TimeSpan now) => _since = now;

    /// <summary>Nobody waits for an election.</summary>
    public void Stop() => _timers.Stop(RaftTimer.Election);

    /// <summary>The timer ran out. True when the wait is really over; otherwise it is set for the rest.</summary>
    public bool IsDue(TimeSpan now)
    {
        TimeSpan rest = _since + _timeout - now;
        if (rest <= TimeSpan.Zero)
        {
            return true;
        }

        _timers.Start(RaftTimer.Election, rest);
        return false;
    }

    /// <summary>A round of votes takes at most this long; random too, so that two candidates part (Raft paper section 5.2).</summary>
    public void StartVoteTimer() => _timers.Start(RaftTimer.Vote, RandomTimeout());

    /// <summary>The round is over.</summary>
    public void StopVoteTimer() => _timers.Stop(RaftTimer.Vote);

    private TimeSpan RandomTimeout() => _random.Between(_options.ElectionTimeoutMin, _options.ElectionTimeoutMax);
}
