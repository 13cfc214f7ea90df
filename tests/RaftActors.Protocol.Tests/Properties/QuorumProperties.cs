using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Properties;

/// <summary>Quorum arithmetic against plain counting. A failure prints FsCheck's seed and the smallest case it found.</summary>
public sealed class QuorumProperties
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(1000);

    private static readonly Gen<int[]> Values = Gen.Choose(1, 9).SelectMany(n => Gen.Choose(0, 12).ArrayOf(n));

    [Fact]
    public void The_highest_value_of_a_majority_is_the_largest_that_more_than_half_have() =>
        Check.One(Thorough, Prop.ForAll(Values.ToArbitrary(), values =>
            MajorityQuorum.HighestReached([.. values.Select(v => (long)v)]) == PlainHighest(values)));

    [Fact]
    public void The_highest_value_of_a_joint_quorum_is_the_largest_that_both_halves_have() =>
        Check.One(Thorough, Prop.ForAll(Values.ToArbitrary(), Values.ToArbitrary(), (first, second) =>
        {
            // Voters 1.. of the new set and 5.. of the old: some are in both, with one value.
            StreamMembership joint = new(
                Voters([.. Enumerable.Range(1, first.Length).Select(i => (uint)i)]).Members,
                Voters([.. Enumerable.Range(5, second.Length).Select(i => (uint)i)]).Members);
            long ValueOf(NodeId id) => id.Value <= first.Length ? first[id.Value - 1] : second[id.Value - 5];

            long plain = Math.Min(
                PlainHighest([.. joint.Voters.Select(id => (int)ValueOf(id))]),
                PlainHighest([.. joint.OutgoingVoters.Select(id => (int)ValueOf(id))]));
            return JointQuorum.HighestReached(joint, QuorumKind.Commit, 0, (_, id) => ValueOf(id)) == plain;
        }));

    [Fact]
    public void A_round_is_won_or_lost_exactly_when_the_missing_votes_cannot_change_that() =>
        Check.One(Thorough, Prop.ForAll(Gen.Choose(0, 2).ArrayOf(5).ToArbitrary(), Gen.Choose(1, 5).ToArbitrary(), (answers, voters) =>
        {
            // 0: no answer, 1: yes, 2: no.
            int[] given = answers[..voters];
            bool WonWith(int missingVote) => given.Count(a => (a == 0 ? missingVote : a) == 1) * 2 > voters;
            QuorumOutcome plain = WonWith(2) ? QuorumOutcome.Won : WonWith(1) ? QuorumOutcome.Pending : QuorumOutcome.Lost;

            Dictionary<NodeId, bool> cast = [];
            for (int i = 0; i < voters; i++)
            {
                if (given[i] != 0)
                {
                    cast.Add(Node((uint)i + 1), given[i] == 1);
                }
            }

            // Voices from outside do not count.
            cast.Add(Node(99), true);
            return JointQuorum.Count(Voters([.. Enumerable.Range(1, voters).Select(i => (uint)i)]), cast) == plain;
        }));

    [Fact] // Raft paper section 5.4.3: every two quorums share a voter; in a joint membership too, with quorums of either half alone.
    public void Every_two_quorums_intersect()
    {
        StreamMembership old = Voters(1, 2, 3);
        StreamMembership joint = new(Voters(3, 4, 5, 6).Members, old.Members);
        StreamMembership next = new(joint.Members);
        foreach ((StreamMembership a, StreamMembership b) in new[] { (old, old), (old, joint), (joint, joint), (joint, next), (next, next) })
        {
            int[] quorumsOfA = [.. Enumerable.Range(0, 128).Where(set => IsQuorum(a, set))];
            int[] quorumsOfB = [.. Enumerable.Range(0, 128).Where(set => IsQuorum(b, set))];
            Assert.NotEmpty(quorumsOfA);
            Assert.DoesNotContain(quorumsOfA, x => quorumsOfB.Any(y => (x & y) == 0));
        }
    }

    private static bool IsQuorum(StreamMembership membership, int set) =>
        JointQuorum.HighestReached(membership, QuorumKind.Commit, set, static (members, id) => (members >> (int)id.Value) & 1) == 1;

    private static long PlainHighest(int[] values)
    {
        long best = -1;
        foreach (int candidate in values)
        {
            if (values.Count(v => v >= candidate) * 2 > values.Length && candidate > best)
            {
                best = candidate;
            }
        }

        return best;
    }
}
