using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>Who cannot keep up is not buried: full apply queues, paused peers, and the pace of the slowest healthy member.</summary>
public sealed class FlowControlSpec
{
    private static readonly RaftOptions FewUnapplied = Options(Voters(1, 2, 3)) with { MaxUnappliedEntries = 4 };

    private static PeerStatus Peer(CoreDriver leader, uint id) => leader.Core.Peers.Single(p => p.Id == Node(id));

    [Fact]
    public void A_follower_with_a_full_apply_queue_takes_no_entries_and_says_when_it_does_again()
    {
        CoreDriver follower = Start(FewUnapplied);
        follower.Receive(2, Append(1, EntryId.Zero, 4, 1, [.. Enumerable.Range(1, 4).Select(i => Batch(1, i))]));
        follower.Confirm();
        Assert.Equal(4, follower.Core.CommitIndex.Value);

        follower.Receive(2, Append(1, Id(1, 4), 4, 2, Batch(1, 5)));
        AppendEntriesReply busy = follower.SentOne<AppendEntriesReply>(2);
        Assert.True(busy is { Accepted: true, Busy: true, CurrentIndex.Value: 4, Token: 2 }, busy.ToString());
        Assert.Empty(follower.Persisted);
        Assert.Equal(4, follower.Core.LastEntry.Index.Value);

        // Heartbeats are answered, votes are given, and it is busy until half of it is applied.
        follower.Receive(2, Heartbeat(1, Id(1, 4), 4, 3));
        Assert.True(follower.SentOne<AppendEntriesReply>(2).Busy);
        follower.Step(new RaftInput.Applied(new LogIndex(1)));
        Assert.Empty(follower.Sent<AppendEntriesReply>());
        follower.Step(new RaftInput.Applied(new LogIndex(2)));
        AppendEntriesReply free = follower.SentOne<AppendEntriesReply>(2);
        Assert.True(free is { Accepted: true, Busy: false, CurrentIndex.Value: 4, Token: 2, Applied.Value: 2 }, free.ToString());

        follower.Receive(2, Append(1, Id(1, 4), 4, 4, Batch(1, 5)));
        Assert.Equal(5, follower.Core.LastEntry.Index.Value);
    }

    [Fact]
    public void What_was_in_the_log_at_the_start_does_not_make_busy()
    {
        CoreDriver follower = Start(FewUnapplied, History(1, 1, 1, 1, 1, 1, 1, 1));
        follower.Receive(2, Append(2, Id(1, 8), 8, 1, Batch(2, 9)));
        follower.Confirm();
        follower.Receive(2, Append(2, Id(2, 9), 9, 2, Batch(2, 10)));
        Assert.Equal(10, follower.Core.LastEntry.Index.Value);
        Assert.InRange(follower.Core.UnappliedEntries, 1, 4);
    }

    [Fact]
    public void A_leader_holds_back_only_the_busy_peer_and_goes_on_when_told()
    {
        CoreDriver leader = LeadingInSync(Options(Voters(1, 2, 3)));
        leader.Propose("a");
        leader.Propose("b");
        leader.Receive(2, new AppendEntriesReply(leader.Core.Term, leader.LastTokenTo(2), true, new LogIndex(1), Busy: true));
        Assert.True(Peer(leader, 2) is { IsBusy: true, InFlight: 0 });

        leader.Propose("c");
        Assert.Equal(3u, Assert.Single(leader.Sent<AppendEntries>()).To);
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.Empty(leader.SentOne<AppendEntries>(2).Batches);
        leader.Receive(2, new AppendEntriesReply(leader.Core.Term, leader.LastTokenTo(2), true, new LogIndex(1), Busy: true));
        Assert.Empty(leader.Sent<AppendEntries>());

        leader.Receive(2, new AppendEntriesReply(leader.Core.Term, leader.LastTokenTo(2), true, new LogIndex(1)));
        AppendEntries append = leader.SentOne<AppendEntries>(2);
        Assert.Equal((1L, 4L), (append.Previous.Index.Value, append.LastIndex.Value));

        // An older answer that comes late changes nothing.
        leader.Receive(2, new AppendEntriesReply(leader.Core.Term, append.Token - 3, true, new LogIndex(1), Busy: true));
        Assert.False(Peer(leader, 2).IsBusy);
    }

    [Fact]
    public void A_leader_whose_state_machine_is_behind_refuses_and_one_whose_failed_does_not_wait_for_it()
    {
        CoreDriver leader = LeadingInSync(FewUnapplied);
        for (int i = 2; i <= 4; i++)
        {
            leader.Propose($"{i}");
            leader.Confirm();
            leader.Acknowledge(2, i);
        }

        leader.Propose("too much");
        Assert.True(leader.Only<Effect.ProposalRefused>() is { Refusal: ProposalRefusal.Overloaded, Reason: { } why } && why.Contains("max-unapplied", StringComparison.Ordinal));
        leader.Step(new RaftInput.Applied(new LogIndex(1)));
        leader.Propose("room");
        leader.Only<Effect.ProposalAccepted>();
        leader.Confirm();
        leader.Acknowledge(2, 5);

        leader.Step(new RaftInput.StateMachineFailed());
        Assert.False(leader.Core.IsApplyQueueFull);
        leader.Propose("more");
        leader.Only<Effect.ProposalAccepted>();
    }

    [Fact]
    public void A_paused_peer_gets_heartbeats_and_nothing_else_until_the_time_is_up()
    {
        CoreDriver leader = LeadingInSync(Options(Voters(1, 2, 3)));
        leader.Step(new RaftInput.PauseReplication(7, Node(3), TimeSpan.FromMilliseconds(250)));
        Assert.Equal(new Effect.PauseAnswered(7, PauseOutcome.Paused, Node(1)), leader.Only<Effect.PauseAnswered>());
        leader.Propose("a");
        Assert.Equal(2u, Assert.Single(leader.Sent<AppendEntries>()).To);
        leader.Confirm();
        leader.Acknowledge(2, 2);
        Assert.Equal(2, leader.Core.CommitIndex.Value);

        for (int i = 0; i < 2; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            Assert.Empty(leader.SentOne<AppendEntries>(3).Batches);
            leader.Acknowledge(3, 1);
            Assert.Empty(leader.Sent<AppendEntries>());
        }

        leader.Elapse(RaftTimer.Heartbeat);
        Assert.Contains(leader.Sent<AppendEntries>(), s => s.To == 3 && s.Message.LastIndex.Value == 2);
        Assert.False(Peer(leader, 3).IsPaused);
    }

    [Fact]
    public void A_pause_is_refused_where_it_makes_no_sense_and_ended_on_demand()
    {
        CoreDriver leader = LeadingInSync(Options(Voters(1, 2, 3)));
        Assert.Equal(PauseOutcome.UnknownPeer, Ask(leader, 9, 1));
        Assert.Equal(PauseOutcome.UnknownPeer, Ask(leader, 1, 1));
        Assert.Equal(PauseOutcome.BadDuration, Ask(leader, 2, -1));
        Assert.Equal(PauseOutcome.BadDuration, Ask(leader, 2, 3601));
        Assert.Equal(PauseOutcome.NotLeader, Ask(Following(), 3, 1));
        Assert.Equal(PauseOutcome.Paused, Ask(leader, 2, 60));
        leader.Propose("a");
        Assert.Equal(PauseOutcome.Resumed, Ask(leader, 2, 0));
        Assert.Single(leader.SentOne<AppendEntries>(2).Batches);

        static PauseOutcome Ask(CoreDriver member, uint peer, double seconds)
        {
            member.Step(new RaftInput.PauseReplication(1, Node(peer), TimeSpan.FromSeconds(seconds)));
            return member.Only<Effect.PauseAnswered>().Outcome;
        }
    }

    [Fact]
    public void The_slowest_healthy_member_sets_the_pace()
    {
        CoreDriver leader = LeadingInSync(Options(Voters(1, 2, 3)) with { PaceLagEntries = 3 });
        Step(2, 3);
        for (int i = 3; i <= 5; i++)
        {
            Assert.Null(Refused());
            leader.Acknowledge(2, i);
        }

        Assert.Contains("member 3 is 3 entries behind", Refused(), StringComparison.Ordinal);
        leader.Acknowledge(3, 5);
        Assert.Null(Refused());

        // Silent for an election timeout: nobody waits for it, also not when it turns up far behind.
        leader.Wait(TimeSpan.FromMilliseconds(1001));
        for (int i = 7; i <= 13; i++)
        {
            leader.Acknowledge(2, i - 1);
            Assert.Null(Refused());
        }

        leader.Acknowledge(3, 6);
        leader.Acknowledge(2, 13);
        Assert.Null(Refused());

        // Caught up, it counts again.
        leader.Acknowledge(3, 14);
        for (int i = 14; i <= 16; i++)
        {
            leader.Acknowledge(2, i);
            Assert.Null(Refused());
        }

        Assert.NotNull(Refused());

        void Step(params uint[] ids)
        {
            leader.Propose("b");
            leader.Confirm();
            foreach (uint id in ids)
            {
                leader.Acknowledge(id, leader.Core.LastEntry.Index.Value);
            }
        }

        string? Refused()
        {
            leader.Propose("x");
            string? reason = leader.All<Effect.ProposalRefused>().SingleOrDefault()?.Reason;
            leader.Confirm();
            return reason;
        }
    }

    [Fact]
    public void The_time_that_a_member_would_need_to_apply_is_bounded_too()
    {
        CoreDriver leader = LeadingInSync(Options(Voters(1, 2, 3)) with { PaceApplyTime = TimeSpan.FromSeconds(1) });
        long applied = 1;
        int accepted = 0;
        string? reason = null;
        for (int beat = 0; beat < 20 && reason is null; beat++)
        {
            // Ten entries for every heartbeat; member 3 applies one: ten a second.
            leader.Propose([.. Enumerable.Range(0, 10).Select(i => $"{beat}.{i}")]);
            reason = leader.All<Effect.ProposalRefused>().SingleOrDefault()?.Reason;
            accepted += reason is null ? 1 : 0;
            leader.Confirm();
            long last = leader.Core.LastEntry.Index.Value;
            leader.Elapse(RaftTimer.Heartbeat);
            Reply(2, last, last);
            Reply(3, last, ++applied);
        }

        Assert.Contains("member 3 would need", reason, StringComparison.Ordinal);
        Assert.InRange(accepted, 3, 8);

        // It catches up, and the leader goes on.
        leader.Elapse(RaftTimer.Heartbeat);
        Reply(3, leader.Core.LastEntry.Index.Value, leader.Core.LastEntry.Index.Value);
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Propose("again");
        leader.Only<Effect.ProposalAccepted>();

        void Reply(uint from, long match, long done) =>
            leader.Receive(from, new AppendEntriesReply(leader.Core.Term, leader.LastTokenTo(from), true, new LogIndex(match), Applied: new LogIndex(done)));
    }
}
