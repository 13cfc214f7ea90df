using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Reads;

/// <summary>Thesis section 6.4, processing read-only queries more efficiently.</summary>
public sealed class ReadIndexSpec
{
    private static CoreDriver Ready(int voters = 3)
    {
        CoreDriver leader = Leading(voters);
        for (uint peer = 2; peer <= voters; peer++)
        {
            leader.Acknowledge(peer, 1);
        }

        return leader;
    }

    [Fact] // 6.4, steps 2 and 3: the commit index is saved, then a round of heartbeats confirms the leader.
    public void A_read_is_ready_when_a_quorum_has_answered_what_was_sent_after_it_arrived()
    {
        CoreDriver leader = Ready(5);
        ulong before = leader.LastTokenTo(2);
        long ticket = leader.Read();
        Assert.Equal(4, leader.Sent<AppendEntries>().Count);
        Assert.All(leader.Sent<AppendEntries>(), s => Assert.Empty(s.Message.Batches));

        // Answers to what was sent before prove nothing.
        leader.Acknowledge(2, 1, before);
        leader.Acknowledge(3, 1, before);
        leader.Acknowledge(2, 1);
        leader.Acknowledge(2, 1);
        Assert.Empty(leader.All<Effect.ReadReady>());

        // A refusal of this term proves it as well as an acknowledgement.
        leader.Receive(3, new AppendEntriesReply(new Term(1), leader.LastTokenTo(3), false, LogIndex.Zero));
        Assert.Equal(new Effect.ReadReady(ticket, new LogIndex(1)), leader.Only<Effect.ReadReady>());
    }

    [Fact] // 6.4, step 1: "If the leader has not yet marked an entry from its current term committed, it waits until it has done so."
    public void A_new_leader_holds_reads_until_its_no_op_is_committed()
    {
        CoreDriver leader = Leading(3, History(1, 1));
        long ticket = leader.Read();
        Assert.Empty(leader.Sent<AppendEntries>());
        leader.Acknowledge(2, 2);
        Assert.Empty(leader.All<Effect.ReadReady>());

        leader.Acknowledge(2, 3);
        leader.Acknowledge(2, 3);
        Assert.Equal(new Effect.ReadReady(ticket, new LogIndex(3)), leader.Only<Effect.ReadReady>());
    }

    [Fact] // 6.4: "the leader can accumulate several read-only requests and confirm them with a single round".
    public void Reads_that_arrive_during_a_round_share_the_next_one()
    {
        CoreDriver leader = Ready();
        long first = leader.Read();
        long second = leader.Read();
        Assert.Empty(leader.Sent<AppendEntries>());
        long third = leader.Read();

        leader.Acknowledge(2, 1);
        Assert.Equal([first], leader.All<Effect.ReadReady>().Select(r => r.Ticket));
        Assert.Equal(2, leader.Sent<AppendEntries>().Count);
        leader.Acknowledge(3, 1);
        Assert.Equal([second, third], leader.All<Effect.ReadReady>().Select(r => r.Ticket));
        Assert.Empty(leader.Sent<AppendEntries>());
    }

    [Fact]
    public void Appends_confirm_reads_as_heartbeats_do()
    {
        CoreDriver leader = Ready();
        leader.Read();
        long second = leader.Read();
        leader.Propose("a");
        leader.Acknowledge(2, 1, leader.LastTokenTo(2));

        Assert.Contains(leader.All<Effect.ReadReady>(), r => r.Ticket == second);
    }

    [Fact]
    public void A_read_sees_what_was_committed_when_it_arrived()
    {
        CoreDriver leader = Ready();
        leader.Propose("a");
        long before = leader.Read();
        leader.Confirm();
        leader.Acknowledge(2, 2);
        Assert.Equal(new Effect.ReadReady(before, new LogIndex(1)), leader.Only<Effect.ReadReady>());
        long after = leader.Read();
        leader.Acknowledge(3, 2);
        Assert.Equal(new Effect.ReadReady(after, new LogIndex(2)), leader.Only<Effect.ReadReady>());
    }

    [Fact]
    public void The_only_voter_answers_at_once()
    {
        CoreDriver leader = Leading(1);
        long ticket = leader.Read();
        Assert.Equal(new Effect.ReadReady(ticket, new LogIndex(1)), leader.Only<Effect.ReadReady>());
    }

    [Fact]
    public void A_leader_that_steps_down_refuses_what_waits()
    {
        CoreDriver leader = Ready();
        long own = leader.Read();
        leader.Receive(3, new ReadIndexRequest(new Term(1), 77));
        leader.Receive(2, new AppendEntriesReply(new Term(5), 1, false, LogIndex.Zero));

        Assert.Equal(own, leader.Only<Effect.ReadRefused>().Ticket);
        ReadIndexReply reply = leader.SentOne<ReadIndexReply>(3);
        Assert.Equal((77UL, false), (reply.Context, reply.Accepted));
        Assert.Equal(0, leader.Core.PendingReads);
    }

    [Fact]
    public void A_leader_that_nobody_confirms_refuses_in_the_end()
    {
        CoreDriver leader = Leading(Options(Voters(1, 2, 3)) with { CheckQuorum = false });
        long ticket = leader.Read();
        for (int i = 0; i < 20; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            Assert.Empty(leader.All<Effect.ReadRefused>());
        }

        leader.Elapse(RaftTimer.Heartbeat);
        Assert.Equal(ticket, leader.Only<Effect.ReadRefused>().Ticket);
    }

    [Fact]
    public void Reads_that_wait_are_bounded()
    {
        CoreDriver leader = Leading(Options(Voters(1, 2, 3)) with { MaxPendingReads = 2 });
        leader.Read();
        leader.Read();
        long third = leader.Read();
        Assert.Equal(third, leader.Only<Effect.ReadRefused>().Ticket);
    }

    [Fact] // 6.4, end: "followers could issue to the leader a request that just asks for the current readIndex".
    public void A_follower_asks_its_leader_and_reads_at_the_index_it_is_told()
    {
        CoreDriver follower = Following();
        CoreDriver leader = Ready();
        long ticket = follower.Read();
        ReadIndexRequest request = follower.SentOne<ReadIndexRequest>(2);

        leader.Receive(3, request);
        leader.Acknowledge(2, 1);
        ReadIndexReply reply = leader.SentOne<ReadIndexReply>(3);
        Assert.Equal(new ReadIndexReply(new Term(1), request.Context, true, new LogIndex(1)), reply);

        follower.Receive(2, reply);
        Assert.Equal(new Effect.ReadReady(ticket, new LogIndex(1)), follower.Only<Effect.ReadReady>());
        Assert.False(follower.IsRunning(RaftTimer.ReadRetry));
    }

    [Fact]
    public void A_follower_has_one_request_under_way_for_all_that_wait()
    {
        CoreDriver follower = Following();
        long first = follower.Read();
        ulong context = follower.SentOne<ReadIndexRequest>(2).Context;
        long second = follower.Read();
        Assert.Empty(follower.Sent<ReadIndexRequest>());

        follower.Receive(2, new ReadIndexReply(new Term(1), context, true, new LogIndex(0)));
        Assert.Equal([first], follower.All<Effect.ReadReady>().Select(r => r.Ticket));
        Assert.Equal(context + 1, follower.SentOne<ReadIndexRequest>(2).Context);
        follower.Receive(2, new ReadIndexReply(new Term(1), context + 1, true, new LogIndex(0)));
        Assert.Equal([second], follower.All<Effect.ReadReady>().Select(r => r.Ticket));
    }

    [Fact]
    public void A_follower_repeats_its_request_and_gives_up_after_an_election_timeout()
    {
        CoreDriver follower = Following();
        long ticket = follower.Read();
        ulong context = follower.SentOne<ReadIndexRequest>(2).Context;
        int repeated = 0;
        TimeSpan begin = follower.Now;
        while (follower.IsRunning(RaftTimer.ReadRetry))
        {
            follower.Receive(2, Heartbeat(1, EntryId.Zero, token: 100));
            follower.Elapse(RaftTimer.ReadRetry);
            repeated += follower.Sent<ReadIndexRequest>().Count(s => s.Message.Context > context);
        }

        Assert.Equal(ticket, follower.Only<Effect.ReadRefused>().Ticket);
        Assert.InRange(repeated, 3, 8);
        Assert.InRange(follower.Now - begin, TimeSpan.FromMilliseconds(2000), TimeSpan.FromMilliseconds(2300));
    }

    [Fact]
    public void A_follower_refuses_without_a_leader_and_when_the_leader_changes()
    {
        CoreDriver follower = Start(3);
        long ticket = follower.Read();
        Assert.Equal(ticket, follower.Only<Effect.ReadRefused>().Ticket);

        follower.Receive(2, Heartbeat(1, EntryId.Zero));
        ticket = follower.Read();
        follower.Confirm();
        follower.Receive(3, Heartbeat(2, EntryId.Zero));
        Assert.Equal((ticket, Node(3)), (follower.Only<Effect.ReadRefused>().Ticket, follower.Only<Effect.ReadRefused>().Leader));
        Assert.False(follower.IsRunning(RaftTimer.ReadRetry));
    }

    [Fact]
    public void A_member_that_does_not_lead_refuses_forwarded_reads()
    {
        CoreDriver follower = Following();
        follower.Receive(3, new ReadIndexRequest(new Term(1), 5));
        Assert.Equal(new ReadIndexReply(new Term(1), 5, false, LogIndex.Zero), follower.SentOne<ReadIndexReply>(3));
    }

    [Fact]
    public void Answers_to_an_earlier_run_of_the_node_confirm_nothing()
    {
        CoreDriver earlier = Following();
        earlier.Read();
        ulong old = earlier.SentOne<ReadIndexRequest>(2).Context;

        CoreDriver member = Start(Options(Voters(1, 2, 3)) with { RandomSeed = 8 });
        member.Receive(2, Heartbeat(1, EntryId.Zero));
        member.Confirm();
        member.Read();
        member.Receive(2, new ReadIndexReply(new Term(1), old, true, LogIndex.Zero));
        Assert.Empty(member.All<Effect.ReadReady>());
    }
}
