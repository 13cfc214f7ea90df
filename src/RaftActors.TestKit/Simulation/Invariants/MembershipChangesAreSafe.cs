using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// A leader changes one vote at a time or goes through a joint membership (thesis sections 4.1 and 4.3), begins only when the membership before is committed and an entry of
/// its own term too, and who may not lead does not lead in the end (section 4.2.2).
/// </summary>
public sealed class MembershipChangesAreSafe : IClusterInvariant
{
    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        RaftCore core = member.Core!;
        bool isOfLeader = effect is Effect.MembershipChanged && member.IsLeader;
        if (!isOfLeader)
        {
            return;
        }

        Effect.MembershipChanged change = (Effect.MembershipChanged)effect;
        StreamMembership now = change.Membership;
        StreamMembership before = core.MembershipAt(change.Index.Previous);
        string what = $"leader {member.Id} of term {core.Term} changes {Describe(before)} to {Describe(now)} at {change.Index}";
        if (core.TermAt(core.CommitIndex) != core.Term)
        {
            throw new InvariantBrokenException($"{what}, having committed no entry of its own term");
        }

        bool isAllowed = (before.IsJoint, now.IsJoint) switch
        {
            (false, false) => before.Voters.Except(now.Voters).Count() + now.Voters.Except(before.Voters).Count() <= 1,
            (false, true) => now.OutgoingVoters.ToHashSet().SetEquals(before.Voters),
            (true, false) => now.Voters.ToHashSet().SetEquals(before.Voters),
            (true, true) => false,
        };
        if (!isAllowed || now.Voters.IsEmpty)
        {
            throw new InvariantBrokenException(what);
        }
    }

    /// <inheritdoc/>
    public void OnEnd(CoreCluster cluster)
    {
        foreach (SimulatedMember member in cluster.Members.Where(m => m.IsLeader && m.Core!.IsReady && m.Core.Term == cluster.Leader!.Core!.Term))
        {
            if (member.Core!.Membership.Find(member.Id) is not { Kind: MemberKind.Voter })
            {
                throw new InvariantBrokenException($"member {member.Id} leads, but is not a voter of {Describe(member.Core.Membership)}");
            }
        }
    }

    private static string Describe(StreamMembership membership) => $"[{string.Join(',', membership.Voters)}|{string.Join(',', membership.OutgoingVoters)}]";
}
