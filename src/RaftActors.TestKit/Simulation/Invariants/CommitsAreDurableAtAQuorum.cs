using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Whatever a leader takes for committed is on the disks of a commit quorum at that moment, in each required group too, and the newest committed entry of a
/// leader is of its own term (Raft paper sections 5.3 and 5.4.2).
/// </summary>
public sealed class CommitsAreDurableAtAQuorum : IClusterInvariant
{
    private readonly Dictionary<NodeId, (int Run, LogIndex Commit)> _seen = [];
    private CoreCluster? _cluster;

    /// <inheritdoc/>
    public void OnStepped(SimulatedMember member)
    {
        RaftCore core = member.Core!;
        (int run, LogIndex seen) = _seen.GetValueOrDefault(member.Id);
        if (run == member.Run && core.CommitIndex == seen)
        {
            return;
        }

        _seen[member.Id] = (member.Run, core.CommitIndex);
        if (!member.IsLeader || core.CommitIndex == LogIndex.Zero)
        {
            return;
        }

        _cluster ??= member.Cluster;
        Term term = core.TermAt(core.CommitIndex)!.Value;
        if (term != core.Term && core.CommitIndex > seen)
        {
            throw new InvariantBrokenException($"leader {member.Id} of term {core.Term} committed entry {term}:{core.CommitIndex} of an earlier term by counting");
        }

        // The step that committed may also have appended the next membership; the commit was one of the former.
        StreamMembership now = core.Membership;
        StreamMembership before = core.MembershipAt(core.MembershipIndex.Previous);
        if (!IsHeldByQuorum(now) && !(core.MembershipIndex > core.CommitIndex && IsHeldByQuorum(before)))
        {
            throw new InvariantBrokenException($"leader {member.Id} committed {term}:{core.CommitIndex}; no quorum of {string.Join(',', now.Voters)} / {string.Join(',', now.OutgoingVoters)} has it on disk");
        }

        bool IsHeldByQuorum(StreamMembership membership) =>
            Holds(membership.Members, membership.Quorum) && (!membership.IsJoint || Holds(membership.Outgoing, membership.OutgoingQuorum));

        bool Holds(IEnumerable<Member> members, QuorumRule rule)
        {
            Member[] voters = [.. members.Where(m => m.Kind != MemberKind.Learner)];
            Member[] holders = [.. voters.Where(m => _cluster[m.Id.Value].HoldsOrHeld(core.CommitIndex, term))];
            int needed = rule.Commit == 0 ? (voters.Length / 2) + 1 : rule.Commit;
            return holders.Length >= needed && rule.RequiredGroups.All(group => holders.Any(m => m.Group == group));
        }
    }
}
