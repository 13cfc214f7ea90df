using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Election;

/// <summary>Raft paper section 5.2, leader election.</summary>
public sealed class ElectionSpec
{
    private static RaftOptions WithoutPreVote(int voters) =>
        Options(Voters([.. Enumerable.Range(1, voters).Select(i => (uint)i)])) with { PreVote = false };

    [Fact] // 5.2: "When servers start up, they begin as followers."
    public void Servers_begin_as_followers()
    {
        CoreDriver member = Start(3, History(1, 1, 2));

        Assert.Equal(Role.Follower, member.Core.Role);
        Assert.Equal(NodeId.None, member.Core.Leader);
        Assert.Equal(new Term(2), member.Core.Term);
        Assert.Equal(LogIndex.Zero, member.Core.CommitIndex);
        Assert.True(member.IsRunning(RaftTimer.Election));
    }

    [Fact] // 5.2: a server remains a follower as long as it hears a valid leader or candidate.
    public void A_follower_that_hears_its_leader_does_not_campaign()
    {
        CoreDriver member = Following();
        for (int i = 0; i < 100; i++)
        {
            member.Wait(TimeSpan.FromMilliseconds(300));
            member.Receive(2, Heartbeat(1, EntryId.Zero, token: (ulong)i + 2));
            Assert.Empty(member.All<Effect.StartTimer>());
            if (member.TimeUntil(RaftTimer.Election) <= TimeSpan.Zero)
            {
                member.Elapse(RaftTimer.Election);
            }
        }

        Assert.Equal(Role.Follower, member.Core.Role);
        Assert.Equal(new Term(1), member.Core.Term);
    }

    [Fact] // 5.2: "receives no communication over a period of time called the election timeout".
    public void A_follower_that_hears_nothing_for_an_election_timeout_begins_an_election()
    {
        CoreDriver member = Following(term: 4);
        member.Elapse(RaftTimer.Election);

        Assert.Equal(Role.PreCandidate, member.Core.Role);
        Assert.Equal(NodeId.None, member.Core.Leader);
    }

    [Fact] // 5.2: "a follower increments its current term and transitions to candidate state. It then votes for itself".
    public void A_candidate_raises_its_term_votes_for_itself_and_asks_all_others()
    {
        CoreDriver member = Start(WithoutPreVote(5), History(1, 2));
        member.Elapse(RaftTimer.Election);

        Assert.Equal(Role.Candidate, member.Core.Role);
        Assert.Equal(new Term(3), member.Core.Term);
        Assert.Equal([new TermState(new Term(3), Node(1))], member.Persisted);

        member.Confirm();
        Effect.BeginVoteRound round = member.Only<Effect.BeginVoteRound>();
        Assert.Equal(new RequestVote(new Term(3), Id(2, 2), PreVote: false), round.Request);
        Assert.Equal([Node(2), Node(3), Node(4), Node(5)], round.Peers);
    }

    [Fact] // 5.2: "it wins the election" with votes "from a majority of the servers in the full cluster for the same term".
    public void A_candidate_with_a_majority_of_the_full_cluster_leads()
    {
        CoreDriver member = Start(WithoutPreVote(5));
        member.Elapse(RaftTimer.Election);
        member.Confirm();

        member.Receive(2, new RequestVoteReply(new Term(1), new Term(1), false, true));
        Assert.Equal(Role.Candidate, member.Core.Role);
        member.Receive(3, new RequestVoteReply(new Term(1), new Term(1), false, true));

        Assert.Equal(Role.Leader, member.Core.Role);
        Assert.Equal(Node(1), member.Core.Leader);
    }

    [Fact] // 5.2: votes of the same term only; a vote counts once however often it arrives.
    public void Votes_of_another_round_and_repeated_votes_do_not_count()
    {
        CoreDriver member = Start(WithoutPreVote(5));
        member.Elapse(RaftTimer.Election);
        member.Confirm();
        member.Elapse(RaftTimer.Vote);
        member.Confirm();
        Assert.Equal(new Term(2), member.Core.Term);

        member.Receive(2, new RequestVoteReply(new Term(1), new Term(1), false, true));
        member.Receive(3, new RequestVoteReply(new Term(1), new Term(1), false, true));
        member.Receive(4, new RequestVoteReply(new Term(2), new Term(2), false, true));
        member.Receive(4, new RequestVoteReply(new Term(2), new Term(2), false, true));
        member.Receive(5, new RequestVoteReply(new Term(2), new Term(3), true, true));

        Assert.Equal(Role.Candidate, member.Core.Role);
    }

    [Theory] // 5.2: "at most one candidate in a given term, on a first-come-first-served basis".
    [InlineData(0, 2, true)]
    [InlineData(0, 3, true)]
    [InlineData(2, 2, true)]
    [InlineData(2, 3, false)]
    public void A_server_votes_for_one_candidate_in_a_term(uint votedFor, uint candidate, bool granted)
    {
        CoreDriver member = Start(3, new TermState(new Term(1), Node(votedFor)));
        member.Receive(candidate, new RequestVote(new Term(1), EntryId.Zero, PreVote: false));
        member.Confirm();
        member.Receive(candidate, new RequestVote(new Term(1), EntryId.Zero, PreVote: false));

        Assert.Equal(granted, member.SentOne<RequestVoteReply>(candidate).Granted);
        Assert.Equal(granted ? Node(candidate) : Node(votedFor), member.Core.VotedFor);
    }

    [Fact] // 5.2: a winner "sends heartbeat messages to all of the other servers to establish its authority".
    public void A_new_leader_speaks_to_everybody_at_once_and_then_at_every_heartbeat()
    {
        CoreDriver member = Start(3);
        member.BecomeLeader();
        Assert.Equal([2u, 3u], member.Sent<AppendEntries>().Select(s => s.To));

        member.Elapse(RaftTimer.Heartbeat);
        Assert.Equal([2u, 3u], member.Sent<AppendEntries>().Select(s => s.To));
        Assert.Equal(TimeSpan.FromMilliseconds(100), member.TimeUntil(RaftTimer.Heartbeat));
    }

    [Theory] // 5.2: a candidate that hears a leader whose term is "at least as large" recognizes it and returns to follower state.
    [InlineData(1)]
    [InlineData(2)]
    public void A_candidate_follows_a_leader_of_its_term_or_a_later_one(long term)
    {
        CoreDriver member = Start(WithoutPreVote(3));
        member.Elapse(RaftTimer.Election);
        member.Confirm();
        member.Receive(3, Heartbeat(term, EntryId.Zero));

        Assert.Equal(Role.Follower, member.Core.Role);
        Assert.Equal(Node(3), member.Core.Leader);
        Assert.Equal(new Term(term), member.Core.Term);
        member.Only<Effect.EndVoteRound>();
    }

    [Fact] // 5.2: with a smaller term "the candidate rejects the RPC and continues in candidate state".
    public void A_candidate_rejects_a_leader_of_an_earlier_term()
    {
        CoreDriver member = Start(WithoutPreVote(3), new TermState(new Term(4), NodeId.None));
        member.Elapse(RaftTimer.Election);
        member.Confirm();
        member.Receive(3, Heartbeat(4, EntryId.Zero));

        Assert.Equal(Role.Candidate, member.Core.Role);
        AppendEntriesReply refusal = member.SentOne<AppendEntriesReply>(3);
        Assert.False(refusal.Accepted);
        Assert.Equal(new Term(5), refusal.Term);
    }

    [Fact] // 5.2: on a split vote "each candidate will time out and start a new election by incrementing its term".
    public void A_candidate_without_a_majority_begins_again_in_a_new_term()
    {
        CoreDriver member = Start(WithoutPreVote(3));
        member.Elapse(RaftTimer.Election);
        member.Confirm();
        member.Elapse(RaftTimer.Vote);

        Assert.Equal(Role.Candidate, member.Core.Role);
        Assert.Equal(new Term(2), member.Core.Term);
        member.Only<Effect.EndVoteRound>();
        Assert.Empty(member.All<Effect.BeginVoteRound>());
        member.Confirm();
        Assert.Equal(new Term(2), member.Only<Effect.BeginVoteRound>().Request.Term);
    }

    [Fact] // 5.2: "election timeouts are chosen randomly from a fixed interval".
    public void Election_timeouts_are_random_within_their_bounds()
    {
        HashSet<TimeSpan> seen = [];
        for (ulong seed = 0; seed < 200; seed++)
        {
            CoreDriver member = Start(Options(Voters(1, 2, 3)) with { RandomSeed = seed });
            TimeSpan timeout = member.TimeUntil(RaftTimer.Election);
            Assert.InRange(timeout, TimeSpan.FromMilliseconds(1000), TimeSpan.FromMilliseconds(2000));
            seen.Add(timeout);
        }

        Assert.True(seen.Count > 190, $"only {seen.Count} different timeouts");
        Assert.Contains(seen, t => t < TimeSpan.FromMilliseconds(1100));
        Assert.Contains(seen, t => t > TimeSpan.FromMilliseconds(1900));
    }

    [Fact] // 5.1: "If one server's current term is smaller than the other's, then it updates its current term to the larger value."
    public void Whatever_carries_a_newer_term_makes_a_leader_step_down()
    {
        PeerMessage[] messages =
        [
            Heartbeat(9, EntryId.Zero),
            new AppendEntriesReply(new Term(9), 1, false, LogIndex.Zero),
            new RequestVoteReply(new Term(9), new Term(9), false, false),
            new ReadIndexRequest(new Term(9), 1),
            new ReadIndexReply(new Term(9), 1, false, LogIndex.Zero),
            new RequestVote(new Term(9), EntryId.Zero, PreVote: false, Transfer: true),
        ];
        foreach (PeerMessage message in messages)
        {
            CoreDriver member = Leading();
            member.Receive(2, message);

            Assert.Equal(Role.Follower, member.Core.Role);
            Assert.Equal(new Term(9), member.Core.Term);
            Assert.False(member.IsRunning(RaftTimer.Heartbeat));
            Assert.False(member.IsRunning(RaftTimer.StepDown));
            Assert.Contains(member.Persisted, e => e is TermState { Term.Value: 9 });
        }
    }

    [Fact] // 5.1: "If a server receives a request with a stale term number, it rejects the request."
    public void Requests_of_a_stale_term_are_refused_with_the_newer_term()
    {
        CoreDriver member = Following(term: 5);

        member.Receive(3, new RequestVote(new Term(4), Id(4, 100), PreVote: false));
        Assert.Equal(new RequestVoteReply(new Term(5), new Term(4), false, false), member.SentOne<RequestVoteReply>(3));

        member.Receive(3, Heartbeat(4, EntryId.Zero, token: 77));
        Assert.Equal(new AppendEntriesReply(new Term(5), 77, false, LogIndex.Zero), member.SentOne<AppendEntriesReply>(3));
        Assert.Equal(Node(2), member.Core.Leader);
    }

    [Fact] // A vote restarts the wait (rules for followers, figure 2), so that the one voted for gets its chance.
    public void Who_votes_waits_for_a_whole_election_timeout_again()
    {
        CoreDriver member = Start(3);
        member.Wait(TimeSpan.FromMilliseconds(900));
        member.Receive(2, new RequestVote(new Term(1), EntryId.Zero, PreVote: false));

        Assert.True(member.TimeUntil(RaftTimer.Election) >= TimeSpan.FromMilliseconds(1000));
    }

    [Fact]
    public void The_only_voter_elects_itself_at_once_but_leads_only_when_its_vote_is_on_disk()
    {
        CoreDriver member = Start(1);
        Assert.Equal(Role.Candidate, member.Core.Role);

        member.Confirm();
        Assert.Equal(Role.Leader, member.Core.Role);
        Assert.False(member.Core.IsReady);

        member.Confirm();
        Assert.True(member.Core.IsReady);
        Assert.Equal(new LogIndex(1), member.Core.CommitIndex);
    }

    [Theory]
    [InlineData(MemberKind.Learner)]
    [InlineData(MemberKind.LogOnly)]
    public void Learners_and_log_only_members_do_not_campaign_for_long_but_notice_that_the_leader_is_gone(MemberKind kind)
    {
        CoreDriver member = Start(Options(Members((1, kind), (2, MemberKind.Voter), (3, MemberKind.Voter))));
        member.Receive(2, Heartbeat(1, EntryId.Zero));
        member.Confirm();
        for (int i = 0; i < 4; i++)
        {
            member.Elapse(RaftTimer.Election);
        }

        Assert.Equal(Role.Follower, member.Core.Role);
        Assert.Equal(new Term(1), member.Core.Term);
        Assert.Equal(NodeId.None, member.Core.Leader);
        Assert.True(member.IsRunning(RaftTimer.Election));

        member.Receive(2, Heartbeat(1, EntryId.Zero, token: 2));
        Assert.Equal(Node(2), member.Core.Leader);
    }

    [Fact]
    public void Learners_have_no_vote_and_log_only_members_have_one()
    {
        CoreDriver member = Start(Options(Members((1, MemberKind.Voter), (2, MemberKind.Learner), (3, MemberKind.LogOnly))) with { PreVote = false });
        member.Elapse(RaftTimer.Election);
        member.Confirm();
        Assert.Equal([Node(3)], member.Only<Effect.BeginVoteRound>().Peers);

        member.Receive(2, new RequestVoteReply(new Term(1), new Term(1), false, true));
        Assert.Equal(Role.Candidate, member.Core.Role);
        member.Receive(3, new RequestVoteReply(new Term(1), new Term(1), false, true));
        Assert.Equal(Role.Leader, member.Core.Role);
    }

    [Fact] // Thesis section 4.3: while a change is under way, an election needs both majorities.
    public void In_a_joint_membership_both_majorities_have_to_vote()
    {
        StreamMembership joint = new(Voters(1, 2, 3).Members, Voters(1, 4, 5).Members);
        CoreDriver member = Start(Options(joint) with { PreVote = false });
        member.Elapse(RaftTimer.Election);
        member.Confirm();
        Assert.Equal([Node(2), Node(3), Node(4), Node(5)], member.Only<Effect.BeginVoteRound>().Peers);

        member.Receive(2, new RequestVoteReply(new Term(1), new Term(1), false, true));
        member.Receive(3, new RequestVoteReply(new Term(1), new Term(1), false, true));
        Assert.Equal(Role.Candidate, member.Core.Role);
        member.Receive(5, new RequestVoteReply(new Term(1), new Term(1), false, true));
        Assert.Equal(Role.Leader, member.Core.Role);
    }

    [Fact]
    public void A_tick_of_an_earlier_start_of_a_timer_changes_nothing()
    {
        CoreDriver member = Start(3);
        member.Step(new RaftInput.TimerElapsed(RaftTimer.Election, 999));
        member.Step(new RaftInput.TimerElapsed(RaftTimer.Heartbeat, 1));
        member.Step(new RaftInput.TimerElapsed(RaftTimer.StepDown, 1));
        member.Step(new RaftInput.TimerElapsed(RaftTimer.ReadRetry, 1));

        Assert.Equal(Role.Follower, member.Core.Role);
        Assert.Empty(member.Effects);
    }

    [Fact]
    public void A_leader_that_is_asked_to_step_down_follows_in_the_same_term()
    {
        CoreDriver member = Leading();
        member.Step(new RaftInput.StepDown());

        Effect.RoleChanged change = member.Only<Effect.RoleChanged>();
        Assert.Equal((Role.Follower, new Term(1), NodeId.None), (change.Role, change.Term, change.Leader));
        Assert.Empty(member.Persisted);
        member.Step(new RaftInput.StepDown());
        Assert.Empty(member.Effects);
    }
}
