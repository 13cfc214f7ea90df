using System.Collections.Immutable;
using System.Numerics;
using RaftActors.Protocol.Tests.Driver;
using Xunit;

namespace RaftActors.Protocol.Tests.Properties;

/// <summary>Rules of decision against sets of voters, written out one by one: every rule there is for up to six voters.</summary>
public sealed class QuorumRuleProperties
{
    private const int MostVoters = 6;

    [Fact]
    public void A_rule_is_accepted_exactly_when_all_its_quorums_meet()
    {
        for (int voters = 1; voters <= MostVoters; voters++)
        {
            ImmutableArray<Member> members = Members(voters);
            for (int commit = 0; commit <= voters + 1; commit++)
            {
                for (int election = 0; election <= voters + 1; election++)
                {
                    QuorumRule rule = new() { Commit = commit, Election = election };
                    int[] commits = Sets(voters, rule.CommitSize(voters));
                    int[] elections = Sets(voters, rule.ElectionSize(voters));
                    bool exists = commits.Length > 0 && elections.Length > 0;
                    bool meets = exists && elections.All(e => commits.All(c => (e & c) != 0) && elections.All(other => (e & other) != 0));
                    Assert.True(meets == rule.WhyImpossible(members) is null, $"{rule} of {voters} voters: {rule.WhyImpossible(members)}");
                }
            }
        }
    }

    [Fact]
    public void What_the_core_counts_is_what_the_sets_say()
    {
        foreach ((StreamMembership membership, int voters) in Fitting())
        {
            for (int set = 0; set < 1 << voters; set++)
            {
                bool holdsGroups = membership.Quorum.RequiredGroups.All(group => membership.Members.Where((m, i) => m.Group == group && ((set >> i) & 1) == 1).Any());
                bool holdsSize = BitOperations.PopCount((uint)set) >= membership.Quorum.CommitSize(voters);
                Assert.Equal(holdsSize && holdsGroups, Reaches(membership, QuorumKind.Commit, set));
                Assert.Equal(holdsSize, Reaches(membership, QuorumKind.CommitWithoutGroups, set));

                Dictionary<NodeId, bool> votes = Enumerable.Range(0, voters).ToDictionary(i => CoreDriver.Node((uint)i + 1), i => ((set >> i) & 1) == 1);
                bool isElected = BitOperations.PopCount((uint)set) >= membership.Quorum.ElectionSize(voters);
                Assert.Equal(isElected ? QuorumOutcome.Won : QuorumOutcome.Lost, JointQuorum.Count(membership, votes));
            }
        }
    }

    [Fact] // Leader completeness (Raft paper section 5.4.3), one leader in a term (5.2), and reads (thesis 6.4) rest on this.
    public void Whoever_commits_or_confirms_a_read_meets_whoever_elects()
    {
        foreach ((StreamMembership membership, int voters) in Fitting())
        {
            int[] elections = [.. Enumerable.Range(0, 1 << voters).Where(set => BitOperations.PopCount((uint)set) >= membership.Quorum.ElectionSize(voters))];
            foreach (QuorumKind kind in Enum.GetValues<QuorumKind>())
            {
                int[] quorums = [.. Enumerable.Range(0, 1 << voters).Where(set => Reaches(membership, kind, set))];
                Assert.NotEmpty(quorums);
                Assert.All(quorums, quorum => Assert.DoesNotContain(elections, elected => (elected & quorum) == 0));
            }
        }
    }

    [Fact] // Thesis section 4.1, for rules of any size: also for those who do not know of the change yet.
    public void A_single_step_is_allowed_only_where_all_quorums_of_both_memberships_meet()
    {
        int allowed = 0;
        StreamMembership[] all = [.. Fitting().Where(f => f.Membership.Quorum.RequiredGroups.IsEmpty && f.Voters <= 5).Select(f => f.Membership)];
        foreach (StreamMembership from in all)
        {
            foreach (StreamMembership to in all.Where(to => Math.Abs(to.Voters.Length - from.Voters.Length) <= 1 && QuorumRule.MayFollow(from, to)))
            {
                allowed++;
                int voters = Math.Max(from.Voters.Length, to.Voters.Length);
                foreach ((StreamMembership elects, StreamMembership other) in new[] { (from, to), (to, from) })
                {
                    int[] elections = Sets(elects.Voters.Length, elects.Quorum.ElectionSize(elects.Voters.Length));
                    int[] others =
                    [
                        .. Sets(other.Voters.Length, other.Quorum.CommitSize(other.Voters.Length)),
                        .. Sets(other.Voters.Length, other.Quorum.ElectionSize(other.Voters.Length)),
                        .. Sets(other.Voters.Length, other.Quorum.ReadSize(other.Voters.Length)),
                    ];
                    Assert.True(elections.All(e => others.All(o => (e & o) != 0)), $"{from} > {to}, {voters} voters");
                }
            }
        }

        Assert.True(allowed > 20);
    }

    [Fact]
    public void Majorities_that_differ_by_one_voter_need_no_joint_membership()
    {
        for (int voters = 1; voters <= 9; voters++)
        {
            StreamMembership less = new(Members(voters));
            StreamMembership more = new(Members(voters + 1));
            Assert.True(QuorumRule.MayFollow(less, more) && QuorumRule.MayFollow(more, less) && QuorumRule.MayFollow(less, less));
        }
    }

    [Theory]
    [InlineData(2, 3, "their sum must be above 5")]
    [InlineData(4, 2, "two leaders")]
    [InlineData(6, 3, "1 to 5")]
    [InlineData(-1, 3, "1 to 5")]
    [InlineData(2, 4, null)]
    [InlineData(5, 3, null)]
    [InlineData(0, 0, null)]
    public void A_refusal_gives_the_numbers(int commit, int election, string? reason)
    {
        string? why = new QuorumRule { Commit = commit, Election = election }.WhyImpossible(Members(5));
        Assert.Equal(reason is null, why is null);
        Assert.Contains(reason ?? string.Empty, why ?? string.Empty, StringComparison.Ordinal);
    }

    [Fact]
    public void Required_groups_need_voters_and_stand_once()
    {
        ImmutableArray<Member> members = Members(3);
        Assert.Null(new QuorumRule { RequiredGroups = [1, 2] }.WhyImpossible(members));
        Assert.NotNull(new QuorumRule { RequiredGroups = [3] }.WhyImpossible(members));
        Assert.NotNull(new QuorumRule { RequiredGroups = [1, 1] }.WhyImpossible(members));
        Assert.NotNull(new QuorumRule { RequiredGroups = [0] }.WhyImpossible(members));
        Assert.NotNull(new QuorumRule { RequiredGroups = [2] }.WhyImpossible([members[0], members[1] with { Kind = MemberKind.Learner }]));
        Assert.Throws<ArgumentException>(() => CoreDriver.Start(CoreDriver.Options(new StreamMembership(members, default, new QuorumRule { RequiredGroups = [3] }))));
    }

    /// <summary>Every rule that fits, with and without groups; voter i is in group i modulo 3.</summary>
    private static IEnumerable<(StreamMembership Membership, int Voters)> Fitting()
    {
        for (int voters = 1; voters <= MostVoters; voters++)
        {
            ImmutableArray<Member> members = Members(voters);
            for (int commit = 0; commit <= voters; commit++)
            {
                for (int election = 0; election <= voters; election++)
                {
                    foreach (ImmutableArray<int> groups in new ImmutableArray<int>[] { [], [1], [1, 2] })
                    {
                        QuorumRule rule = new() { Commit = commit, Election = election, RequiredGroups = groups };
                        if (rule.WhyImpossible(members) is null)
                        {
                            yield return (new StreamMembership(members, default, rule), voters);
                        }
                    }
                }
            }
        }
    }

    private static bool Reaches(StreamMembership membership, QuorumKind kind, int set) =>
        JointQuorum.HighestReached(membership, kind, set, static (members, id) => (members >> ((int)id.Value - 1)) & 1) == 1;

    private static int[] Sets(int voters, int size) => [.. Enumerable.Range(0, 1 << voters).Where(set => BitOperations.PopCount((uint)set) == size)];

    private static ImmutableArray<Member> Members(int voters) =>
        [.. Enumerable.Range(1, voters).Select(i => new Member(CoreDriver.Node((uint)i), MemberKind.Voter, $"host:{i}") { Group = i % 3 })];
}
