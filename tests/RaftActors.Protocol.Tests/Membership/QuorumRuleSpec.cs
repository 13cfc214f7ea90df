using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Membership;

/// <summary>Quorums of other sizes than a majority, and groups without which nothing is committed: one member stepped by hand.</summary>
public sealed class QuorumRuleSpec
{
    private const long Ticket = 700;

    private static CoreDriver Ready(int voters, QuorumRule rule, params uint[] acknowledging)
    {
        StreamMembership membership = new(
            [.. Enumerable.Range(1, voters).Select(i => new Member(Node((uint)i), MemberKind.Voter, $"host:{i}") { Group = i % 3 })],
            default,
            rule);
        CoreDriver leader = Leading(Options(membership));
        foreach (uint peer in acknowledging)
        {
            leader.Acknowledge(peer, 1);
        }

        return leader;
    }

    private static void Change(CoreDriver leader, MembershipChange change, long ticket = Ticket) => leader.Step(new RaftInput.ChangeMembership(ticket, change));

    [Fact]
    public void A_small_commit_quorum_commits_with_fewer_disks_and_a_large_one_with_more()
    {
        CoreDriver small = Ready(5, new QuorumRule { Commit = 2, Election = 4 });
        Assert.Equal(LogIndex.Zero, small.Core.CommitIndex);
        small.Acknowledge(2, 1);
        Assert.Equal(new LogIndex(1), small.Core.CommitIndex);

        CoreDriver large = Ready(5, new QuorumRule { Commit = 4 }, 2, 3);
        Assert.Equal(LogIndex.Zero, large.Core.CommitIndex);
        large.Acknowledge(4, 1);
        Assert.Equal(new LogIndex(1), large.Core.CommitIndex);
    }

    [Fact]
    public void A_large_election_quorum_needs_its_votes_in_the_pre_vote_and_in_the_vote()
    {
        CoreDriver member = Start(Options(new StreamMembership(Voters(1, 2, 3, 4, 5).Members, default, new QuorumRule { Commit = 2, Election = 4 })));
        member.Elapse(RaftTimer.Election);
        member.Receive(2, new RequestVoteReply(Term.Zero, new Term(1), true, true));
        member.Receive(3, new RequestVoteReply(Term.Zero, new Term(1), true, true));
        Assert.Equal(Role.PreCandidate, member.Core.Role);
        member.Receive(4, new RequestVoteReply(Term.Zero, new Term(1), true, true));
        Assert.Equal(Role.Candidate, member.Core.Role);
        member.Confirm();
        member.Receive(2, new RequestVoteReply(new Term(1), new Term(1), false, true));
        member.Receive(3, new RequestVoteReply(new Term(1), new Term(1), false, true));
        Assert.Equal(Role.Candidate, member.Core.Role);
        member.Receive(4, new RequestVoteReply(new Term(1), new Term(1), false, true));
        Assert.Equal(Role.Leader, member.Core.Role);
    }

    [Fact]
    public void A_commit_waits_for_a_voter_of_each_required_group()
    {
        // Groups: 1 of voters 1 and 4, 2 of voters 2 and 5, 0 of voter 3.
        CoreDriver leader = Ready(5, new QuorumRule { RequiredGroups = [1, 2] }, 3, 4);
        Assert.Equal(LogIndex.Zero, leader.Core.CommitIndex);
        leader.Acknowledge(5, 1);
        Assert.Equal(new LogIndex(1), leader.Core.CommitIndex);
    }

    [Fact]
    public void A_group_that_is_gone_can_be_given_up_though_nothing_can_be_committed_with_it()
    {
        CoreDriver leader = Ready(5, new QuorumRule { RequiredGroups = [2] }, 3, 4);
        Assert.False(leader.Core.IsReady);
        Change(leader, new MembershipChange.Remove(Node(2)));
        Assert.Equal(ChangeRefusal.NotReady, leader.Only<Effect.ChangeRefused>().Refusal);

        Change(leader, new MembershipChange.ChangeQuorum(QuorumRule.Majority));
        Assert.Equal(new LogIndex(2), leader.Core.MembershipIndex);
        leader.Confirm();
        leader.Acknowledge(3, 2);
        leader.Acknowledge(4, 2);
        Assert.Equal(new LogIndex(2), leader.Core.CommitIndex);
        Assert.Equal(Ticket, leader.Only<Effect.ChangeAccepted>().Ticket);
        Assert.True(leader.Core.Membership.Quorum.IsMajority);
    }

    [Fact]
    public void A_rule_that_waits_for_a_group_that_is_gone_can_be_taken_back()
    {
        CoreDriver leader = Ready(5, QuorumRule.Majority, 3, 4);
        Change(leader, new MembershipChange.ChangeQuorum(new QuorumRule { RequiredGroups = [2] }), 1);
        leader.Confirm();
        leader.Acknowledge(3, 2);
        leader.Acknowledge(4, 2);
        Assert.Equal(new LogIndex(1), leader.Core.CommitIndex);

        Change(leader, new MembershipChange.ChangeQuorum(QuorumRule.Majority), 2);
        Assert.Equal((1L, ChangeRefusal.Withdrawn), (leader.Only<Effect.ChangeRefused>().Ticket, leader.Only<Effect.ChangeRefused>().Refusal));
        leader.Confirm();
        leader.Acknowledge(3, 3);
        leader.Acknowledge(4, 3);
        Assert.Equal(2L, leader.Only<Effect.ChangeAccepted>().Ticket);
    }

    [Fact]
    public void A_change_that_the_rule_does_not_fit_is_refused_with_the_numbers_unless_it_brings_a_new_rule()
    {
        CoreDriver leader = Ready(5, new QuorumRule { Commit = 2, Election = 4 }, 2, 3, 4, 5);
        Change(leader, new MembershipChange.Replace(Voters(1, 2, 3).Members));
        Effect.ChangeRefused refused = leader.Only<Effect.ChangeRefused>();
        Assert.Equal(ChangeRefusal.Invalid, refused.Refusal);
        Assert.Contains("election quorum of 4", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("3 voters", refused.Reason, StringComparison.Ordinal);

        Change(leader, new MembershipChange.Replace(Voters(1, 2, 3).Members) { Quorum = new QuorumRule { Commit = 1, Election = 3 } });
        Assert.True(leader.Core.Membership.IsJoint);
        Assert.Equal((1, 4), (leader.Core.Membership.Quorum.Commit, leader.Core.Membership.OutgoingQuorum.Election));
    }

    [Fact]
    public void A_rule_whose_quorums_need_not_meet_those_of_the_former_goes_through_a_joint_membership()
    {
        CoreDriver leader = Ready(5, new QuorumRule { Commit = 2, Election = 4 }, 2, 3, 4, 5);
        Change(leader, new MembershipChange.ChangeQuorum(QuorumRule.Majority));
        Assert.True(leader.Core.Membership.IsJoint);
        leader.Confirm();
        leader.Acknowledge(2, 2);
        Assert.True(leader.Core.Membership.IsJoint, "two of five commit by the old rule only");
        leader.Acknowledge(3, 2);
        Assert.False(leader.Core.Membership.IsJoint);
        leader.Confirm();
        leader.Acknowledge(2, 3);
        leader.Acknowledge(3, 3);
        Assert.Equal(Ticket, leader.Only<Effect.ChangeAccepted>().Ticket);
    }

    [Fact]
    public void A_leader_stays_as_long_as_nobody_else_can_be_elected()
    {
        CoreDriver leader = Ready(5, new QuorumRule { Commit = 2, Election = 4 }, 2, 3, 4, 5);
        for (int i = 0; i < 30; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            leader.Acknowledge(2, 1);
            if (leader.TimeUntil(RaftTimer.StepDown) <= TimeSpan.FromMilliseconds(100))
            {
                leader.Elapse(RaftTimer.StepDown);
            }
        }

        Assert.Equal(Role.Leader, leader.Core.Role);
        long read = leader.Read();
        leader.Acknowledge(2, 1);
        Assert.Equal(read, leader.Only<Effect.ReadReady>().Ticket);
    }

    [Fact]
    public void The_group_of_a_member_is_changed_with_its_kind()
    {
        CoreDriver leader = Ready(3, QuorumRule.Majority, 2, 3);
        Change(leader, new MembershipChange.ChangeKind(Node(2), MemberKind.Voter, Group: 9));
        Assert.Equal(9, leader.Core.Membership.Find(Node(2))!.Group);
    }
}
