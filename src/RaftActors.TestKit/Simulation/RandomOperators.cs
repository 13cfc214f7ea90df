using System.Collections.Immutable;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Operators who cannot leave well alone: they change the membership, hand the office over, ask for elections and replace disks.</summary>
public sealed class RandomOperators(CoreCluster cluster)
{
    /// <summary>Asks for something.</summary>
    public void Strike(SimulatedMember victim, SimulationRandom random)
    {
        SimulatedMember at = cluster.Leader ?? victim;
        if (!at.IsUp)
        {
            return;
        }

        SimulationRandom quorums = random.Fork(31);
        if (cluster.Profile.Quorums && quorums.Chance(0.3))
        {
            ChangeQuorum(at, quorums);
            return;
        }

        if (cluster.IsRepairing)
        {
            return;
        }

        SimulatedMember other = random.Pick(cluster.Members);
        switch (random.Below(8))
        {
            case 0 or 1:
                cluster.Change(at, new MembershipChange.Add(cluster.Profile.MemberOf(other.Id, Kind(random))));
                break;
            case 2:
                cluster.Change(at, new MembershipChange.Remove(other.Id));
                break;
            case 3:
                cluster.Change(at, new MembershipChange.ChangeKind(other.Id, Kind(random)));
                break;
            case 4:
                ImmutableArray<Member> some = [.. cluster.Members.Where(_ => random.Chance(0.7)).Select(m => cluster.Profile.MemberOf(m.Id, Kind(random)))];
                cluster.Change(at, new MembershipChange.Replace(some));
                break;
            case 5:
                cluster.Transfer(at, random.Chance(0.3) ? NodeId.None : other.Id);
                break;
            case 6:
                other.Take(new RaftInput.Campaign());
                break;
            default:
                if (MayBeWiped(other))
                {
                    cluster.Trace?.Invoke($"{other.Id} IS WIPED");
                    other.Wipe();
                    cluster.Restart(other);
                }

                break;
        }
    }

    /// <summary>A rule that voters of so many, in the groups 0 to 2, can decide by.</summary>
    internal static QuorumRule Fitting(int voters, SimulationRandom random)
    {
        int election = (voters / 2) + 1 + random.Below(voters - (voters / 2));
        int commit = Math.Max(1, voters - election + 1) + random.Below(2);
        return new QuorumRule
        {
            Commit = Math.Min(commit, voters),
            Election = election,
            RequiredGroups = [.. Enumerable.Range(1, Math.Min(2, voters)).Where(_ => random.Chance(0.3))],
        };
    }

    /// <summary>Half of the rules cannot be: the leader has to refuse them.</summary>
    private void ChangeQuorum(SimulatedMember at, SimulationRandom random)
    {
        int voters = at.Core!.Membership.Voters.Length;
        QuorumRule rule = random.Below(4) switch
        {
            0 => QuorumRule.Majority,
            1 when voters > 0 => Fitting(voters, random),
            _ => new QuorumRule
            {
                Commit = random.Below(voters + 2),
                Election = random.Below(voters + 2),
                RequiredGroups = [.. Enumerable.Range(1, 3).Where(_ => random.Chance(0.2))],
            },
        };
        MembershipChange change = random.Chance(0.6)
            ? new MembershipChange.ChangeQuorum(rule)
            : new MembershipChange.Replace([.. cluster.Members.Where(_ => random.Chance(0.8)).Select(m => cluster.Profile.MemberOf(m.Id, Kind(random)))]) { Quorum = rule };
        cluster.Change(at, change);
    }

    private static MemberKind Kind(SimulationRandom random) => random.Pick([MemberKind.Voter, MemberKind.Voter, MemberKind.Voter, MemberKind.Learner]);

    /// <summary>
    /// Only who was removed from the stream may lose its disk (PROTOCOL.md, "A member that lost its journal"): its removal is committed, and nobody is about to add it.
    /// </summary>
    private bool MayBeWiped(SimulatedMember member)
    {
        SimulatedMember[] up = [.. cluster.Members.Where(m => m.IsUp)];
        RaftCore? furthest = up.MaxBy(m => m.Core!.CommitIndex)?.Core;
        return furthest is not null
            && furthest.CommitIndex == cluster.History.HighestIndex
            && furthest.MembershipAt(furthest.CommitIndex) is { Members.IsEmpty: false } committed
            && committed.Find(member.Id) is null
            && up.All(m => m == member || m.Core!.MembershipIndex <= furthest.CommitIndex || m.Core.Membership.Find(member.Id) is null);
    }
}
