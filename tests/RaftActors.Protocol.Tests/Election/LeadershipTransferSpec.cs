using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Election;

/// <summary>Thesis section 3.10, leadership transfer extension; priorities; elections on demand.</summary>
public sealed class LeadershipTransferSpec
{
    private const long Ticket = 700;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CoreDriver Ready()
    {
        CoreDriver leader = Leading();
        leader.Acknowledge(2, 1);
        leader.Acknowledge(3, 1);
        return leader;
    }

    private static StreamMembership Priorities(params int[] priorities) =>
        new([.. priorities.Select((priority, i) => new Member(Node((uint)i + 1), MemberKind.Voter, $"host:{i + 1}") { Priority = priority })]);

    private static void Transfer(CoreDriver leader, uint target) =>
        leader.Step(new RaftInput.TransferLeadership(Ticket, new NodeId(target), 2 * Second));

    [Fact] // "1. The prior leader stops accepting new client requests. 2. ...fully updates the target server's log. 3. ...sends a TimeoutNow request"
    public void A_leader_brings_the_target_up_to_date_before_it_asks_it_to_stand()
    {
        CoreDriver leader = Ready();
        leader.Propose("x");
        leader.Confirm();
        Transfer(leader, 2);
        Assert.Empty(leader.Sent<TimeoutNow>());
        Assert.Equal(Node(2), leader.Core.TransferTarget);
        leader.Propose("y");
        Assert.Equal(ProposalRefusal.Transferring, leader.Only<Effect.ProposalRefused>().Refusal);

        leader.Acknowledge(3, 2);
        Assert.Empty(leader.Sent<TimeoutNow>());
        leader.Acknowledge(2, 2);
        leader.SentOne<TimeoutNow>(2);
    }

    [Fact] // "if leadership transfer does not complete after about an election timeout, the prior leader aborts the transfer and resumes accepting client requests"
    public void A_leader_serves_on_when_the_target_does_not_take_over_in_time()
    {
        CoreDriver leader = Ready();
        Transfer(leader, 2);
        for (int i = 0; i < 25; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            leader.Acknowledge(3, 1);
            if (leader.Core.TransferTarget.IsNone)
            {
                break;
            }
        }

        Assert.Equal(Role.Leader, leader.Core.Role);
        leader.Propose("x");
        leader.Only<Effect.ProposalAccepted>();
    }

    [Fact]
    public void The_answer_comes_when_the_leader_has_a_successor()
    {
        CoreDriver leader = Ready();
        Transfer(leader, 2);
        leader.Receive(2, new RequestVote(new Term(2), leader.Core.LastEntry, PreVote: false, Transfer: true));
        Assert.Equal(new Effect.TransferEnded(Ticket, TransferOutcome.HandedOver, Node(2)), leader.Only<Effect.TransferEnded>());
        Assert.Equal(Role.Follower, leader.Core.Role);
    }

    [Fact] // "the target... starts a new election (incrementing its term and becoming a candidate)", without a pre-vote and with leave to depose (4.2.3)
    public void The_target_stands_at_once_without_a_pre_vote()
    {
        CoreDriver member = Following();
        member.Receive(2, new TimeoutNow(new Term(1)));
        Assert.Equal((Role.Candidate, new Term(2)), (member.Core.Role, member.Core.Term));
        Assert.Empty(member.All<Effect.BeginVoteRound>());
        member.Confirm();
        Assert.Equal((false, true), (member.Only<Effect.BeginVoteRound>().Request.PreVote, member.Only<Effect.BeginVoteRound>().Request.Transfer));
    }

    [Fact]
    public void Only_the_leader_can_ask_for_that()
    {
        CoreDriver member = Following();
        member.Receive(3, new TimeoutNow(new Term(1)));
        Assert.Equal((Role.Follower, 1L), (member.Core.Role, member.Core.DroppedMessages));
        member.Receive(2, new TimeoutNow(new Term(0).Next));
        Assert.Equal(Role.Candidate, member.Core.Role);

        CoreDriver newer = Following(term: 5);
        newer.Receive(2, new TimeoutNow(new Term(4)));
        Assert.Equal(Role.Follower, newer.Core.Role);

        CoreDriver learner = Start(Options(Members((1, MemberKind.Learner), (2, MemberKind.Voter))));
        learner.Receive(2, Heartbeat(1, EntryId.Zero));
        learner.Receive(2, new TimeoutNow(new Term(1)));
        Assert.Equal(Role.Follower, learner.Core.Role);
    }

    [Theory]
    [InlineData(1, TransferOutcome.LeadsAlready)]
    [InlineData(4, TransferOutcome.NoTarget)]
    [InlineData(9, TransferOutcome.NoTarget)]
    public void A_target_that_cannot_lead_is_refused(uint target, TransferOutcome outcome)
    {
        CoreDriver leader = Leading(Options(Members((1, MemberKind.Voter), (2, MemberKind.Voter), (3, MemberKind.Voter), (4, MemberKind.Learner))));
        Transfer(leader, target);
        Assert.Equal(outcome, leader.Only<Effect.TransferEnded>().Outcome);
        Assert.True(leader.Core.TransferTarget.IsNone);
    }

    [Fact]
    public void One_transfer_at_a_time_and_only_at_the_leader()
    {
        CoreDriver leader = Ready();
        leader.Propose("x");
        Transfer(leader, 2);
        Transfer(leader, 3);
        Assert.Equal(TransferOutcome.Busy, leader.Only<Effect.TransferEnded>().Outcome);
        leader.Step(new RaftInput.ChangeMembership(1, new MembershipChange.Remove(Node(3))));
        Assert.Equal(ChangeRefusal.Transferring, leader.Only<Effect.ChangeRefused>().Refusal);

        CoreDriver follower = Following();
        Transfer(follower, 1);
        Assert.Equal(TransferOutcome.NotLeader, follower.Only<Effect.TransferEnded>().Outcome);
    }

    [Fact]
    public void Without_a_name_the_furthest_voter_is_asked()
    {
        CoreDriver leader = Ready();
        leader.Propose("x");
        leader.Confirm();
        leader.Acknowledge(3, 2);
        Transfer(leader, 0);
        leader.SentOne<TimeoutNow>(3);
    }

    [Fact]
    public void Who_steps_down_asks_the_furthest_voter_to_follow()
    {
        CoreDriver leader = Ready();
        leader.Propose("x");
        leader.Confirm();
        leader.Acknowledge(3, 2);
        leader.Step(new RaftInput.StepDown());
        leader.SentOne<TimeoutNow>(3);
        Assert.Equal(Role.Follower, leader.Core.Role);
    }

    [Fact]
    public void In_manual_mode_a_member_stands_only_when_told_to()
    {
        CoreDriver member = Start(Options(Voters(1, 2, 3)) with { ManualElection = true });
        for (int i = 0; i < 10; i++)
        {
            member.Elapse(RaftTimer.Election);
            Assert.Equal(Role.Follower, member.Core.Role);
        }

        member.Step(new RaftInput.Campaign());
        Assert.Equal(Role.PreCandidate, member.Core.Role);
        member.Elapse(RaftTimer.Vote);
        Assert.Equal(Role.Follower, member.Core.Role);
    }

    [Fact]
    public void A_less_wanted_member_lets_the_others_try_first_but_not_for_long()
    {
        CoreDriver least = Start(Options(Priorities(1, 5, 9)));
        least.Elapse(RaftTimer.Election);
        least.Elapse(RaftTimer.Election);
        Assert.Equal(Role.Follower, least.Core.Role);
        least.Elapse(RaftTimer.Election);
        Assert.Equal(Role.PreCandidate, least.Core.Role);

        CoreDriver most = Start(Options(Priorities(9, 5, 1)));
        most.Elapse(RaftTimer.Election);
        Assert.Equal(Role.PreCandidate, most.Core.Role);
    }

    [Fact] // DCF: ELECTION_SWITCH_THRESHOLD
    public void A_more_wanted_voter_takes_over_when_it_was_up_to_date_for_long_enough()
    {
        CoreDriver leader = Start(Options(Priorities(1, 5, 1)) with { PrioritySwitchAfter = 3 * Second });
        leader.Step(new RaftInput.Campaign());
        leader.BecomeLeader();
        leader.Confirm();
        leader.Acknowledge(2, 1);
        leader.Acknowledge(3, 1);
        TimeSpan since = leader.Now;
        while (leader.Core.TransferTarget.IsNone && leader.Now - since < 10 * Second)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            if (!leader.Core.TransferTarget.IsNone)
            {
                break;
            }

            leader.Acknowledge(2, 1);
            leader.Acknowledge(3, 1);
        }

        Assert.Equal(Node(2), leader.Core.TransferTarget);
        Assert.InRange(leader.Now - since, 3 * Second, 4 * Second);
    }
}
