using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Election;

/// <summary>Thesis sections 4.2.3 (disruptive servers) and 6.2 (a leader without a quorum).</summary>
public sealed class LeaderStickinessSpec
{
    [Theory] // 4.2.3: "if a server receives a RequestVote request within the minimum election timeout of hearing from a current leader, it does not update its term or grant its vote"
    [InlineData(true)]
    [InlineData(false)]
    public void Who_hears_a_leader_neither_votes_nor_follows_into_a_newer_term(bool preVote)
    {
        CoreDriver member = Following();
        member.Wait(TimeSpan.FromMilliseconds(999));
        member.Receive(3, new RequestVote(new Term(2), Id(1, 100), preVote));

        Assert.Equal(new RequestVoteReply(new Term(1), new Term(2), preVote, false), member.SentOne<RequestVoteReply>(3));
        Assert.Equal(new Term(1), member.Core.Term);
        Assert.Equal(Node(2), member.Core.Leader);
    }

    [Fact]
    public void Who_has_not_heard_the_leader_for_the_shortest_election_timeout_votes()
    {
        CoreDriver member = Following();
        member.Wait(TimeSpan.FromMilliseconds(1000));
        member.Receive(3, new RequestVote(new Term(2), EntryId.Zero, PreVote: false));
        member.Confirm();

        Assert.True(member.SentOne<RequestVoteReply>(3).Granted);
        Assert.Equal(NodeId.None, member.Core.Leader);
    }

    [Fact] // 4.2.3: except when the leader itself asked for the election.
    public void A_transfer_is_not_held_up()
    {
        CoreDriver member = Following();
        member.Receive(3, new RequestVote(new Term(2), EntryId.Zero, PreVote: false, Transfer: true));
        member.Confirm();

        Assert.True(member.SentOne<RequestVoteReply>(3).Granted);
    }

    [Fact]
    public void A_leader_that_checks_its_quorum_is_not_deposed_by_a_request()
    {
        CoreDriver member = Leading();
        member.Receive(2, new RequestVote(new Term(9), Id(8, 100), PreVote: false));

        Assert.Equal((Role.Leader, new Term(1)), (member.Core.Role, member.Core.Term));
        Assert.False(member.SentOne<RequestVoteReply>(2).Granted);
    }

    [Fact]
    public void A_leader_that_does_not_check_its_quorum_gives_way_to_a_newer_term()
    {
        CoreDriver member = Leading(Options(Voters(1, 2, 3)) with { CheckQuorum = false });
        Assert.False(member.IsRunning(RaftTimer.StepDown));
        member.Receive(2, new RequestVote(new Term(9), Id(8, 100), PreVote: false));

        Assert.Equal((Role.Follower, new Term(9)), (member.Core.Role, member.Core.Term));
    }

    [Fact] // 6.2: "a leader in Raft steps down if an election timeout elapses without a successful round of heartbeats to a majority of its cluster"
    public void A_leader_that_hears_no_quorum_for_an_election_timeout_steps_down()
    {
        CoreDriver member = Leading(5);
        member.Wait(TimeSpan.FromMilliseconds(400));
        member.Acknowledge(2, 1);
        member.Wait(TimeSpan.FromMilliseconds(400));
        member.Acknowledge(3, 1);

        member.Elapse(RaftTimer.StepDown);
        Assert.Equal(Role.Leader, member.Core.Role);
        Assert.Equal(TimeSpan.FromMilliseconds(400), member.TimeUntil(RaftTimer.StepDown));

        member.Elapse(RaftTimer.StepDown);
        Assert.Equal((Role.Follower, new Term(1), NodeId.None), (member.Core.Role, member.Core.Term, member.Core.Leader));
    }

    [Fact]
    public void Refusals_and_answers_of_a_quorum_keep_a_leader_in_office()
    {
        CoreDriver member = Leading();
        for (int i = 0; i < 20; i++)
        {
            member.Wait(TimeSpan.FromMilliseconds(500));
            member.Receive(3, new AppendEntriesReply(new Term(1), 1, false, LogIndex.Zero));
            member.Elapse(RaftTimer.StepDown);
            Assert.Equal(Role.Leader, member.Core.Role);
        }
    }

    [Fact]
    public void Learners_are_no_quorum()
    {
        CoreDriver member = Leading(Options(Members((1, MemberKind.Voter), (2, MemberKind.Voter), (3, MemberKind.Learner), (4, MemberKind.Learner))));
        member.Wait(TimeSpan.FromMilliseconds(500));
        member.Acknowledge(3, 1);
        member.Acknowledge(4, 1);
        member.Elapse(RaftTimer.StepDown);

        Assert.Equal(Role.Follower, member.Core.Role);
    }
}
