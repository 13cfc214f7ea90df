namespace RaftActors.Protocol;

// Full consensus among healthy members (NuRaft: use_full_consensus_among_healthy_members). Safe by construction: what a quorum has is still the upper bound, this only lowers it.
internal sealed partial class LeaderReplication
{
    /// <summary>Options have changed that may change at any time.</summary>
    public void OnTuned()
    {
        if (_state.Leadership is not { } leadership)
        {
            return;
        }

        foreach (PeerProgress peer in leadership.Peers)
        {
            peer.Flow.IsWaitedFor = IsReachable(peer);
        }

        leadership.WaitsForItself = true;
        leadership.HeldBack = null;
        TryCommit();
    }

    /// <summary>What may be committed of what a quorum has: as much as every voter that is waited for has on disk, this leader included.</summary>
    private LogIndex HeldByAllWaitedFor(Leadership leadership, LogIndex quorum)
    {
        if (!_state.Options.FullConsensus)
        {
            return quorum;
        }

#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.FullConsensusOfQuorum)
        {
            return quorum;
        }

        LogIndex all = Mutants.Active == Mutant.FullConsensusWithoutQuorum ? _state.Log.DurableIndex : quorum;
#else
        LogIndex all = quorum;
#endif
        if (leadership.WaitsForItself && _state.Membership.IsVoter(_state.Self))
        {
            all = LogIndex.Min(all, _state.Log.DurableIndex);
        }

        foreach (PeerProgress peer in leadership.Peers)
        {
            if (peer.Flow.IsWaitedFor && IsReachable(peer) && _state.Membership.IsVoter(peer.Id))
            {
                all = LogIndex.Min(all, peer.Match);
            }
        }

        return all;
    }

    /// <summary>
    /// With each heartbeat: who is no longer healthy is not waited for, nor who has held a commit back for an election timeout, whatever it answers. Whoever has come back is waited for again as soon as it has
    /// what was committed a heartbeat ago: so that waiting for it does not begin with waiting until it has caught up.
    /// </summary>
    private void ReviewConsensus(Leadership leadership)
    {
        if (!_state.Options.FullConsensus)
        {
            return;
        }

        foreach (PeerProgress peer in leadership.Peers)
        {
            bool hasCaughtUp = peer.State == PeerState.Replicating && peer.Match >= leadership.CommittedBefore;
            peer.Flow.IsWaitedFor = IsReachable(peer) && (peer.Flow.IsWaitedFor || hasCaughtUp);
        }

        leadership.WaitsForItself |= _state.Log.DurableIndex >= leadership.CommittedBefore;
        LogIndex possible = CommitRule.Advance(_state.Log, _state.Term, _state.CommitIndex, HighestOnDisks(QuorumKind.Commit));
        if (leadership.HeldBack is not { } held || held.Index <= _state.CommitIndex)
        {
            leadership.HeldBack = possible > _state.CommitIndex ? (possible, _state.Now) : null;
        }
        else if (_state.Now - held.Since >= _state.Options.ElectionTimeoutMin)
        {
            foreach (PeerProgress peer in leadership.Peers)
            {
                peer.Flow.IsWaitedFor &= peer.Match >= held.Index;
            }

            leadership.WaitsForItself &= _state.Log.DurableIndex >= held.Index;
            leadership.HeldBack = null;
        }

        TryCommit();
        leadership.CommittedBefore = _state.CommitIndex;
    }

    /// <summary>It answers, and gets entries.</summary>
    private bool IsReachable(PeerProgress peer) => peer.MayBeWaitedFor && _state.Now - peer.LastHeard < _state.Options.ElectionTimeoutMin;
}
