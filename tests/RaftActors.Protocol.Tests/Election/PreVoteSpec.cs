using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Election;

/// <summary>Thesis section 9.6, preventing disruptions when a server rejoins the cluster.</summary>
public sealed class PreVoteSpec
{
    [Fact] // "a candidate only increments its term if it first learns from a majority of the cluster that they would be willing to grant"
    public void A_member_raises_its_term_only_when_a_majority_would_vote_for_it()
    {
        CoreDriver member = Start(5, History(1, 2));
        member.Elapse(RaftTimer.Election);
        Assert.Equal(Role.PreCandidate, member.Core.Role);
        Assert.Equal(new Term(2), member.Core.Term);
        Assert.Equal(new RequestVote(new Term(3), Id(2, 2), PreVote: true), member.Only<Effect.BeginVoteRound>().Request);
        Assert.Empty(member.Persisted);

        member.Receive(2, new RequestVoteReply(new Term(2), new Term(3), true, true));
        Assert.Equal(Role.PreCandidate, member.Core.Role);
        member.Receive(3, new RequestVoteReply(new Term(2), new Term(3), true, true));
        Assert.Equal(Role.Candidate, member.Core.Role);
        Assert.Equal(new Term(3), member.Core.Term);
    }

    [Fact]
    public void A_member_that_is_cut_off_does_not_raise_its_term()
    {
        CoreDriver member = Following(term: 3);
        member.Elapse(RaftTimer.Election);
        for (int i = 0; i < 20; i++)
        {
            member.Elapse(RaftTimer.Vote);
        }

        Assert.Equal(Role.PreCandidate, member.Core.Role);
        Assert.Equal(new Term(3), member.Core.Term);
    }

    [Fact]
    public void A_pre_vote_changes_nothing_at_the_voter_and_needs_no_disk()
    {
        CoreDriver member = Start(3, History(1, 1));
        member.Receive(2, new RequestVote(new Term(9), Id(1, 2), PreVote: true));

        Assert.Equal(new RequestVoteReply(new Term(1), new Term(9), true, true), member.SentOne<RequestVoteReply>(2));
        Assert.Equal((new Term(1), NodeId.None), (member.Core.Term, member.Core.VotedFor));
        Assert.Empty(member.Persisted);

        member.Receive(3, new RequestVote(new Term(9), Id(1, 2), PreVote: true));
        Assert.True(member.SentOne<RequestVoteReply>(3).Granted);
    }

    [Fact] // A refused candidate begins its wait anew; the stream would be without a leader for the rest of this member's as well.
    public void Who_refuses_a_candidate_for_its_log_stands_at_once()
    {
        CoreDriver member = Start(3, History(1, 1, 1));
        member.Receive(2, new RequestVote(new Term(2), Id(1, 2), PreVote: true));

        Assert.False(member.SentOne<RequestVoteReply>(2).Granted);
        Assert.Equal((Role.PreCandidate, new Term(1)), (member.Core.Role, member.Core.Term));
        Assert.Equal(new RequestVote(new Term(2), Id(1, 3), PreVote: true), member.Only<Effect.BeginVoteRound>().Request);
    }

    [Fact]
    public void Who_hears_a_leader_does_not_stand_because_of_another()
    {
        CoreDriver member = Following(1, 3, History(1, 1, 1));
        member.Receive(2, new RequestVote(new Term(2), Id(1, 2), PreVote: true));
        Assert.Equal(Role.Follower, member.Core.Role);

        // Not even when the leader itself has asked for an election.
        member.Receive(2, new RequestVote(new Term(1), Id(1, 2), PreVote: false, Transfer: true));
        Assert.Equal(Role.Follower, member.Core.Role);
    }

    [Fact]
    public void Who_may_not_stand_by_itself_does_not_because_of_another()
    {
        CoreDriver manual = Start(Options(Voters(1, 2, 3)) with { ManualElection = true }, History(1, 1, 1));
        manual.Receive(2, new RequestVote(new Term(2), Id(1, 2), PreVote: true));
        Assert.Equal(Role.Follower, manual.Core.Role);

        CoreDriver logOnly = Start(Options(Members((1, MemberKind.LogOnly), (2, MemberKind.Voter), (3, MemberKind.Voter))), History(1, 1, 1));
        logOnly.Receive(2, new RequestVote(new Term(2), Id(1, 2), PreVote: true));
        Assert.Equal(Role.Follower, logOnly.Core.Role);
    }

    [Fact]
    public void A_majority_of_refusals_ends_the_round()
    {
        CoreDriver member = Start(3);
        member.Elapse(RaftTimer.Election);
        member.Receive(2, new RequestVoteReply(Term.Zero, new Term(1), true, false));
        Assert.Equal(Role.PreCandidate, member.Core.Role);
        member.Receive(3, new RequestVoteReply(Term.Zero, new Term(1), true, false));

        Assert.Equal(Role.Follower, member.Core.Role);
        Assert.True(member.IsRunning(RaftTimer.Election));
        Assert.False(member.IsRunning(RaftTimer.Vote));
    }

    [Fact] // The interplay that etcd describes: whoever is behind learns the newer term from the refusal.
    public void A_pre_candidate_learns_of_a_newer_term_from_a_refusal()
    {
        CoreDriver member = Start(3);
        member.Elapse(RaftTimer.Election);
        member.Receive(2, new RequestVoteReply(new Term(7), new Term(1), true, false));

        Assert.Equal((Role.Follower, new Term(7)), (member.Core.Role, member.Core.Term));
    }

    [Fact] // A voter that has entered the term already would still vote in it: its yes counts, its term is no news.
    public void A_pre_vote_of_a_voter_that_is_in_the_asked_term_already_counts()
    {
        CoreDriver member = Start(3);
        member.Elapse(RaftTimer.Election);
        member.Receive(2, new RequestVoteReply(new Term(1), new Term(1), true, true));

        Assert.Equal((Role.Candidate, new Term(1)), (member.Core.Role, member.Core.Term));
    }

    [Fact]
    public void A_stale_leader_that_returns_learns_of_the_newer_term()
    {
        CoreDriver oldLeader = Leading();
        CoreDriver follower = Following(term: 2);
        oldLeader.Elapse(RaftTimer.Heartbeat);
        AppendEntries stale = oldLeader.SentOne<AppendEntries>(2);

        follower.Receive(3, stale);
        oldLeader.Receive(2, follower.SentOne<AppendEntriesReply>(3));

        Assert.Equal((Role.Follower, new Term(2)), (oldLeader.Core.Role, oldLeader.Core.Term));
    }

    [Fact] // Raised while cut off (pre-vote off, or a lost candidacy): its answer to the leader's heartbeat lets the stream move on.
    public void A_member_with_a_newer_term_frees_itself_by_refusing_the_old_leader()
    {
        CoreDriver stuck = Start(3, new TermState(new Term(5), Node(1)));
        stuck.Receive(2, Heartbeat(4, EntryId.Zero));
        CoreDriver leader = Leading();

        leader.Receive(3, stuck.SentOne<AppendEntriesReply>(2) with { Token = 1 });
        Assert.Equal((Role.Follower, new Term(5)), (leader.Core.Role, leader.Core.Term));
    }
}
