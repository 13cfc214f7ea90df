namespace RaftActors.Protocol;

/// <summary>Why a peer gets no entries for a while, and how fast it is. Heartbeats go on in any case.</summary>
internal sealed class PeerFlow
{
    private bool _readsHeld;
    private ulong _busyToken;
    private TimeSpan? _pausedUntil;
    private LogIndex _sampled;
    private TimeSpan _sampledAt;
    private bool _wasBehind;
    private LogIndex _lastBefore;
    private LogIndex _lastBeforeThat;

    /// <summary>Reads for it that failed in a row.</summary>
    public int FailedReads { get; set; }

    /// <summary>It has more to apply than it may, and has said so.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>An operator has stopped its replication.</summary>
    public bool IsPaused => _pausedUntil is not null;

    /// <summary>It gets no entries now.</summary>
    public bool IsHeld => _readsHeld || IsBusy || IsPaused;

    /// <summary>What its state machine has applied, as far as it has said.</summary>
    public LogIndex Applied { get; private set; }

    /// <summary>Entries that it applies in a second, measured while it is behind; null while it keeps up.</summary>
    public double? Rate { get; private set; }

    /// <summary>When its log or its state machine last went forward, or had nothing to do.</summary>
    public TimeSpan MovedAt { get; set; }

    /// <summary>It counts for the pace of the stream: it was within the bounds, and has been healthy since.</summary>
    public bool IsPaced { get; set; }

    /// <summary>It counts for a full consensus: it was healthy at every look since it last had everything committed, or since the leader took office.</summary>
    public bool IsWaitedFor { get; set; }

    /// <summary>A quorum can do without it: it gets its entries in larger portions (<see cref="RaftOptions.SpareAppendsBelow"/>).</summary>
    public bool IsSpared { get; set; }

    /// <summary>Up to here nothing is kept back from it any more, however many appends it takes.</summary>
    public LogIndex OwedUpTo { get; set; }

    /// <summary>The journal could not be read: not again before the next heartbeat.</summary>
    public void HoldReads() => _readsHeld = true;

    /// <summary>No entries before <paramref name="until"/>.</summary>
    public void Pause(TimeSpan until) => _pausedUntil = until;

    /// <summary>Entries again.</summary>
    public void Resume() => _pausedUntil = null;

    /// <summary>It has said how it is. Answers may overtake each other: the newest counts.</summary>
    public void Heard(AppendEntriesReply reply, TimeSpan now)
    {
        if (reply.Applied > Applied)
        {
            Applied = reply.Applied;
            MovedAt = now;
        }

        if (reply.Token >= _busyToken)
        {
            _busyToken = reply.Token;
            IsBusy = reply.Busy;
        }
    }

    /// <summary>A heartbeat is due.</summary>
    /// <returns>True when the peer may get entries again that it could not get before.</returns>
    public bool Release(TimeSpan now)
    {
        bool wasHeld = IsHeld;
        _readsHeld = false;
        if (_pausedUntil <= now)
        {
            _pausedUntil = null;
        }

        return wasHeld && !IsHeld;
    }

    /// <summary>
    /// With each heartbeat: measures how fast it applies. Behind is who has not applied what the log held two heartbeats ago; what is younger may be applied, and the leader does not know it yet.
    /// </summary>
    /// <param name="match">What it has on disk.</param>
    /// <param name="last">The end of the leader's log.</param>
    /// <param name="now">The time.</param>
    public void Measure(LogIndex match, LogIndex last, TimeSpan now)
    {
        bool isBehind = Applied < _lastBeforeThat && Applied > LogIndex.Zero;
        if (isBehind && _wasBehind && now > _sampledAt)
        {
            double rate = (Applied - _sampled) / (now - _sampledAt).TotalSeconds;
            Rate = Rate is { } before ? (before + rate) / 2 : rate;
        }

        else if (!isBehind)
        {
            Rate = null;
        }

        if (!isBehind && match == last)
        {
            MovedAt = now;
        }

        _lastBeforeThat = _lastBefore;
        _lastBefore = last;
        _wasBehind = isBehind;
        _sampled = Applied;
        _sampledAt = now;
    }
}
