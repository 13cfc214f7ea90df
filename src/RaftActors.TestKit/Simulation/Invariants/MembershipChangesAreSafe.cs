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
        bool waitsForMore = !before.Quorum.RequiredGroups.IsEmpty || core.Options.FullConsensus;
        bool isRuleAlone = waitsForMore && now.Quorum != before.Quorum && now.Members.SequenceEqual(before.Members);
        if (core.TermAt(core.CommitIndex) != core.Term && !(isRuleAlone && HoldsOwnTerm(member.Cluster, core, before)))
        {
            throw new InvariantBrokenException($"{what}, having committed no entry of its own term");
        }

        bool isAllowed = (before.IsJoint, now.IsJoint) switch
        {
            (false, false) => before.Voters.Except(now.Voters).Count() + now.Voters.Except(before.Voters).Count() <= 1 && Meet(before, now),
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

    /// <summary>A rule that no longer asks for a group that is gone cannot wait for that group, nor for whom else a commitment waits beyond its quorum: an entry of the own term on as many disks as a commitment needs is as safe.</summary>
    private static bool HoldsOwnTerm(CoreCluster cluster, RaftCore core, StreamMembership membership)
    {
        int needed = membership.Quorum.Commit == 0 ? (membership.Voters.Length / 2) + 1 : membership.Quorum.Commit;
        LogIndex first = core.LastEntry.Index;
        while (core.TermAt(first.Previous) == core.Term)
        {
            first = first.Previous;
        }

        return membership.Voters.Count(id => cluster[id.Value].Journal.Holds(first, core.Term)) >= needed;
    }

    /// <summary>By counting sets of voters: whoever commits or is elected by one membership meets whoever is elected by the other.</summary>
    private static bool Meet(StreamMembership before, StreamMembership now)
    {
        NodeId[] all = [.. before.Voters.Union(now.Voters)];
        int[] Quorums(StreamMembership membership, int size) =>
            [.. Enumerable.Range(0, 1 << all.Length).Where(set => all.Where((id, i) => ((set >> i) & 1) == 1 && membership.Voters.Contains(id)).Count() == size)];
        int Commit(StreamMembership m) => m.Quorum.Commit == 0 ? (m.Voters.Length / 2) + 1 : m.Quorum.Commit;
        int Election(StreamMembership m) => m.Quorum.Election == 0 ? (m.Voters.Length / 2) + 1 : m.Quorum.Election;
        return new[] { (before, now), (now, before), (now, now) }.All(pair =>
        {
            int[] elect = Quorums(pair.Item1, Election(pair.Item1));
            int[] others = [.. Quorums(pair.Item2, Election(pair.Item2)), .. Quorums(pair.Item2, Commit(pair.Item2))];
            return elect.All(a => others.All(b => (a & b) != 0));
        });
    }

    private static string Describe(StreamMembership membership) => $"[{string.Join(',', membership.Voters)}|{string.Join(',', membership.OutgoingVoters)}]";
}
