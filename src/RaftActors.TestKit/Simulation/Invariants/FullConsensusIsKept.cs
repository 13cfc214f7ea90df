using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// With full consensus, whatever a leader commits is at that moment on the disk of every voter that it waits for: that answered within an election timeout and has not been found slow, paused, unreachable
/// or in need of a snapshot.
/// </summary>
public sealed class FullConsensusIsKept : IClusterInvariant
{
    private readonly Dictionary<NodeId, (int Run, LogIndex Commit)> _seen = [];

    /// <inheritdoc/>
    public void OnStepped(SimulatedMember member)
    {
        RaftCore core = member.Core!;
        (int run, LogIndex seen) = _seen.GetValueOrDefault(member.Id);
        _seen[member.Id] = (member.Run, core.CommitIndex);
        bool hasCommitted = run == member.Run && core.CommitIndex > seen;
        if (!hasCommitted || !member.IsLeader || !core.Options.FullConsensus)
        {
            return;
        }

        Term term = core.TermAt(core.CommitIndex)!.Value;
        foreach (PeerStatus peer in core.Peers.Where(p => p.IsWaitedFor && core.Membership.IsVoter(p.Id)))
        {
            // The step that committed may have brought the next membership, with voters that have nothing yet.
            bool wasVoter = core.MembershipIndex <= core.CommitIndex || core.MembershipAt(core.MembershipIndex.Previous).IsVoter(peer.Id);
            bool answers = core.Now - peer.LastHeard < core.Options.ElectionTimeoutMin;
            if (wasVoter && answers && !member.Cluster[peer.Id.Value].HoldsOrHeld(core.CommitIndex, term))
            {
                throw new InvariantBrokenException($"leader {member.Id} committed {term}:{core.CommitIndex}; member {peer.Id} is healthy and does not have it on disk");
            }
        }
    }
}
