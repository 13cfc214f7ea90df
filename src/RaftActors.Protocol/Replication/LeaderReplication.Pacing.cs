namespace RaftActors.Protocol;

// Flow control of the whole stream (DCF: DN_FLOW_CONTROL_RPO and DN_FLOW_CONTROL_RTO): the leader takes in no more than its own state machine and the slowest healthy member can keep up with.
internal sealed partial class LeaderReplication
{
    private bool IsPaced => _state.Options.PaceLagEntries > 0 || _state.Options.PaceLagBytes > 0 || _state.Options.PaceApplyTime > TimeSpan.Zero;

    /// <summary>Why a leader takes in nothing now, although its log has room; null when it does.</summary>
    private ProposalRefusal? WhyTooFast(out string? reason)
    {
        reason = null;
        if (_state.IsApplyQueueFull)
        {
            long behind = Math.Max(0, _state.CommitIndex - _state.Log.DurableIndex);
            reason = $"the state machine has {_state.CommitIndex - _state.AppliedIndex} committed entries to apply, and this member's disk lacks {behind} (max-unapplied-entries, max-unapplied-bytes)";
        }
        else if (IsPaced)
        {
            foreach (PeerProgress peer in _state.Leadership!.Peers)
            {
                string? behind = WhyBehind(peer);
                if (behind is not null && peer.Flow.IsPaced && IsHealthy(peer))
                {
                    reason = behind;
                    break;
                }

                peer.Flow.IsPaced = behind is null && IsHealthy(peer);
            }
        }

        return reason is null ? null : ProposalRefusal.Overloaded;
    }

    /// <summary>
    /// Waiting for a member has an end: one that is silent, paused, being restored or that does not move at all keeps nobody waiting. When it comes back it counts from the moment on at
    /// which it has caught up.
    /// </summary>
    private bool IsHealthy(PeerProgress peer) =>
        peer.State != PeerState.InstallingSnapshot
        && !peer.Flow.IsPaused
        && !peer.IsLeaving
        && _state.Now - peer.LastHeard < _state.Options.ElectionTimeoutMin
        && _state.Now - peer.Flow.MovedAt < 2 * _state.Options.ElectionTimeoutMax;

    private string? WhyBehind(PeerProgress peer)
    {
        RaftOptions options = _state.Options;
        long entries = _state.Log.Last.Index - peer.Match;
        if (options.PaceLagEntries > 0 && entries >= options.PaceLagEntries)
        {
            return $"member {peer.Id} is {entries} entries behind (pace-lag-entries)";
        }

        if (options.PaceLagBytes > 0 && _state.Log.BytesBehind(peer.Match) is long bytes && bytes >= options.PaceLagBytes)
        {
            return $"member {peer.Id} is {bytes} bytes behind (pace-lag-bytes)";
        }

        if (options.PaceApplyTime > TimeSpan.Zero && peer.Flow.Rate is { } rate && peer.Flow.Applied < _state.Log.Last.Index)
        {
            double seconds = (_state.Log.Last.Index - peer.Flow.Applied) / rate;
            if (seconds >= options.PaceApplyTime.TotalSeconds)
            {
                return $"member {peer.Id} would need {seconds:0.0} s to apply what it lacks (pace-apply-time)";
            }
        }

        return null;
    }
}
