using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Reads;

/// <summary>Reads by lease (thesis section 6.4.1): no round while nobody else can have been elected.</summary>
public sealed class LeaderLeaseSpec
{
    private static readonly RaftOptions On = Options(Voters(1, 2, 3)) with { LeaseReads = true, MaxClockDrift = 0.1 };

    [Fact]
    public void A_leader_with_a_lease_must_answer_without_a_round()
    {
        CoreDriver leader = Ready(On);
        Assert.Single(Lease(leader).OfType<Effect.ReadReady>());
        Assert.Empty(leader.Sent<AppendEntries>());
        Assert.True(leader.Core.IsLeaderLeaseValid);
    }

    [Fact]
    public void A_lease_must_end_when_a_fast_clock_could_have_run_out()
    {
        CoreDriver leader = Ready(On);
        leader.Wait(On.ElectionTimeoutMin * (0.9 / 1.1) - TimeSpan.FromMilliseconds(1));
        Assert.Single(Lease(leader).OfType<Effect.ReadReady>());
        leader.Wait(TimeSpan.FromMilliseconds(2));
        Assert.Empty(Lease(leader).OfType<Effect.ReadReady>());
        Assert.NotEmpty(leader.Sent<AppendEntries>());
    }

    [Fact]
    public void A_lease_must_count_from_when_the_answered_message_was_sent()
    {
        CoreDriver leader = Ready(On);
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Wait(TimeSpan.FromMilliseconds(700));
        leader.Acknowledge(2, 1);
        leader.Wait(TimeSpan.FromMilliseconds(200));
        Assert.Empty(Lease(leader).OfType<Effect.ReadReady>());
    }

    [Fact]
    public void There_must_be_no_lease_in_a_term_after_somebody_was_asked_to_take_the_office()
    {
        CoreDriver leader = Ready(On);
        leader.Step(new RaftInput.TransferLeadership(9, Node(2), TimeSpan.FromMilliseconds(50)));
        Assert.NotEmpty(leader.Sent<TimeoutNow>());
        leader.Wait(TimeSpan.FromMilliseconds(60));
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.Equal(NodeId.None, leader.Core.TransferTarget);
        leader.Acknowledge(2, 1);
        Assert.Empty(Lease(leader).OfType<Effect.ReadReady>());
    }

    [Fact]
    public void Without_the_setting_there_must_be_no_lease()
    {
        CoreDriver leader = Ready(On with { LeaseReads = false });
        Assert.Empty(Lease(leader).OfType<Effect.ReadReady>());
        Assert.False(leader.Core.IsLeaderLeaseValid);
    }

    [Fact]
    public void A_voter_that_has_just_started_must_not_vote_unless_the_leader_wishes_it()
    {
        CoreDriver voter = Start(On, History(1));
        voter.Receive(2, new RequestVote(new Term(2), Id(1, 1), PreVote: false));
        Assert.False(voter.SentOne<RequestVoteReply>(2).Granted);

        voter.Wait(On.ElectionTimeoutMin);
        voter.Receive(2, new RequestVote(new Term(2), Id(1, 1), PreVote: false));
        voter.Confirm();
        Assert.Equal(Node(2), voter.Core.VotedFor);
    }

    [Fact]
    public void A_newer_term_must_not_make_a_voter_forget_that_it_heard_a_leader()
    {
        CoreDriver voter = Start(On, History(1));
        voter.Wait(On.ElectionTimeoutMax * 2);
        voter.Receive(3, Heartbeat(1, Id(1, 1)));
        voter.Receive(2, new ReadIndexRequest(new Term(2), 5));
        Assert.Equal(new Term(2), voter.Core.Term);
        voter.Receive(2, new RequestVote(new Term(2), Id(1, 1), PreVote: false));
        voter.Confirm();
        Assert.Equal(NodeId.None, voter.Core.VotedFor);
    }

    [Fact]
    public void An_election_on_demand_must_wait_while_a_lease_may_be_held()
    {
        CoreDriver voter = Start(On, History(1));
        voter.Step(new RaftInput.Campaign());
        Assert.Equal(Role.Follower, voter.Core.Role);
    }

    private static CoreDriver Ready(RaftOptions options)
    {
        CoreDriver leader = Leading(options);
        leader.Acknowledge(2, 1);
        Assert.True(leader.Core.IsReady);
        return leader;
    }

    private static IReadOnlyList<Effect> Lease(CoreDriver leader) => leader.Step(new RaftInput.ReadIndex(77) { Lease = true });
}
