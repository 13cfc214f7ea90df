using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>Raft paper section 5.3, log replication.</summary>
public sealed class LogReplicationSpec
{
    [Fact] // 5.3: "The leader appends the command to its log as a new entry, then issues AppendEntries RPCs in parallel".
    public void A_leader_writes_and_sends_in_the_same_step()
    {
        CoreDriver leader = Leading();
        leader.Acknowledge(2, 1);
        leader.Acknowledge(3, 1);
        long ticket = leader.Propose("a", "b");

        EntryBatch batch = ((EntriesAppended)Assert.Single(leader.Persisted)).Batch;
        Assert.Equal(2, batch.Count);
        foreach (uint peer in new uint[] { 2, 3 })
        {
            AppendEntries append = leader.SentOne<AppendEntries>(peer);
            Assert.Equal(Id(1, 1), append.Previous);
            Assert.Same(batch, Assert.Single(append.Batches));
        }

        Assert.Equal(new Effect.ProposalAccepted(ticket, Id(1, 2), 2), leader.Only<Effect.ProposalAccepted>());
        Assert.Equal([typeof(Effect.Persist), typeof(Effect.Send), typeof(Effect.Send), typeof(Effect.ProposalAccepted)], leader.Effects.Select(e => e.GetType()));
    }

    [Fact] // 5.3: "A log entry is committed once the leader that created the entry has replicated it on a majority of the servers".
    public void An_entry_is_committed_when_a_majority_has_it_on_disk()
    {
        CoreDriver leader = Leading(5);
        leader.Acknowledge(2, 1);
        Assert.Equal(LogIndex.Zero, leader.Core.CommitIndex);
        leader.Acknowledge(3, 1);

        Assert.Equal(new LogIndex(1), leader.Core.CommitIndex);
        Effect.Commit commit = leader.Only<Effect.Commit>();
        Assert.Equal((new LogIndex(1), new LogIndex(1)), (commit.First, commit.Last));
    }

    [Fact] // Thesis 10.2.1: the leader "may even commit an entry before it has been written to its own disk, if a majority of followers have".
    public void The_leaders_own_log_counts_only_as_far_as_its_disk()
    {
        CoreDriver leader = Leading();
        leader.Acknowledge(2, 1);
        leader.Acknowledge(3, 1);
        leader.Propose("a");
        leader.Acknowledge(2, 2);
        Assert.Equal(new LogIndex(1), leader.Core.CommitIndex);

        leader.Acknowledge(3, 2);
        Assert.Equal(new LogIndex(2), leader.Core.CommitIndex);

        // Committed, but not given to the state machine before it is on this member's disk too.
        Assert.Empty(leader.All<Effect.Commit>());
        leader.Confirm();
        Assert.Equal(new LogIndex(2), leader.Only<Effect.Commit>().Last);
    }

    [Fact] // 5.3: the leader "includes that index in future AppendEntries RPCs (including heartbeats)".
    public void The_commit_index_reaches_idle_followers_at_once_and_only_once()
    {
        CoreDriver leader = Leading();
        leader.Acknowledge(2, 1);
        Assert.Equal(new LogIndex(1), leader.SentOne<AppendEntries>(2).Commit);
        Assert.Empty(leader.SentOne<AppendEntries>(2).Batches);

        leader.Acknowledge(2, 1);
        Assert.Empty(leader.Sent<AppendEntries>());

        // The other one learns of it with its own acknowledgement.
        leader.Acknowledge(3, 1);
        Assert.Equal([3u], leader.Sent<AppendEntries>().Select(s => s.To));
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.All(leader.Sent<AppendEntries>(), s => Assert.Equal(new LogIndex(1), s.Message.Commit));
    }

    [Fact] // 5.3: "Once a follower learns that a log entry is committed, it applies the entry to its local state machine (in log order)."
    public void A_follower_applies_what_the_leader_says_is_committed()
    {
        CoreDriver follower = Following();
        follower.Receive(2, Append(1, EntryId.Zero, 0, 2, Batch(1, 1), Batch(1, 2, "a", "b")));
        follower.Confirm();
        follower.Receive(2, Heartbeat(1, Id(1, 3), commit: 2, token: 3));

        Effect.Commit commit = follower.Only<Effect.Commit>();
        Assert.Equal((new LogIndex(1), new LogIndex(2)), (commit.First, commit.Last));
        Assert.Equal(2, commit.Batches.Count);

        // The rest of the second batch comes later, and the batch with it again.
        follower.Receive(2, Heartbeat(1, Id(1, 3), commit: 3, token: 4));
        commit = follower.Only<Effect.Commit>();
        Assert.Equal((new LogIndex(3), new LogIndex(3)), (commit.First, commit.Last));
        Assert.Equal(new LogIndex(2), Assert.Single(commit.Batches).FirstIndex);
    }

    [Fact] // Figure 2: "set commitIndex = min(leaderCommit, index of last new entry)".
    public void A_follower_never_commits_beyond_what_the_message_shows_to_match()
    {
        CoreDriver follower = Following(term: 3, voters: 3, History(1, 1, 1, 1));
        follower.Receive(2, Append(3, Id(1, 1), 4, 2, Batch(1, 2)));

        Assert.Equal(new LogIndex(2), follower.Core.CommitIndex);
    }

    [Theory] // 5.3: "If the follower does not find an entry in its log with the same index and term, then it refuses the new entries."
    [InlineData(1, 2, true)]
    [InlineData(2, 3, true)]
    [InlineData(2, 2, false)]
    [InlineData(1, 3, false)]
    [InlineData(2, 4, false)]
    [InlineData(0, 0, true)]
    public void A_follower_checks_the_entry_before_the_new_ones(long term, long index, bool matches)
    {
        CoreDriver follower = Following(term: 3, voters: 3, History(1, 1, 2));
        follower.Receive(2, Heartbeat(3, Id(term, index), token: 9));

        Assert.Equal(matches, follower.SentOne<AppendEntriesReply>(2).Accepted);
        Assert.Equal(3, follower.Core.LastEntry.Index.Value);
    }

    // Figure 7 of the paper: what followers may look like when a leader with log 1 1 1 4 4 5 5 6 6 6 comes to power in term 8.
    public static TheoryData<long[]> Figure7 => new()
    {
        { [1, 1, 1, 4, 4, 5, 5, 6, 6] },
        { [1, 1, 1, 4] },
        { [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6] },
        { [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7] },
        { [1, 1, 1, 4, 4, 4, 4] },
        { [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3] },
    };

    [Theory] // 5.3: "the leader handles inconsistencies by forcing the followers' logs to duplicate its own".
    [MemberData(nameof(Figure7))]
    public void A_leader_brings_every_log_of_figure_7_to_its_own(long[] terms)
    {
        long[] own = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
        CoreDriver leader = Start(3, [.. History(own), new TermState(new Term(7), NodeId.None)]);
        CoreDriver follower = Start(Options(Voters(1, 2, 3), self: 2), History(terms));
        leader.BecomeLeader();
        Assert.Equal(new Term(8), leader.Core.Term);

        int rounds = 0;
        AppendEntries next = leader.SentOne<AppendEntries>(2);
        leader.Confirm();
        while (follower.Core.LastEntry != leader.Core.LastEntry)
        {
            Assert.True(++rounds <= 6, "a term at a time, not an entry at a time");
            follower.Receive(1, next);
            List<AppendEntriesReply> replies = [.. follower.Sent<AppendEntriesReply>().Select(s => s.Message)];
            follower.Confirm();
            replies.AddRange(follower.Sent<AppendEntriesReply>().Select(s => s.Message));
            foreach (AppendEntriesReply reply in replies)
            {
                leader.Receive(2, reply);
                next = leader.Sent<AppendEntries>().Where(s => s.To == 2).Select(s => s.Message).FirstOrDefault() ?? next;
            }
        }

        Assert.Equal(leader.EntryIds, follower.EntryIds);
        Assert.Equal(11, leader.Core.CommitIndex.Value);
    }

    [Fact] // 5.3: AppendEntries "is idempotent"; only a conflict deletes entries.
    public void Appends_that_come_late_twice_or_out_of_order_take_nothing_away()
    {
        CoreDriver follower = Following();
        AppendEntries first = Append(1, EntryId.Zero, 0, 2, Batch(1, 1));
        AppendEntries second = Append(1, Id(1, 1), 0, 3, Batch(1, 2), Batch(1, 3));
        follower.Receive(2, first);
        follower.Receive(2, second);
        follower.Confirm();

        foreach (AppendEntries late in new[] { first, second, first, Heartbeat(1, EntryId.Zero, token: 4) })
        {
            follower.Receive(2, late);
            Assert.Empty(follower.Persisted);
            Assert.Equal(Id(1, 3), follower.Core.LastEntry);

            // Acknowledged again, with all that matches and is on disk: a lost answer repairs itself.
            AppendEntriesReply reply = follower.SentOne<AppendEntriesReply>(2);
            Assert.Equal((true, 3L, late.Token), (reply.Accepted, reply.CurrentIndex.Value, reply.Token));
        }
    }

    [Fact]
    public void A_batch_of_which_the_follower_has_the_beginning_is_cut()
    {
        CoreDriver follower = Following();
        follower.Receive(2, Append(1, EntryId.Zero, 0, 2, Batch(1, 1, "a", "b")));
        follower.Receive(2, Append(1, EntryId.Zero, 0, 3, Batch(1, 1, "a", "b", "c", "d")));

        EntryBatch rest = ((EntriesAppended)Assert.Single(follower.Persisted)).Batch;
        Assert.Equal((3L, 4L), (rest.FirstIndex.Value, rest.LastIndex.Value));
    }

    [Fact] // 5.3: "conflicting entries in follower logs will be overwritten with entries from the leader's log".
    public void A_conflict_truncates_in_the_same_journal_event()
    {
        CoreDriver follower = Following(term: 3, voters: 3, History(1, 1, 2, 2));
        follower.Receive(2, Append(3, Id(1, 1), 0, 2, Batch(1, 2), Batch(3, 3)));

        EntryBatch replaced = ((EntriesAppended)Assert.Single(follower.Persisted)).Batch;
        Assert.Equal(Id(3, 3), replaced.LastId);
        Assert.Equal([Id(1, 1), Id(1, 2), Id(3, 3)], follower.EntryIds);
    }

    [Fact]
    public void What_is_committed_is_never_truncated()
    {
        CoreDriver follower = Following(term: 1, voters: 3, History(1, 1, 1));
        follower.Receive(2, Heartbeat(1, Id(1, 3), commit: 3, token: 2));
        Assert.Equal(3, follower.Core.CommitIndex.Value);

        Assert.Throws<InvariantViolationException>(() => follower.Receive(3, Append(2, Id(1, 1), 0, 1, Batch(2, 2))));
    }

    [Fact] // 5.1: "at most one leader can be elected in a given term".
    public void A_second_leader_of_a_term_is_not_believed()
    {
        CoreDriver follower = Following();
        follower.Receive(3, Append(1, EntryId.Zero, 0, 1, Batch(1, 1)));
        Assert.Empty(follower.Effects);
        Assert.Equal(Node(2), follower.Core.Leader);

        CoreDriver leader = Leading();
        leader.Receive(3, Append(1, EntryId.Zero, 0, 1, Batch(1, 1)));
        Assert.Empty(leader.Effects);
        Assert.Equal(1, leader.Core.DroppedMessages);
    }

    [Fact]
    public void Learners_are_fed_like_voters_and_do_not_count()
    {
        CoreDriver leader = Leading(Options(Members((1, MemberKind.Voter), (2, MemberKind.Voter), (3, MemberKind.Learner))));
        leader.Propose("a");
        leader.Confirm();
        leader.Acknowledge(3, 1);
        Assert.Equal(2, leader.SentOne<AppendEntries>(3).LastIndex.Value);
        leader.Acknowledge(3, 2);
        Assert.Equal(LogIndex.Zero, leader.Core.CommitIndex);

        leader.Acknowledge(2, 1);
        Assert.Equal(1, leader.Core.CommitIndex.Value);
    }
}
