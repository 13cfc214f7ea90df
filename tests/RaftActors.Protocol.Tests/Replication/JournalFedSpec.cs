using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>Peers and the state machine are fed from the journal when what they need is no longer in memory.</summary>
public sealed class JournalFedSpec
{
    private static RaftOptions Small => Options(Voters(1, 2, 3, 4)) with { MaxLogEntriesInMemory = 2, MaxEntryReads = 1, MaxAppendBytes = 200 };

    private static CoreDriver LeaderOfLongLog()
    {
        CoreDriver leader = Leading(Small, History(1, 1, 1, 1, 1, 1));
        Assert.True(leader.Core.FirstInMemory.Value > 5);
        return leader;
    }

    [Fact]
    public void What_a_live_peer_lacks_stays_in_memory_and_what_all_have_does_not()
    {
        CoreDriver leader = LeadingInSync(Options(Voters(1, 2, 3)) with { SpareLogBytesInMemory = 0 });
        leader.ProposeDurably("a");
        leader.ProposeDurably("b");
        Assert.Equal(2, leader.Core.FirstInMemory.Value);
        leader.Acknowledge(2, 3);
        leader.ProposeDurably("c");
        Assert.Equal(2, leader.Core.FirstInMemory.Value);
        leader.Acknowledge(3, 2);
        leader.ProposeDurably("d");
        Assert.Equal(3, leader.Core.FirstInMemory.Value);

        // Committed without the peer that is silent: nothing is kept for it.
        leader.Wait(leader.Core.Options.ElectionTimeoutMin);
        leader.Acknowledge(2, 5);
        leader.ProposeDurably("e");
        Assert.Equal(6, leader.Core.FirstInMemory.Value);

        // It is back, and fed from the journal.
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Acknowledge(3, 2);
        Assert.Equal(3, leader.Only<Effect.ReadEntries>().First.Value);
    }

    [Fact]
    public void What_the_state_machine_has_not_been_given_stays_in_memory()
    {
        // One entry at a time, and it has not applied the first.
        CoreDriver leader = LeadingInSync(Options(Voters(1, 2, 3)) with { SpareLogBytesInMemory = 0, MaxUnappliedBytes = 1 });
        leader.Propose("a");
        leader.Acknowledge(2, 2);
        leader.Acknowledge(3, 2);
        leader.Confirm();
        Assert.Equal((2L, 2L), (leader.Core.CommitIndex.Value, leader.Core.FirstInMemory.Value));

        leader.Step(new RaftInput.Applied(new LogIndex(1)));
        leader.ProposeDurably("b");
        Assert.Equal(3, leader.Core.FirstInMemory.Value);
    }

    [Fact]
    public void A_laggard_is_probed_first_and_then_sent_what_was_read()
    {
        CoreDriver leader = LeaderOfLongLog();
        leader.Receive(2, new AppendEntriesReply(leader.Core.Term, leader.LastTokenTo(2), false, new LogIndex(2)));
        AppendEntries probe = leader.SentOne<AppendEntries>(2);
        Assert.Equal(Id(1, 2), probe.Previous);
        Assert.Empty(probe.Batches);
        Assert.Empty(leader.All<Effect.ReadEntries>());

        leader.Acknowledge(2, 2, probe.Token);
        Effect.ReadEntries read = leader.Only<Effect.ReadEntries>();
        Assert.Equal((Node(2), 3L), (read.For, read.First.Value));

        // Heartbeats and their answers do not ask again.
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Acknowledge(2, 2);
        Assert.Empty(leader.All<Effect.ReadEntries>());

        leader.Step(new RaftInput.EntriesRead(read.Ticket, [Batch(1, 2, "a", "b"), Batch(1, 4)]));
        AppendEntries append = leader.SentOne<AppendEntries>(2);
        Assert.Equal((2L, 4L), (append.Previous.Index.Value, append.LastIndex.Value));
        Assert.Equal(3, append.Batches[0].FirstIndex.Value);
        Assert.Equal(5, leader.Only<Effect.ReadEntries>().First.Value);
    }

    [Fact]
    public void Peers_share_the_reads_in_turn_and_never_hold_up_one_that_needs_none()
    {
        CoreDriver leader = LeaderOfLongLog();
        long last = leader.Core.LastEntry.Index.Value;
        leader.Acknowledge(4, last);
        leader.Acknowledge(2, 1);
        Effect.ReadEntries first = leader.Only<Effect.ReadEntries>();
        leader.Acknowledge(3, 1);
        Assert.Empty(leader.All<Effect.ReadEntries>());

        leader.Propose("next");
        Assert.Equal(4u, Assert.Single(leader.Sent<AppendEntries>()).To);

        leader.Step(new RaftInput.EntriesRead(first.Ticket, [Batch(1, 2)]));
        Assert.Equal(Node(3), leader.Only<Effect.ReadEntries>().For);
    }

    [Fact]
    public void Wrong_entries_are_not_sent_and_a_journal_that_fails_again_and_again_leads_to_the_snapshot()
    {
        CoreDriver leader = LeaderOfLongLog();
        long last = leader.Core.LastEntry.Index.Value;
        leader.Acknowledge(3, last);
        leader.Acknowledge(4, last);
        Effect.ReadEntries own = leader.All<Effect.ReadEntries>().Single(r => r.For.IsNone);
        leader.Step(new RaftInput.EntriesRead(own.Ticket, [.. Enumerable.Range(1, 5).Select(i => Batch(1, i))]));
        leader.Step(new RaftInput.Applied(new LogIndex(5)));
        leader.Step(new RaftInput.SnapshotTaken(leader.Core.DescribeSnapshot(new LogIndex(4))!));
        leader.Confirm();
        Assert.Equal(LogIndex.Zero, leader.Core.LogBase.Index);

        leader.Acknowledge(2, 1);
        for (int i = 0; i < 3; i++)
        {
            Effect.ReadEntries read = leader.Only<Effect.ReadEntries>();
            leader.Step(i == 1 ? new RaftInput.EntriesUnreadable(read.Ticket) : new RaftInput.EntriesRead(read.Ticket, [Batch(7, 2)]));
            Assert.Empty(leader.Sent<AppendEntries>());
            if (i < 2)
            {
                Assert.Empty(leader.All<Effect.SendSnapshot>());
                leader.Elapse(RaftTimer.Heartbeat);
            }
        }

        Assert.Equal(3, leader.Core.FailedEntryReads);
        Assert.Equal(Node(2), leader.Only<Effect.SendSnapshot>().Peer);
    }

    [Fact]
    public void A_compaction_during_a_read_leads_to_the_snapshot()
    {
        CoreDriver leader = Leading(Small with { ReservedEntries = 0 }, History(1, 1, 1, 1, 1, 1));
        long last = leader.Core.LastEntry.Index.Value;
        leader.Acknowledge(2, 1);
        Effect.ReadEntries read = leader.All<Effect.ReadEntries>().Single(r => r.For == Node(2));
        leader.Acknowledge(3, last);
        leader.Acknowledge(4, last);
        Effect.ReadEntries own = leader.All<Effect.ReadEntries>().Single(r => r.For.IsNone);
        leader.Step(new RaftInput.EntriesRead(own.Ticket, [.. Enumerable.Range(1, 5).Select(i => Batch(1, i))]));
        leader.Step(new RaftInput.Applied(new LogIndex(5)));
        leader.Step(new RaftInput.SnapshotTaken(leader.Core.DescribeSnapshot(new LogIndex(5))!));
        leader.Step(new RaftInput.EntriesRead(read.Ticket, [Batch(1, 2), Batch(1, 3)]));
        Assert.Empty(leader.Sent<AppendEntries>());
        Assert.Equal(Node(2), leader.Only<Effect.SendSnapshot>().Peer);
    }

    [Fact]
    public void The_state_machine_is_fed_in_order_whatever_has_to_be_read()
    {
        RaftEvent[] history = History([.. Enumerable.Repeat(1L, 40)]);
        RaftOptions options = Options(Voters(1, 2, 3)) with { MaxLogEntriesInMemory = 3, MaxUnappliedEntries = 5, MaxAppendBytes = 150 };
        CoreDriver member = Start(options, history);
        List<Effect> effects = [.. member.Receive(2, Heartbeat(1, Id(1, 40), 40))];
        effects.AddRange(member.Confirm());
        long applied = 0;
        while (effects.Count > 0)
        {
            Effect[] now = [.. effects];
            effects.Clear();
            foreach (Effect effect in now)
            {
                if (effect is Effect.ReadEntries read)
                {
                    effects.AddRange(member.Step(new RaftInput.EntriesRead(read.Ticket, [.. Enumerable.Range((int)read.First.Value, 2).Where(i => i <= read.Last.Value).Select(i => Batch(1, i))])));
                }
                else if (effect is Effect.Commit commit)
                {
                    Assert.Equal(applied + 1, commit.First.Value);
                    Assert.Equal(commit.First, commit.Batches[0].FirstIndex);
                    applied = commit.Last.Value;
                    Assert.InRange(member.Core.UnappliedEntries, 1, 5);
                    effects.AddRange(member.Step(new RaftInput.Applied(commit.Last)));
                }
            }
        }

        Assert.Equal(40, applied);
    }
}
