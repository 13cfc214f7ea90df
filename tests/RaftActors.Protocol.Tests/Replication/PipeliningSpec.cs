using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>Thesis section 10.2.1 and 10.2.2: batches and pipelines; and what a leader does when messages are lost.</summary>
public sealed class PipeliningSpec
{
    private static RaftOptions Small => Options(Voters(1, 2, 3)) with { MaxInFlightAppends = 3, MaxAppendBytes = 200 };

    private static PeerStatus Peer(CoreDriver leader, uint id) => leader.Core.Peers.Single(p => p.Id == Node(id));

    [Fact]
    public void Appends_follow_each_other_without_waiting_up_to_the_window()
    {
        CoreDriver leader = LeadingInSync(Small);
        for (int i = 0; i < 5; i++)
        {
            leader.Propose($"value {i}");
            Assert.Equal(i < 3 ? 2 : 0, leader.Sent<AppendEntries>().Count);
        }

        Assert.Equal(3, Peer(leader, 2).InFlight);

        // Two answers make room for two; what has come together since goes in one message.
        leader.Acknowledge(2, 3);
        AppendEntries append = leader.SentOne<AppendEntries>(2);
        Assert.Equal((4L, 6L), (append.Previous.Index.Value, append.LastIndex.Value));
        Assert.DoesNotContain(leader.Sent<AppendEntries>(), s => s.To == 3);
    }

    [Fact]
    public void Peers_that_lack_the_same_get_the_very_same_message_and_others_one_of_their_own()
    {
        CoreDriver leader = LeadingInSync(Small);
        leader.Propose("to both");
        AppendEntries first = leader.SentOne<AppendEntries>(2);
        Assert.Same(first, leader.SentOne<AppendEntries>(3));
        leader.Propose("to both again");
        AppendEntries second = leader.SentOne<AppendEntries>(2);
        Assert.Same(second, leader.SentOne<AppendEntries>(3));
        Assert.True(second.Token > first.Token, $"{second.Token} does not come behind {first.Token}");

        // The window of one is full, and that of the other has room: when it has room too, it lacks more.
        leader.Propose("c");
        leader.Acknowledge(2, 4);
        leader.Propose("only to one");
        Assert.Equal([2u], leader.Sent<AppendEntries>().Select(s => s.To));
        ulong token = leader.LastTokenTo(2);
        leader.Acknowledge(3, 2);
        AppendEntries late = leader.SentOne<AppendEntries>(3);
        Assert.Equal((4L, 5L), (late.Previous.Index.Value, late.LastIndex.Value));
        Assert.True(late.Token > token, $"{late.Token} does not come behind {token}");

        // An answer of each counts for that one alone.
        leader.Acknowledge(2, 5, second.Token);
        Assert.Equal((5L, 2L), (Peer(leader, 2).Match.Value, Peer(leader, 3).Match.Value));
    }

    [Fact]
    public void Only_batches_of_proposals_get_room_in_front()
    {
        CoreDriver leader = LeadingInSync(Small with { BatchRoom = 64 });
        leader.Propose("a");
        Assert.True(leader.SentOne<AppendEntries>(2).Batches[0].TryTakeRoom(64, out byte[]? bytes));
        Assert.True(bytes.AsSpan(64).Overlaps(((EntriesAppended)leader.Persisted[0]).Batch.Encoded.Span));
        Assert.Throws<ArgumentException>(() => Start(Small with { BatchRoom = -1 }));
    }

    [Fact]
    public void The_window_is_bounded_by_bytes_too()
    {
        CoreDriver leader = LeadingInSync(Options(Voters(1, 2, 3)) with { MaxInFlightBytes = 1000 });
        for (int i = 0; i < 5; i++)
        {
            leader.Propose(new string('x', 400));
        }

        Assert.Equal(3, Peer(leader, 2).InFlight);
        Assert.Equal(3 * 440, Peer(leader, 2).InFlightBytes);
    }

    [Fact]
    public void A_follower_far_behind_is_fed_in_full_windows()
    {
        CoreDriver leader = Leading(Small, [.. History(1), .. Enumerable.Range(2, 98).Select(i => (RaftEvent)new EntriesAppended(Batch(1, i)))]);
        leader.Receive(2, new AppendEntriesReply(leader.Core.Term, 1, false, LogIndex.Zero));
        AppendEntries probe = leader.SentOne<AppendEntries>(2);
        Assert.Equal(EntryId.Zero, probe.Previous);

        int messages = 1;
        leader.Acknowledge(2, probe.LastIndex.Value, probe.Token);
        while (Peer(leader, 2).Match < leader.Core.LastEntry.Index)
        {
            IReadOnlyList<(uint To, AppendEntries Message)> window = leader.Sent<AppendEntries>();
            Assert.InRange(window.Count, 1, 3);
            Assert.All(window, s => Assert.InRange(s.Message.Batches.Sum(b => b.Encoded.Length), 1, 200));
            messages += window.Count;
            leader.Acknowledge(2, window[^1].Message.LastIndex.Value);
        }

        Assert.InRange(messages, 20, 30);
    }

    [Fact]
    public void A_batch_larger_than_a_message_goes_alone()
    {
        CoreDriver leader = LeadingInSync(Small);
        leader.Propose(new string('x', 1000));
        Assert.Single(leader.SentOne<AppendEntries>(2).Batches);
    }

    [Fact]
    public void A_peer_that_is_probed_gets_one_append_and_then_heartbeats_without_entries()
    {
        CoreDriver leader = Leading();
        Assert.Equal(PeerState.Probing, Peer(leader, 2).State);
        leader.Propose("a");
        Assert.Empty(leader.Sent<AppendEntries>());
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.All(leader.Sent<AppendEntries>(), s => Assert.Empty(s.Message.Batches));

        leader.Acknowledge(2, 1);
        Assert.Equal(PeerState.Replicating, Peer(leader, 2).State);
        Assert.Equal(2, leader.SentOne<AppendEntries>(2).LastIndex.Value);
    }

    [Fact] // A gap, because an append was lost: the follower refuses what comes behind it, and says where its log ends.
    public void On_a_gap_the_leader_falls_back_and_continues_where_the_follower_is()
    {
        CoreDriver leader = LeadingInSync(Small);
        leader.Propose("lost");
        leader.Propose("b");
        ulong token = leader.LastTokenTo(2);
        leader.Propose("c");
        leader.Receive(2, new AppendEntriesReply(new Term(1), token, false, new LogIndex(1)));

        AppendEntries again = leader.SentOne<AppendEntries>(2);
        Assert.Equal((1L, 4L), (again.Previous.Index.Value, again.LastIndex.Value));

        // The refusal of the next one was caused by the same gap and says nothing new.
        leader.Receive(2, new AppendEntriesReply(new Term(1), token + 2, false, new LogIndex(1)));
        Assert.Empty(leader.Sent<AppendEntries>());
        leader.Acknowledge(2, 4, again.Token);
        Assert.Equal(PeerState.Replicating, Peer(leader, 2).State);
    }

    [Fact]
    public void An_unreachable_peer_is_probed_at_the_next_heartbeat_and_not_before()
    {
        CoreDriver leader = LeadingInSync(Small);
        leader.Propose("a");
        leader.Step(new RaftInput.PeerUnreachable(Node(2)));
        Assert.Equal((PeerState.Probing, 0), (Peer(leader, 2).State, Peer(leader, 2).InFlight));
        leader.Propose("b");
        Assert.Equal([3u], leader.Sent<AppendEntries>().Select(s => s.To));

        leader.Elapse(RaftTimer.Heartbeat);
        AppendEntries probe = leader.SentOne<AppendEntries>(2);
        Assert.Equal(1, probe.Previous.Index.Value);
        leader.Acknowledge(2, 1, probe.Token);
        Assert.Equal(3, leader.SentOne<AppendEntries>(2).LastIndex.Value);
    }

    [Fact]
    public void A_late_answer_to_what_was_given_up_does_not_end_the_probing()
    {
        CoreDriver leader = LeadingInSync(Small);
        leader.Propose("a");
        ulong old = leader.LastTokenTo(2);
        leader.Step(new RaftInput.PeerUnreachable(Node(2)));
        leader.Acknowledge(2, 2, old);

        Assert.Equal((PeerState.Probing, 2L), (Peer(leader, 2).State, Peer(leader, 2).Match.Value));
    }

    [Fact]
    public void Appends_without_an_answer_for_an_election_timeout_are_taken_for_lost()
    {
        CoreDriver leader = LeadingInSync(Small);
        leader.Propose("a");
        for (int i = 0; i < 9; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            leader.Acknowledge(2, 1);
            leader.Acknowledge(3, 1);
        }

        Assert.Equal(PeerState.Replicating, Peer(leader, 2).State);
        leader.Wait(TimeSpan.FromMilliseconds(100));
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.Equal(PeerState.Probing, Peer(leader, 2).State);
        leader.Acknowledge(2, 1);
        Assert.Equal(2, leader.SentOne<AppendEntries>(2).LastIndex.Value);
    }

    [Fact]
    public void A_lost_answer_is_made_up_for_by_the_answer_to_a_heartbeat()
    {
        CoreDriver follower = Following();
        follower.Receive(2, Append(1, EntryId.Zero, 0, 2, Batch(1, 1)));
        follower.Confirm();
        follower.Receive(2, Heartbeat(1, EntryId.Zero, token: 3));
        Assert.Equal(1, follower.SentOne<AppendEntriesReply>(2).CurrentIndex.Value);
    }

    [Fact]
    public void A_heartbeat_names_what_is_acknowledged_and_so_needs_no_disk_and_no_order()
    {
        CoreDriver leader = LeadingInSync(Small);
        leader.Propose("a");
        leader.Elapse(RaftTimer.Heartbeat);
        AppendEntries heartbeat = leader.SentOne<AppendEntries>(2);
        Assert.Equal(Id(1, 1), heartbeat.Previous);

        // At a follower whose disk is slow.
        CoreDriver follower = Following();
        follower.Receive(2, Append(1, EntryId.Zero, 0, 2, Batch(1, 1)));
        follower.Confirm();
        follower.Receive(2, Append(1, Id(1, 1), 0, 3, Batch(1, 2)));
        Assert.Empty(follower.Sent<AppendEntriesReply>());
        follower.Receive(2, Heartbeat(1, Id(1, 1), token: 4));
        Assert.Equal(1, follower.SentOne<AppendEntriesReply>(2).CurrentIndex.Value);
    }

    [Fact]
    public void Answers_to_what_was_never_sent_change_nothing()
    {
        CoreDriver leader = LeadingInSync(Small);
        leader.Acknowledge(2, 1, token: 1000);
        leader.Acknowledge(2, 99, token: 1);

        Assert.Equal(2, leader.Core.DroppedMessages);
        Assert.Equal(1, Peer(leader, 2).Match.Value);
    }

    [Fact] // A peer that refuses what it has acknowledged has lost data. It is asked again at heartbeats, and not fed.
    public void A_peer_that_forgot_what_it_acknowledged_is_not_fed_again()
    {
        CoreDriver leader = LeadingInSync(Small);
        for (int i = 0; i < 5; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            leader.Receive(2, new AppendEntriesReply(new Term(1), leader.LastTokenTo(2), false, LogIndex.Zero));
            Assert.Empty(leader.Sent<AppendEntries>());
        }

        Assert.Equal((PeerState.Probing, 1L), (Peer(leader, 2).State, Peer(leader, 2).Match.Value));
    }
}
