using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>Raft paper sections 5.4.2 (committing entries from previous terms) and 8 (the no-op of a new leader).</summary>
public sealed class CommitmentSpec
{
    [Fact] // Figure 8: an entry of an earlier term on a majority may still be overwritten; counting does not commit it.
    public void Entries_of_earlier_terms_are_not_committed_by_counting()
    {
        CoreDriver leader = Leading(3, History(1, 2));
        leader.Acknowledge(2, 2);
        Assert.Equal(LogIndex.Zero, leader.Core.CommitIndex);
        Assert.False(leader.Core.IsReady);

        leader.Acknowledge(2, 3);
        Assert.Equal(3, leader.Core.CommitIndex.Value);
        Assert.True(leader.Core.IsReady);
        Assert.Equal((1L, 3L), (leader.Only<Effect.Commit>().First.Value, leader.Only<Effect.Commit>().Last.Value));
    }

    [Fact] // 8: "each leader commit a blank no-op entry into the log at the start of its term".
    public void A_new_leader_begins_its_term_with_a_no_op()
    {
        CoreDriver leader = Start(3, History(1, 2));
        leader.BecomeLeader();

        LogEntry entry = Assert.Single(((EntriesAppended)Assert.Single(leader.Persisted)).Batch);
        Assert.Equal((EntryKind.NoOp, Id(3, 3)), (entry.Kind, entry.Id));
        Assert.Equal(Id(2, 2), leader.SentOne<AppendEntries>(2).Previous);
        Assert.Equal(3, leader.SentOne<AppendEntries>(2).LastIndex.Value);
    }

    // The log: terms of its entries. What each voter has on disk. The commit index that a leader of term 4 reaches from 1.
    [Theory]
    [InlineData(new long[] { 1, 2, 4 }, new long[] { 3 }, 3)]
    [InlineData(new long[] { 1, 2, 4 }, new long[] { 3, 2 }, 1)]
    [InlineData(new long[] { 1, 2, 4 }, new long[] { 3, 3 }, 3)]
    [InlineData(new long[] { 1, 2, 4 }, new long[] { 3, 3, 0 }, 3)]
    [InlineData(new long[] { 1, 2, 4 }, new long[] { 3, 2, 2 }, 1)]
    [InlineData(new long[] { 1, 4, 4, 4 }, new long[] { 4, 3, 2 }, 3)]
    [InlineData(new long[] { 1, 4, 4, 4 }, new long[] { 4, 3, 2, 0 }, 2)]
    [InlineData(new long[] { 1, 4, 4, 4 }, new long[] { 4, 4, 3, 2, 1 }, 3)]
    [InlineData(new long[] { 1, 4, 4, 4 }, new long[] { 4, 4, 0, 0, 0 }, 1)]
    [InlineData(new long[] { 1, 2, 3 }, new long[] { 3, 3, 3 }, 1)]
    [InlineData(new long[] { 1, 4 }, new long[] { 0, 0, 0 }, 1)]
    public void A_commit_index_is_counted(long[] terms, long[] onDisk, long expected)
    {
        RaftLog log = new();
        for (int i = 0; i < terms.Length; i++)
        {
            log.Append(Batch(terms[i], i + 1), JournalMark.Zero);
        }

        long quorum = MajorityQuorum.HighestReached(onDisk);
        Assert.Equal(new LogIndex(expected), CommitRule.Advance(log, new Term(4), new LogIndex(1), new LogIndex(quorum)));
    }

    [Fact] // Thesis 4.3: "Agreement (for elections and entry commitment) requires separate majorities from both".
    public void In_a_joint_membership_both_majorities_have_to_have_it()
    {
        StreamMembership joint = new(Voters(1, 2, 3).Members, Voters(1, 4, 5).Members);
        CoreDriver leader = Leading(Options(joint));
        leader.Acknowledge(2, 1);
        leader.Acknowledge(3, 1);
        Assert.Equal(LogIndex.Zero, leader.Core.CommitIndex);
        leader.Acknowledge(4, 1);
        Assert.Equal(1, leader.Core.CommitIndex.Value);
    }

    [Fact]
    public void What_a_leader_appended_is_bounded_until_it_is_committed()
    {
        CoreDriver leader = Leading(Options(Voters(1, 2, 3)) with { MaxUncommittedEntries = 3, MaxUncommittedBytes = 10_000 });
        leader.Propose("a", "b");
        leader.Propose("c");
        leader.Only<Effect.ProposalAccepted>();
        long ticket = leader.Propose("d");
        Assert.Equal(new Effect.ProposalRefused(ticket, ProposalRefusal.Overloaded, Node(1)), leader.Only<Effect.ProposalRefused>());
        Assert.Empty(leader.Persisted);

        leader.Confirm();
        leader.Acknowledge(2, 3);
        Assert.Equal(1, leader.Core.UncommittedEntries);
        leader.Propose("d", "e");
        leader.Only<Effect.ProposalAccepted>();
    }

    [Fact]
    public void A_batch_larger_than_the_bound_is_taken_when_nothing_else_waits()
    {
        CoreDriver leader = Leading(Options(Voters(1, 2, 3)) with { MaxUncommittedBytes = 100 });
        leader.Propose(new string('x', 500));
        leader.Only<Effect.ProposalAccepted>();
        leader.Propose("y");
        Assert.Equal(ProposalRefusal.Overloaded, leader.Only<Effect.ProposalRefused>().Refusal);
    }

    [Fact] // The log that a leader takes over is no proposal of its clients: after a restart of all, everything is uncommitted.
    public void What_earlier_terms_left_does_not_count_as_waiting()
    {
        CoreDriver leader = Leading(Options(Voters(1, 2, 3)) with { MaxUncommittedEntries = 2 }, History(1, 1, 1, 1, 1, 1));
        leader.Propose("a");
        leader.Only<Effect.ProposalAccepted>();
    }

    [Fact]
    public void Proposals_are_refused_by_who_does_not_lead_and_in_another_term()
    {
        CoreDriver follower = Following();
        long ticket = follower.Propose("a");
        Assert.Equal(new Effect.ProposalRefused(ticket, ProposalRefusal.NotLeader, Node(2)), follower.Only<Effect.ProposalRefused>());

        CoreDriver leader = Leading();
        ticket = leader.Propose(new Term(7), "a");
        Assert.Equal(new Effect.ProposalRefused(ticket, ProposalRefusal.TermChanged, Node(1)), leader.Only<Effect.ProposalRefused>());
        leader.Propose(new Term(1), "a");
        leader.Only<Effect.ProposalAccepted>();
    }
}
