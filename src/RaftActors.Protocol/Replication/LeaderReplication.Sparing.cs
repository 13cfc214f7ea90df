namespace RaftActors.Protocol;

// Peers that a quorum can do without are spared: they get their entries in larger portions (Moraru, Andersen, Kaminsky: There is more consensus in egalitarian parliaments, SOSP 2013, "thrifty"). Who is asked
// for its answer at once is prompt. Whether an entry is committed is counted as ever; this decides only when it is sent.
internal sealed partial class LeaderReplication
{
    /// <summary>So many batches must fit into a portion, or little is gained by making one of them: it is a copy, and the prompt peers share one.</summary>
    private const int LeastBatches = 6;

    private bool _keepsNothingBack;

    /// <summary>How long anything is kept back, and how long a prompt peer may take for its answer.</summary>
    private TimeSpan SparePatience => TimeSpan.FromTicks(Math.Min(_state.Options.SpareAppendsFor.Ticks, _state.Options.HeartbeatInterval.Ticks));

    /// <summary>Something has been kept back for long enough: everybody gets what it lacks. Where a prompt peer is overdue, another one takes its place.</summary>
    public void OnSparedDue()
    {
        Leadership leadership = _state.Leadership!;
        if (!IsQuorumPrompt(leadership))
        {
            ReviewSpared(leadership);
        }

        foreach (PeerProgress peer in leadership.Peers)
        {
            SendKept(leadership, peer);
        }
    }

    /// <summary>
    /// Called at the end of every step of a leader. Whatever the step was, a peer that may not be spared any more has what was kept back from it in the same step.
    /// </summary>
    public void ContinueSparing(Leadership leadership)
    {
        if (_state.Timers.IsRunning(RaftTimer.Spared))
        {
            SendLate(leadership);
        }
    }

    /// <summary>Somebody waits for this peer: it gets what was kept back from it.</summary>
    public void SendKept(Leadership leadership, PeerProgress peer)
    {
        if (_state.Options.SpareAppendsBelow > 0 && peer.State == PeerState.Replicating)
        {
            peer.Flow.OwedUpTo = _state.Log.Last.Index;
            _keepsNothingBack = true;
            SendAppends(leadership, peer);
            _keepsNothingBack = false;
        }
    }

    /// <summary>
    /// With each heartbeat, and when a prompt peer is overdue: chooses who is spared. Somebody stays spared until it answers in less than half of the time of one that is not; whoever is overdue is spared first.
    /// </summary>
    private void ReviewSpared(Leadership leadership)
    {
        if (_state.Options.SpareAppendsBelow == 0)
        {
            return;
        }

        int ownPriority = _state.Membership.Find(_state.Self)?.Priority ?? 0;
        PeerProgress[] leastWanted =
            [.. leadership.Peers.ToArray().OrderByDescending(p => IsPrompt(p) ? p.InFlight.AnswerTime.Ticks * (p.Flow.IsSpared ? 2 : 1) : long.MaxValue).ThenByDescending(p => p.Flow.IsSpared).ThenByDescending(p => p.Id)];
        foreach (PeerProgress peer in leastWanted)
        {
            peer.Flow.IsSpared = false;
        }

        foreach (PeerProgress peer in leastWanted)
        {
            // One that is to lead in place of this member is to be as far as this one.
            bool isWanted = peer.IsLeaving || _state.Membership.Find(peer.Id)?.Priority > ownPriority;
            peer.Flow.IsSpared = !isWanted;
            peer.Flow.IsSpared = !isWanted && IsQuorumPrompt(leadership);
        }
    }

    /// <summary>What the peer lacks is kept back: it is little, and nothing depends on it.</summary>
    private bool IsSpared(Leadership leadership, PeerProgress peer)
    {
        if (!peer.Flow.IsSpared || peer.Next <= peer.Flow.OwedUpTo)
        {
            return false;
        }

        bool isSpared = !peer.IsLeaving
            && IsNear(peer)
            && _state.Log.BytesBehind(peer.Next.Previous) < _state.Options.SpareAppendsBelow
            && _state.Log.BatchAt(_state.Log.Last.Index) is { } newest && newest.Encoded.Length * (long)LeastBatches <= _state.Options.SpareAppendsBelow
            && MaySpare(leadership)
            && IsQuorumPrompt(leadership);
        if (!isSpared)
        {
            peer.Flow.OwedUpTo = _state.Log.Last.Index;
        }
        else if (!_state.Timers.IsRunning(RaftTimer.Spared))
        {
            _state.Timers.Start(RaftTimer.Spared, SparePatience);
        }

        return isSpared;
    }

    /// <summary>No while a commit needs everybody, the slowest sets the pace, the office is handed over, or who belongs to the stream is about to change.</summary>
    private bool MaySpare(Leadership leadership) =>
        !_state.Options.FullConsensus
        && !IsPaced
        && leadership.Transfer is null
        && leadership.Change is null
        && !_state.Membership.IsJoint
        && _state.CommitIndex >= leadership.NoOp
        && _state.CommitIndex >= _state.Memberships.CurrentIndex;

    /// <summary>
    /// Those that are prompt and not spared are enough to commit. The leader's own disk counts with them when clients' answers wait for it in any case: with <see cref="RaftOptions.ApplyBeforeOwnDisk"/> they do not.
    /// </summary>
    private bool IsQuorumPrompt(Leadership leadership) =>
        JointQuorum.HighestReached(_state.Membership, QuorumKind.Commit, (Replication: this, leadership), static (leader, id) =>
            id == leader.Replication._state.Self ? (leader.Replication._state.Options.ApplyBeforeOwnDisk ? 0 : 1)
            : leader.leadership.Find(id) is { Flow.IsSpared: false } peer && leader.Replication.IsPrompt(peer) ? 1 : 0) > 0;

    /// <summary>It gets entries as they come, and has answered in time so far.</summary>
    private bool IsPrompt(PeerProgress peer) =>
        peer.State == PeerState.Replicating
        && !peer.IsLeaving
        && !peer.Flow.IsHeld
        && IsNear(peer)
        && (peer.InFlight.HasRoom || peer.Next > _state.Log.Last.Index)
        && peer.Next >= _state.Log.FirstInMemory
        && !(peer.InFlight.OldestAt is { } sent && _state.Now - sent >= SparePatience);

    private bool IsNear(PeerProgress peer) => peer.RoundTrip.Estimate <= _state.Options.CoalesceAppendsRoundTrip;
}
