namespace RaftActors.Protocol;

/// <summary>
/// What a leader knows about one peer's log, and how it feeds it. Exists only while the leader leads.
/// </summary>
/// <remarks>
/// <code>
///            accepted                        refused, lost, unreachable, stalled
///  Probing -----------> Replicating          Replicating ------------------------> Probing
///
///                      Next is not in the log                       installed
///  Probing, Replicating ---------------------> InstallingSnapshot -----------> Replicating
///                                              unreachable, not sent: Probing
/// </code>
/// Probing sends one append and waits for its answer or the next heartbeat. Replicating moves <see cref="Next"/> on as it
/// sends. <see cref="Match"/> is what the peer has promised to have on disk and only ever rises.
/// </remarks>
internal sealed class PeerProgress
{
    private ulong _probingSince;
    private TimeSpan _progressAt;

    public PeerProgress(NodeId id, LogIndex next, ulong nextToken, TimeSpan now, RaftOptions options)
    {
        Id = id;
        Next = next;
        LastHeard = now;
        Flow.MovedAt = now;
        _probingSince = nextToken;
        FirstToken = nextToken;
        InFlight = new InFlightWindow(options.MaxInFlightAppends, options.MaxInFlightBytes);
    }

    public NodeId Id { get; }

    public PeerState State { get; private set; }

    /// <summary>The last index that the peer has on its disk as the leader has it (Raft paper, figure 2: matchIndex).</summary>
    public LogIndex Match { get; private set; }

    /// <summary>The next index to send (Raft paper, figure 2: nextIndex).</summary>
    public LogIndex Next { get; private set; }

    /// <summary>The newest token that the peer has answered in this term. It covers all lower ones.</summary>
    public ulong AnsweredToken { get; private set; }

    /// <summary>When the peer last answered.</summary>
    public TimeSpan LastHeard { get; private set; }

    /// <summary>The commit index that the peer can know from what it was sent.</summary>
    public LogIndex CommitSent { get; private set; }

    /// <summary>Probing only: a probe is under way; the next one waits for its answer or the heartbeat.</summary>
    public bool ProbeIsOut { get; private set; }

    public InFlightWindow InFlight { get; }

    /// <summary>How fast the network to it is.</summary>
    public RoundTrip RoundTrip { get; } = new();

    /// <summary>Why it gets no entries for a while.</summary>
    public PeerFlow Flow { get; } = new();

    /// <summary>Installing only: the last entry of the snapshot that the peer gets.</summary>
    public EntryId Installing { get; private set; }

    /// <summary>The peer gets a snapshot; nothing else until it has it.</summary>
    public void BecomeInstalling(EntryId snapshot)
    {
        State = PeerState.InstallingSnapshot;
        Installing = snapshot;
        IsBehindSnapshot = true;
        ProbeIsOut = false;
        InFlight.Clear();
    }

    /// <summary>The peer gets a snapshot, or has got one and what follows it from the log, and is not yet where the others are.</summary>
    public bool IsBehindSnapshot { get; private set; }

    /// <summary>The log must not begin behind this, or the peer begins again with another snapshot.</summary>
    public LogIndex NeedsBehind => State == PeerState.InstallingSnapshot ? Installing.Index : Match;

    /// <summary>The reserve of the log is enough for it from now on.</summary>
    public void HasCaughtUp() => IsBehindSnapshot = false;

    /// <summary>Installing only: the peer has what it needed.</summary>
    public void EndInstalling()
    {
        Invariant.That(State == PeerState.InstallingSnapshot, "Only an installation can end.");
        State = PeerState.Replicating;
        Next = Match.Next;
    }

    /// <summary>Answers to older tokens are those of a former stay in the stream.</summary>
    public ulong FirstToken { get; }

    /// <summary>Who answers is not who belongs to the stream (<see cref="Introductions"/>): it is not fed.</summary>
    public bool IsAnotherIncarnation { get; set; }

    /// <summary>Nothing is known that keeps it from having what the others have, as long as it answers.</summary>
    public bool MayBeWaitedFor => State != PeerState.InstallingSnapshot && !Flow.IsPaused && !IsLeaving && !IsAnotherIncarnation;

    /// <summary>The peer was removed; it is fed only so that it learns it.</summary>
    public bool IsLeaving => LeavesAt is not null;

    /// <summary>When that ends at the latest.</summary>
    public TimeSpan? LeavesAt { get; private set; }

    /// <summary>The peer was removed.</summary>
    public void Leave(TimeSpan at)
    {
        LeavesAt ??= at;
        Flow.Resume();
    }

    /// <summary>The peer has answered, whatever it said.</summary>
    public void Heard(ulong token, TimeSpan now)
    {
        LastHeard = now;
        AnsweredToken = Math.Max(AnsweredToken, token);
        RoundTrip.Answered(token, now);
    }

    /// <summary>
    /// The peer's log matches up to <paramref name="current"/>, on its disk. Replies may come late, twice or out of order:
    /// what they say stays true, so only the highest counts.
    /// </summary>
    public void Acknowledged(ulong token, LogIndex current, TimeSpan now)
    {
        if (current > Match)
        {
            Match = current;
            Next = LogIndex.Max(Next, current.Next);
            InFlight.FreeUpTo(current, now);
            _progressAt = now;
            Flow.MovedAt = now;
        }

        if (State == PeerState.Probing && token >= _probingSince)
        {
            State = PeerState.Replicating;
            Next = Match.Next;
            ProbeIsOut = false;
        }
    }

    /// <summary>True when a refusal is about what is being tried now, not about something given up already.</summary>
    public bool IsCurrent(ulong token) => token >= _probingSince;

    /// <summary>
    /// Try again from <paramref name="next"/>. Refusals of what was sent up to now, before <paramref name="nextToken"/>, no longer say anything.
    /// </summary>
    public void BecomeProbing(LogIndex next, ulong nextToken)
    {
        Invariant.That(next > Match, "A leader would send again what the peer has acknowledged.");
        State = PeerState.Probing;
        Next = next;
        ProbeIsOut = false;
        _probingSince = nextToken;
        InFlight.Clear();
    }

    /// <summary>A probe has left, or must not leave before the next heartbeat.</summary>
    public void HoldProbes() => ProbeIsOut = true;

    /// <summary>Replicating only: an append has left.</summary>
    public void Sent(LogIndex last, long bytes, TimeSpan now)
    {
        Invariant.That(State == PeerState.Replicating, "Only a replicating peer is sent appends without waiting.");
        if (InFlight.Count == 0)
        {
            _progressAt = now;
        }

        InFlight.Add(last, bytes, now);
        Next = last.Next;
    }

    /// <summary>What was sent lets the peer know this commit index.</summary>
    public void SentCommit(LogIndex commit) => CommitSent = LogIndex.Max(CommitSent, commit);

    /// <summary>True when nothing under way was acknowledged for <paramref name="patience"/>: an append or its answers are lost.</summary>
    public bool IsStalled(TimeSpan now, TimeSpan patience) => InFlight.Count > 0 && now - _progressAt >= patience;

    public PeerStatus ToStatus() => new(Id, IsAnotherIncarnation ? PeerState.AnotherIncarnation : State, Match, Next, InFlight.Count, InFlight.Bytes, LastHeard, Flow.Applied, Flow.IsBusy, Flow.IsPaused, Flow.IsWaitedFor && MayBeWaitedFor);
}
