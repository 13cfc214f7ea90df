using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Membership;

/// <summary>A member that lost its journal has forgotten its votes and what it acknowledged: it takes no part until it is removed and added again.</summary>
public sealed class IncarnationSpec
{
    private const ulong Mine = 101;
    private const ulong Old = 202;
    private const ulong New = 999;

    [Fact]
    public void A_member_must_say_nothing_before_its_incarnation_is_on_its_disk()
    {
        CoreDriver member = Start(Options(Voters(1, 2, 3)) with { Incarnation = Mine });

        Assert.Equal(new IncarnationTaken(Mine), Assert.Single(member.Persisted));
        Assert.False(member.IsRunning(RaftTimer.Election));
        Assert.Empty(Say(member, 2, new RequestVote(new Term(1), EntryId.Zero, PreVote: true), Old));

        member.Confirm();
        Assert.True(member.IsRunning(RaftTimer.Election));
        Assert.All(member.Sent<Introduction>(), s => Assert.True(s.Message.Asks));
        Assert.Equal(Mine, member.Core.Incarnation);
    }

    [Fact]
    public void A_member_with_a_journal_must_keep_its_incarnation_and_one_with_an_old_journal_take_one()
    {
        CoreDriver kept = Start(Options(Voters(1, 2, 3)) with { Incarnation = Mine }, new IncarnationTaken(7), new MemberMet(Node(2), EntryId.Zero, Old));
        Assert.Empty(kept.Persisted);
        Assert.Equal((7UL, Old), (kept.Core.Incarnation, kept.Core.KnownIncarnation(Node(2))));

        CoreDriver old = Start(Options(Voters(1, 2, 3)) with { Incarnation = Mine }, History(1, 1));
        Assert.Equal([new IncarnationTaken(Mine), new MemberMet(Node(1), EntryId.Zero, Mine)], old.Persisted);
    }

    [Fact]
    public void A_member_that_came_back_must_not_decide_by_a_membership_of_its_former_stay()
    {
        // Seed 710238: it was once the only voter, was removed, lost its journal, and is fed the log from its beginning.
        CoreDriver member = Start(Options(StreamMembership.Empty) with { Incarnation = Mine });
        member.Confirm();
        member.Receive(2, Append(1, EntryId.Zero, 0, 5, Membership(1, Voters(1))));
        member.Confirm();
        Assert.Equal(Node(1), Assert.Single(member.Core.Membership.Voters));
        MustNotDecide(member);

        Say(member, 2, new Introduction(new Term(1), 0, Asks: false, [new MemberMet(Node(1), Id(1, 3), Mine)]), Old);
        Assert.Equal(new MemberMet(Node(1), Id(1, 3), Mine), Assert.Single(member.Persisted));
        member.Confirm();
        MustNotDecide(member);

        member.Receive(2, Append(1, Id(1, 1), 1, 5, Membership(2, Voters(2)), Membership(3, Voters(1, 2))));
        member.Confirm();
        member.Elapse(RaftTimer.Election);
        Assert.Equal(Role.PreCandidate, member.Core.Role);
    }

    private static void MustNotDecide(CoreDriver member)
    {
        member.Step(new RaftInput.Campaign());
        Assert.Equal(Role.Follower, member.Core.Role);
        member.Elapse(RaftTimer.Election);
        Assert.Equal(Role.Follower, member.Core.Role);
        Say(member, 2, new RequestVote(new Term(9), Id(8, 9), PreVote: true), Old);
        Assert.False(member.SentOne<RequestVoteReply>(2).Granted);
    }

    private static EntryBatch Membership(long index, StreamMembership membership) =>
        EntryBatch.Create(new Term(1), new LogIndex(index), [new ProposedEntry(EntryKind.Membership, MembershipCodec.Encode(membership))]);

    [Fact]
    public void The_first_incarnation_must_be_on_disk_before_its_promise_counts()
    {
        CoreDriver member = Start(Options(Voters(1, 2, 3)) with { Incarnation = Mine });
        member.Confirm();
        member.Elapse(RaftTimer.Election);
        Assert.Equal(Role.PreCandidate, member.Core.Role);

        Say(member, 2, new RequestVoteReply(Term.Zero, new Term(1), PreVote: true, Granted: true), Old);
        Assert.Equal(new MemberMet(Node(2), EntryId.Zero, Old), Assert.Single(member.Persisted));
        Assert.Equal(Role.PreCandidate, member.Core.Role);

        member.Confirm();
        Assert.Equal(Role.Candidate, member.Core.Role);
    }

    [Fact]
    public void Promises_and_requests_of_another_incarnation_must_not_count_and_both_sides_must_be_told()
    {
        CoreDriver member = Met();
        member.Elapse(RaftTimer.Election);

        Say(member, 2, new RequestVoteReply(Term.Zero, new Term(1), PreVote: true, Granted: true), New);
        Assert.Equal(Role.PreCandidate, member.Core.Role);
        Assert.Equal(new Effect.IncarnationRefused(Node(2), Old, New), member.Only<Effect.IncarnationRefused>());
        Assert.Contains(new MemberMet(Node(2), EntryId.Zero, Old), member.SentOne<Introduction>(2).Known);

        Say(member, 2, new RequestVote(new Term(5), EntryId.Zero, PreVote: false), New);
        Assert.Empty(member.Sent<RequestVoteReply>());
        Assert.Empty(member.All<Effect.IncarnationRefused>());
        Assert.Equal(Term.Zero, member.Core.Term);

        Say(member, 3, new RequestVoteReply(Term.Zero, new Term(1), PreVote: true, Granted: true), 303);
        Assert.Equal(Role.Candidate, member.Core.Role);
    }

    [Fact]
    public void A_leader_must_not_feed_or_count_another_incarnation()
    {
        CoreDriver leader = Leading();

        Say(leader, 2, new AppendEntriesReply(leader.Core.Term, leader.LastTokenTo(2), true, new LogIndex(1)), New);
        Assert.Equal(LogIndex.Zero, leader.Core.CommitIndex);
        Assert.Equal(PeerState.AnotherIncarnation, Assert.Single(leader.Core.Peers, p => p.Id == Node(2)).State);

        leader.Propose("x");
        Assert.DoesNotContain(leader.Sent<AppendEntries>(), s => s.To == 2);
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.Empty(Assert.Single(leader.Sent<AppendEntries>(), s => s.To == 2).Message.Batches);
    }

    [Fact]
    public void A_member_that_hears_of_its_former_incarnation_must_neither_vote_nor_stand()
    {
        CoreDriver lost = Start(Options(Voters(1, 2, 3)) with { Incarnation = New });
        lost.Confirm();

        Say(lost, 2, new Introduction(new Term(4), 0, Asks: false, [new MemberMet(Node(1), EntryId.Zero, Old)]), 222);
        Assert.Equal(new Effect.JournalWasLost(Node(2), Old), lost.Only<Effect.JournalWasLost>());
        Assert.True(lost.Core.HasLostJournal);
        lost.Confirm();

        lost.Elapse(RaftTimer.Election);
        Assert.Equal(Role.Follower, lost.Core.Role);
        Say(lost, 2, new RequestVote(new Term(5), Id(4, 9), PreVote: false), 222);
        Assert.False(lost.SentOne<RequestVoteReply>(2).Granted);
    }

    [Fact]
    public void A_member_that_is_removed_and_added_again_must_be_met_anew_and_only_by_its_own_answer()
    {
        CoreDriver member = Following(removed: true, out StreamMembership with);
        Assert.Equal(0UL, member.Core.KnownIncarnation(Node(2)));
        Assert.NotEqual(EntryId.Zero, with.JoinedAt(Node(2)));

        // A word of the former stay may still be on its way: it does not count as the first one.
        Say(member, 2, new RequestVoteReply(new Term(1), new Term(2), PreVote: true, Granted: true), Old);
        Introduction question = member.SentOne<Introduction>(2);
        Assert.True(question.Asks);
        Assert.Equal(0UL, member.Core.KnownIncarnation(Node(2)));

        Say(member, 2, new Introduction(new Term(1), question.Context + 1, Asks: false, []), Old);
        Assert.Equal(0UL, member.Core.KnownIncarnation(Node(2)));
        Say(member, 2, new Introduction(new Term(1), question.Context, Asks: false, []), New);
        Assert.Equal(New, member.Core.KnownIncarnation(Node(2)));
    }

    [Fact]
    public void A_removal_that_is_rolled_back_must_not_make_anybody_forget()
    {
        CoreDriver member = Following(removed: false, out _);
        member.Receive(3, Append(2, Id(1, 1), 0, 1, Batch(2, 2)));
        member.Confirm();

        Assert.NotNull(member.Core.Membership.Find(Node(2)));
        Assert.Equal(Old, member.Core.KnownIncarnation(Node(2)));
    }

    [Fact]
    public void A_candidate_that_came_back_while_this_member_was_away_must_be_heard()
    {
        CoreDriver member = Met(History(1, 1));
        RequestVote request = new(new Term(5), Id(4, 20), PreVote: false) { Joined = Id(3, 15) };

        Say(member, 2, request with { Joined = EntryId.Zero }, New);
        Assert.Empty(member.Sent<RequestVoteReply>());
        Say(member, 2, request, New);
        member.Confirm();
        Assert.Equal(Node(2), member.Core.VotedFor);
    }

    [Fact]
    public void Incarnations_must_survive_compaction()
    {
        SnapshotInfo snapshot = new(Id(1, 2), Voters(1, 2, 3));
        LogCompacted compacted = new(snapshot, Id(1, 2), Id(1, 2), new TermState(new Term(1), NodeId.None)) { Incarnation = Mine, Met = [new MemberMet(Node(2), EntryId.Zero, Old)] };
        CoreDriver member = Start(Options(Voters(1, 2, 3)) with { Incarnation = New }, compacted);

        Assert.Equal((Mine, Old), (member.Core.Incarnation, member.Core.KnownIncarnation(Node(2))));
    }

    [Fact]
    public void A_change_that_cannot_do_without_the_lost_member_must_be_refused()
    {
        CoreDriver leader = Leading();
        Say(leader, 3, new AppendEntriesReply(leader.Core.Term, leader.LastTokenTo(3), true, new LogIndex(1)), 303);
        Say(leader, 2, new AppendEntriesReply(leader.Core.Term, leader.LastTokenTo(2), true, new LogIndex(1)), New);

        leader.Step(new RaftInput.ChangeMembership(1, new MembershipChange.Remove(Node(3))));
        Assert.Equal(ChangeRefusal.Invalid, leader.Only<Effect.ChangeRefused>().Refusal);
        leader.Step(new RaftInput.ChangeMembership(2, new MembershipChange.Remove(Node(2))));
        Assert.Empty(leader.All<Effect.ChangeRefused>());
    }

    /// <summary>A member that knows members 2 and 3.</summary>
    private static CoreDriver Met(params RaftEvent[] journal) => Start(
        Options(Voters(1, 2, 3)) with { Incarnation = Mine },
        [.. journal, new IncarnationTaken(Mine), new MemberMet(Node(2), EntryId.Zero, Old), new MemberMet(Node(3), EntryId.Zero, 303)]);

    /// <summary>A member that knows members 2 and 3, and leads with the vote of member 3.</summary>
    private static CoreDriver Leading()
    {
        CoreDriver leader = Met();
        leader.Elapse(RaftTimer.Election);
        Say(leader, 3, new RequestVoteReply(Term.Zero, new Term(1), PreVote: true, Granted: true), 303);
        leader.Confirm();
        Say(leader, 3, new RequestVoteReply(new Term(1), new Term(1), PreVote: false, Granted: true), 303);
        leader.Confirm();
        Assert.Equal(Role.Leader, leader.Core.Role);
        return leader;
    }

    /// <summary>Member 1 follows member 3, which has removed member 2, and perhaps added it again.</summary>
    private static CoreDriver Following(bool removed, out StreamMembership last)
    {
        CoreDriver member = Met(History(1));
        StreamMembership without = Voters(1, 3).Following(Voters(1, 2, 3), Id(1, 2));
        last = removed ? Voters(1, 2, 3).Following(without, Id(1, 3)) : without;
        EntryBatch leave = EntryBatch.Create(new Term(1), new LogIndex(2), [new ProposedEntry(EntryKind.Leave, MembershipCodec.Encode(without))]);
        member.Receive(3, Append(1, Id(1, 1), 1, 1, leave));
        if (removed)
        {
            member.Receive(3, Append(1, Id(1, 2), 2, 2, EntryBatch.Create(new Term(1), new LogIndex(3), [new ProposedEntry(EntryKind.Join, MembershipCodec.Encode(last))])));
        }

        member.Confirm();
        return member;
    }

    private static IReadOnlyList<Effect> Say(CoreDriver member, uint from, PeerMessage message, ulong incarnation) =>
        member.Step(new RaftInput.Received(Node(from), message) { Incarnation = incarnation });
}
