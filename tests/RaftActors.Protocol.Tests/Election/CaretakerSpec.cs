using RaftActors.Protocol.Tests.Driver;
using RaftActors.TestKit.Simulation;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Election;

/// <summary>A log-only voter that holds what no electable voter has leads for as long as it takes to hand that over (braft: witness).</summary>
public sealed class CaretakerSpec
{
    private const long Ticket = 700;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>A log-only member 1 with an entry, among the voters 2 and 3.</summary>
    private static CoreDriver LogOnly() =>
        Start(Options(Members((1, MemberKind.LogOnly), (2, MemberKind.Voter), (3, MemberKind.Voter))), History(1, 1));

    private static CoreDriver Caretaker()
    {
        CoreDriver member = LogOnly();
        member.Wait(Patience);
        member.BecomeLeader();
        member.Confirm();
        return member;
    }

    [Fact]
    public void A_log_only_member_stands_when_nobody_has_led_for_four_of_the_longest_election_timeouts()
    {
        CoreDriver member = LogOnly();
        TimeSpan start = member.Now;
        while (member.Now - start < Patience)
        {
            Assert.Equal(Role.Follower, member.Core.Role);
            member.Elapse(RaftTimer.Election);
        }

        Assert.Equal(Role.PreCandidate, member.Core.Role);
        Assert.Equal(new Term(1), member.Core.Term);
        Assert.True(member.Only<Effect.BeginVoteRound>().Request.PreVote);
    }

    [Fact]
    public void It_does_not_stand_while_a_leader_is_heard_nor_when_it_is_asked_to()
    {
        CoreDriver member = LogOnly();
        member.Wait(Patience);
        member.Step(new RaftInput.Campaign());
        Assert.Equal(Role.Follower, member.Core.Role);

        member.Receive(2, Heartbeat(2, Id(1, 2)));
        member.Confirm();
        member.Elapse(RaftTimer.Election);
        Assert.Equal(Role.Follower, member.Core.Role);
        member.Receive(2, new TimeoutNow(new Term(2)));
        Assert.Equal(Role.Follower, member.Core.Role);
    }

    [Fact]
    public void It_does_not_stand_where_elections_are_manual_nor_without_a_vote()
    {
        StreamMembership membership = Members((1, MemberKind.LogOnly), (2, MemberKind.Voter), (3, MemberKind.Voter));
        CoreDriver manual = Start(Options(membership) with { ManualElection = true });
        CoreDriver learner = Start(Options(Members((1, MemberKind.Learner), (2, MemberKind.Voter), (3, MemberKind.Voter))));
        foreach (CoreDriver member in new[] { manual, learner })
        {
            member.Wait(2 * Patience);
            member.Elapse(RaftTimer.Election);
            Assert.Equal(Role.Follower, member.Core.Role);
        }
    }

    [Fact]
    public void A_caretaker_serves_nobody()
    {
        CoreDriver leader = Caretaker();
        leader.Acknowledge(2, 2);
        leader.Acknowledge(3, 3);
        Assert.Equal(new LogIndex(3), leader.Core.CommitIndex);
        Assert.True(leader.Core.IsCaretaker);
        Assert.False(leader.Core.IsReady);
        Assert.False(leader.Core.IsLeaderLeaseValid);

        leader.Propose("x");
        Assert.Equal(ProposalRefusal.Transferring, leader.Only<Effect.ProposalRefused>().Refusal);
        leader.Read();
        leader.Only<Effect.ReadRefused>();
        leader.Step(new RaftInput.ChangeMembership(Ticket, new MembershipChange.Remove(Node(3))));
        Assert.Equal(ChangeRefusal.Transferring, leader.Only<Effect.ChangeRefused>().Refusal);
        leader.Step(new RaftInput.TransferLeadership(Ticket, Node(2), Patience));
        Assert.Equal(TransferOutcome.Busy, leader.Only<Effect.TransferEnded>().Outcome);
        Assert.Equal(new LogIndex(3), leader.Core.LastEntry.Index);
    }

    [Fact]
    public void A_caretaker_asks_the_first_electable_voter_that_has_everything_and_then_another()
    {
        CoreDriver leader = Caretaker();
        leader.Acknowledge(2, 2);
        Assert.Empty(leader.Sent<TimeoutNow>());
        leader.Acknowledge(2, 3);
        leader.SentOne<TimeoutNow>(2);
        Assert.Equal(Node(2), leader.Core.TransferTarget);
        leader.Acknowledge(3, 3);
        Assert.Empty(leader.Sent<TimeoutNow>());

        TimeSpan end = leader.Now + TimeSpan.FromSeconds(2);
        while (leader.Now < end)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            if (leader.Now < end)
            {
                Assert.Empty(leader.Sent<TimeoutNow>());
                leader.Acknowledge(2, 3);
                leader.Acknowledge(3, 3);
            }
        }

        leader.SentOne<TimeoutNow>(3);
        leader.Propose("x");
        Assert.Equal(ProposalRefusal.Transferring, leader.Only<Effect.ProposalRefused>().Refusal);
    }

    [Fact]
    public void Another_log_only_member_is_not_asked()
    {
        CoreDriver leader = Start(Options(Members((1, MemberKind.LogOnly), (2, MemberKind.LogOnly), (3, MemberKind.Voter))), History(1, 1));
        leader.Wait(Patience);
        leader.BecomeLeader();
        leader.Confirm();
        leader.Acknowledge(2, 3);
        Assert.Empty(leader.Sent<TimeoutNow>());
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.Empty(leader.Sent<TimeoutNow>());
    }

    [Fact]
    public void A_caretaker_that_was_followed_lets_the_others_try_before_it_stands_again()
    {
        CoreDriver member = Caretaker();
        member.Receive(2, new RequestVote(member.Core.Term.Next, Id(member.Core.Term.Value, 3), PreVote: false, Transfer: true));
        member.Confirm();
        Assert.Equal(Node(2), member.Core.VotedFor);
        TimeSpan start = member.Now;
        while (member.Now - start < Patience)
        {
            Assert.Equal(Role.Follower, member.Core.Role);
            member.Elapse(RaftTimer.Election);
        }

        Assert.Equal(Role.PreCandidate, member.Core.Role);
    }

    /// <summary>The leader dies with entries that only the log-only member has got. Without a caretaker the others could elect nobody.</summary>
    [Fact]
    public void What_only_the_log_only_member_has_reaches_the_others_and_they_go_on()
    {
        TimeSpan second = TimeSpan.FromSeconds(1);
        for (ulong seed = 1; seed <= 50; seed++)
        {
            CoreCluster cluster = new(SimulationProfile.Calm with { Voters = 2, Loggers = 1 }, seed);
            cluster.StartAll();
            Assert.True(cluster.RunUntil(() => cluster.Leader is { Core.IsReady: true }, second), $"seed {seed}: no leader");
            cluster.RunFor(TimeSpan.FromMilliseconds(50));
            SimulatedMember dead = cluster.Leader!;
            SimulatedMember logger = cluster[3];
            SimulatedMember other = cluster.Members.Single(m => m != dead && m != logger);
            cluster.Cut(dead, other);
            ClientWrite write = cluster.Write(dead, 3);
            Assert.True(cluster.RunUntil(() => write.State == WriteState.Acknowledged, second), $"seed {seed}: not written");
            cluster.Crash(dead);

            bool served = cluster.RunUntil(() => cluster.Leader == other && other.Core!.IsReady, 20 * SimulationProfile.ElectionTimeoutMax);
            Assert.True(served, $"seed {seed}: member {other.Id} does not lead");
            Assert.True(other.Core!.CommitIndex >= write.Last, $"seed {seed}: what was acknowledged is not there");
            ClientWrite next = cluster.Write(other);
            Assert.True(cluster.RunUntil(() => next.State == WriteState.Acknowledged, second), $"seed {seed}: no write after it");

            cluster.HealEverything();
            Assert.True(cluster.RunUntil(() => cluster.Members.All(m => m.IsUp && m.Applied.Count == other.Applied.Count && m.Applied.Count >= next.Last.Value), 5 * second), $"seed {seed}: not all are the same");
            cluster.End();
        }
    }
}
