using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Durability;

/// <summary>
/// Raft paper, figure 2: "Persistent state on all servers, updated on stable storage before responding to RPCs". Writes and
/// sends go out together; what must wait, waits in the outbox.
/// </summary>
public sealed class DurabilitySpec
{
    [Fact]
    public void A_vote_leaves_when_it_is_on_disk()
    {
        CoreDriver member = Start(3);
        member.Receive(2, new RequestVote(new Term(1), EntryId.Zero, PreVote: false));
        Assert.Equal([new TermState(new Term(1), Node(2))], member.Persisted);
        Assert.Empty(member.Sent<RequestVoteReply>());
        Assert.Equal(1, member.Core.HeldPromises);

        member.Confirm();
        Assert.True(member.SentOne<RequestVoteReply>(2).Granted);
    }

    [Fact] // The new term and the vote are one write: a crash cannot come between them.
    public void A_newer_term_and_the_vote_in_it_are_one_write()
    {
        CoreDriver member = Start(3, History(1, 2));
        member.Receive(2, new RequestVote(new Term(7), Id(2, 2), PreVote: false));
        Assert.Equal([new TermState(new Term(7), Node(2))], member.Persisted);

        member = Start(3, History(1, 2));
        member.Receive(2, new RequestVote(new Term(7), Id(1, 1), PreVote: false));
        Assert.Equal([new TermState(new Term(7), NodeId.None)], member.Persisted);
    }

    [Fact]
    public void An_append_is_acknowledged_when_it_is_on_disk_and_the_leader_is_not_told_twice()
    {
        CoreDriver member = Following();
        member.Receive(2, Append(1, EntryId.Zero, 0, 2, Batch(1, 1)));
        JournalMark first = member.Written;
        member.Receive(2, Append(1, Id(1, 1), 0, 3, Batch(1, 2)));
        JournalMark second = member.Written;
        member.Receive(2, Append(1, Id(1, 2), 0, 4, Batch(1, 3)));
        Assert.Empty(member.Sent<AppendEntriesReply>());

        member.Confirm(first);
        Assert.Equal(new AppendEntriesReply(new Term(1), 2, true, new LogIndex(1)), member.SentOne<AppendEntriesReply>(2));
        Assert.True(second > first);

        // Two writes confirmed together are acknowledged together; the higher token covers the lower.
        member.Confirm();
        Assert.Equal(new AppendEntriesReply(new Term(1), 4, true, new LogIndex(3)), member.SentOne<AppendEntriesReply>(2));
    }

    [Fact]
    public void A_follower_answers_nothing_in_a_term_that_is_not_on_its_disk()
    {
        CoreDriver member = Start(3, History(1));
        member.Receive(2, Heartbeat(5, Id(1, 1)));
        Assert.Empty(member.Sent<AppendEntriesReply>());
        member.Confirm();
        Assert.Equal(new Term(5), member.SentOne<AppendEntriesReply>(2).Term);
    }

    [Fact]
    public void A_candidate_that_gives_up_before_its_vote_is_on_disk_never_asks()
    {
        CoreDriver member = Start(Options(Voters(1, 2, 3)) with { PreVote = false });
        member.Elapse(RaftTimer.Election);
        member.Receive(2, Heartbeat(4, EntryId.Zero));
        member.Confirm();

        Assert.Empty(member.All<Effect.BeginVoteRound>());
        Assert.Equal(Role.Follower, member.Core.Role);
    }

    [Fact]
    public void An_acknowledgement_claims_only_what_matched_in_this_term()
    {
        // The log has a tail that this leader has not confirmed.
        CoreDriver member = Following(term: 3, voters: 3, History(1, 1, 2, 2, 2));
        member.Receive(2, Heartbeat(3, Id(1, 2), token: 5));
        Assert.Equal(2, member.SentOne<AppendEntriesReply>(2).CurrentIndex.Value);

        // What an earlier leader had confirmed does not count for the next.
        member.Receive(2, Heartbeat(3, Id(2, 5), token: 6));
        Assert.Equal(5, member.SentOne<AppendEntriesReply>(2).CurrentIndex.Value);
        member.Receive(3, Heartbeat(4, Id(1, 1), token: 1));
        member.Confirm();
        Assert.Equal(1, member.SentOne<AppendEntriesReply>(3).CurrentIndex.Value);
    }

    [Fact]
    public void A_restart_takes_up_where_the_journal_ends()
    {
        CoreDriver before = Leading();
        before.Propose("a", "b");
        before.Confirm();
        RaftEvent[] journal = [.. before.Journal];

        CoreDriver after = Start(3, journal);
        Assert.Equal((before.Core.Term, Node(1), before.Core.LastEntry), (after.Core.Term, after.Core.VotedFor, after.Core.LastEntry));
        Assert.Equal((Role.Follower, LogIndex.Zero, before.Core.LastEntry.Index), (after.Core.Role, after.Core.CommitIndex, after.Core.DurableIndex));

        // Marks begin again, and what was replayed is on disk: a vote needs only its own write.
        after.Receive(2, new RequestVote(new Term(1), Id(1, 9), PreVote: false));
        Assert.False(after.SentOne<RequestVoteReply>(2).Granted);
    }

    public static TheoryData<string, RaftEvent[]> Damaged => new()
    {
        { "a gap", [new TermState(new Term(1), NodeId.None), new EntriesAppended(Batch(1, 2))] },
        { "a term that goes back", [new TermState(new Term(2), NodeId.None), new TermState(new Term(1), NodeId.None)] },
        { "two votes in a term", [new TermState(new Term(2), Node(1)), new TermState(new Term(2), Node(2))] },
        { "entries of a term never entered", [new EntriesAppended(Batch(1, 1))] },
        { "entries of falling terms", [new TermState(new Term(2), NodeId.None), new EntriesAppended(Batch(2, 1)), new EntriesAppended(Batch(1, 2))] },
        { "an event that nobody knows", [new Unknown()] },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void A_damaged_journal_is_not_recovered_from(string what, RaftEvent[] journal)
    {
        InvalidOperationException error = Assert.ThrowsAny<InvalidOperationException>(() => new RaftCore(Options(Voters(1, 2, 3)), journal));
        Assert.False(string.IsNullOrWhiteSpace(error.Message), what);
    }

    [Fact]
    public void A_truncation_is_replayed_with_the_event_that_caused_it()
    {
        CoreDriver member = Start(3, [.. History(1, 1, 1), new TermState(new Term(2), NodeId.None), new EntriesAppended(Batch(2, 2, "x", "y"))]);
        Assert.Equal([Id(1, 1), Id(2, 2), Id(2, 3)], member.EntryIds);
    }

    [Fact]
    public void A_confirmation_of_a_write_that_nobody_asked_for_stops_the_member()
    {
        CoreDriver member = Start(3);
        Assert.Throws<InvariantViolationException>(() => member.Confirm(new JournalMark(1)));
    }

    [Fact]
    public void The_state_machine_cannot_have_applied_what_it_was_not_given()
    {
        CoreDriver leader = Leading(1);
        Assert.Equal(1, leader.Core.CommitIndex.Value);
        leader.Step(new RaftInput.Applied(new LogIndex(1)));
        Assert.Equal(1, leader.Core.AppliedIndex.Value);
        Assert.Throws<InvariantViolationException>(() => leader.Step(new RaftInput.Applied(new LogIndex(2))));
    }

    private sealed record Unknown : RaftEvent;
}
