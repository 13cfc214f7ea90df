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
