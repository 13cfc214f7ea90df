using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>A commit that waits for all healthy voters: never with less than a quorum, and never for long because of one.</summary>
public sealed class FullConsensusSpec
{
    private static readonly RaftOptions Full = Options(Voters(1, 2, 3)) with { FullConsensus = true };
    private static readonly TimeSpan Detection = Full.ElectionTimeoutMin + (2 * Full.HeartbeatInterval);

    /// <summary>Heartbeats, answered by some, until something is committed.</summary>
    private static TimeSpan TimeToCommit(CoreDriver leader, long index, params (uint Peer, long Has)[] answers)
    {
        TimeSpan began = leader.Now;
        while (leader.Core.CommitIndex.Value < index)
        {
            Assert.True(leader.Now - began < TimeSpan.FromMinutes(1), "never committed");
            leader.Elapse(RaftTimer.Heartbeat);
            foreach ((uint peer, long has) in answers)
            {
                leader.Acknowledge(peer, has);
            }
        }

        return leader.Now - began;
    }

    [Fact]
    public void Nothing_is_committed_before_the_last_healthy_voter_has_it()
    {
        CoreDriver leader = Leading(Full);
        leader.Acknowledge(2, 1);
        Assert.Equal(0, leader.Core.CommitIndex.Value);
        leader.Acknowledge(3, 1);
        Assert.Equal(1, leader.Core.CommitIndex.Value);

        leader.ProposeDurably("a");
        leader.Acknowledge(3, 2);
        Assert.Equal(1, leader.Core.CommitIndex.Value);
        leader.Acknowledge(2, 2);
        Assert.Equal(2, leader.Core.CommitIndex.Value);
    }

    [Fact]
    public void A_voter_that_falls_silent_delays_by_its_detection_and_then_no_more()
    {
        CoreDriver leader = LeadingInSync(Full);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        TimeSpan waited = TimeToCommit(leader, 2, (2, 2));
        Assert.InRange(waited, Full.ElectionTimeoutMin - Full.HeartbeatInterval, Detection);

        leader.ProposeDurably("b");
        leader.Acknowledge(2, 3);
        Assert.Equal(3, leader.Core.CommitIndex.Value);
    }

    [Fact]
    public void There_is_never_less_than_a_quorum()
    {
        CoreDriver leader = LeadingInSync(Full);
        leader.ProposeDurably("a");
        leader.Step(new RaftInput.PeerUnreachable(Node(2)));
        leader.Step(new RaftInput.PeerUnreachable(Node(3)));
        for (int i = 0; i < 40; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
        }

        Assert.Equal(Role.Leader, leader.Core.Role);
        Assert.Equal(1, leader.Core.CommitIndex.Value);
        leader.Acknowledge(2, 2);
        Assert.Equal(2, leader.Core.CommitIndex.Value);
    }

    [Fact]
    public void A_voter_that_answers_and_never_has_it_on_disk_delays_no_longer_and_counts_again_when_it_has_caught_up()
    {
        CoreDriver leader = LeadingInSync(Full);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        Assert.InRange(TimeToCommit(leader, 2, (2, 2), (3, 1)), Full.ElectionTimeoutMin, Detection + Full.HeartbeatInterval);
        leader.ProposeDurably("b");
        leader.Acknowledge(2, 3);
        Assert.Equal(3, leader.Core.CommitIndex.Value);

        // Still behind at the next look: still not waited for.
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Acknowledge(3, 2);
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.False(leader.Core.Peers.Single(p => p.Id == Node(3)).IsWaitedFor);

        leader.Acknowledge(2, 3);
        leader.Acknowledge(3, 3);
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.True(leader.Core.Peers.Single(p => p.Id == Node(3)).IsWaitedFor);
        leader.ProposeDurably("c");
        leader.Acknowledge(2, 4);
        Assert.Equal(3, leader.Core.CommitIndex.Value);
        leader.Acknowledge(3, 4);
        Assert.Equal(4, leader.Core.CommitIndex.Value);
    }

    [Fact]
    public void A_voter_that_the_transport_cannot_reach_is_not_waited_for_at_all()
    {
        CoreDriver leader = LeadingInSync(Full);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        leader.Step(new RaftInput.PeerUnreachable(Node(3)));
        Assert.Equal(2, leader.Core.CommitIndex.Value);
    }

    [Fact]
    public void A_paused_voter_is_not_waited_for()
    {
        CoreDriver leader = LeadingInSync(Full);
        leader.Step(new RaftInput.PauseReplication(1, Node(3), TimeSpan.FromMinutes(1)));
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        Assert.Equal(2, leader.Core.CommitIndex.Value);
    }

    [Fact]
    public void A_voter_that_gets_a_snapshot_is_not_waited_for()
    {
        CoreDriver leader = Leading(Full with { ReservedEntries = 0 });
        leader.Acknowledge(2, 1);
        TimeToCommit(leader, 1, (2, 1));
        leader.Step(new RaftInput.Applied(new LogIndex(1)));
        leader.Step(new RaftInput.SnapshotTaken(leader.Core.DescribeSnapshot(new LogIndex(1))!));
        leader.Confirm();

        leader.Elapse(RaftTimer.Heartbeat);
        leader.Acknowledge(3, 0);
        leader.Acknowledge(2, 1);
        Assert.Equal(PeerState.InstallingSnapshot, leader.Core.Peers.Single(p => p.Id == Node(3)).State);
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Acknowledge(3, 0);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        Assert.Equal(2, leader.Core.CommitIndex.Value);
    }

    [Fact]
    public void The_leaders_own_disk_is_waited_for_as_well_and_no_longer_than_others()
    {
        CoreDriver leader = LeadingInSync(Full);
        leader.Propose("a");
        leader.Acknowledge(2, 2);
        leader.Acknowledge(3, 2);
        Assert.Equal(1, leader.Core.CommitIndex.Value);
        leader.Confirm();
        Assert.Equal(2, leader.Core.CommitIndex.Value);

        leader.Propose("b");
        leader.Acknowledge(2, 3);
        leader.Acknowledge(3, 3);
        Assert.InRange(TimeToCommit(leader, 3, (2, 3), (3, 3)), Full.ElectionTimeoutMin, Detection + Full.HeartbeatInterval);
    }

    [Fact]
    public void Learners_are_not_waited_for()
    {
        RaftOptions options = Options(Members((1, MemberKind.Voter), (2, MemberKind.Voter), (3, MemberKind.Learner))) with { FullConsensus = true };
        CoreDriver leader = Leading(options);
        leader.Acknowledge(2, 1);
        Assert.Equal(1, leader.Core.CommitIndex.Value);
    }

    [Fact]
    public void A_new_leader_waits_for_a_dead_voter_no_longer_than_its_detection()
    {
        CoreDriver leader = Leading(Full);
        leader.Acknowledge(2, 1);
        Assert.InRange(TimeToCommit(leader, 1, (2, 1)), Full.ElectionTimeoutMin - Full.HeartbeatInterval, Detection);
    }

    [Fact]
    public void It_is_switched_on_and_off_while_the_leader_leads()
    {
        CoreDriver leader = LeadingInSync(Full with { FullConsensus = false });
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        Assert.Equal(2, leader.Core.CommitIndex.Value);

        leader.Step(new RaftInput.Tune(new RaftTuning { FullConsensus = true }));
        leader.Acknowledge(3, 2);
        leader.ProposeDurably("b");
        leader.Acknowledge(2, 3);
        Assert.Equal(2, leader.Core.CommitIndex.Value);
        leader.Step(new RaftInput.Tune(new RaftTuning { FullConsensus = false }));
        Assert.Equal(3, leader.Core.CommitIndex.Value);
    }
}
