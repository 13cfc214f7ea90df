using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>Full consensus with the real actors: what a client was told is on every healthy member's disk, and one that dies delays by its detection only.</summary>
public sealed class FullConsensusRuntimeSpec
{
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Detection = TimeSpan.FromMilliseconds(1300);

    [Fact]
    public void An_acknowledged_write_must_be_on_the_slowest_healthy_disk_too()
    {
        using LocalCluster cluster = New(61, "full-consensus = on");
        NodeId leader = cluster.WaitForLeader();
        cluster.DelayJournal(cluster.Members.First(m => m != leader), Slow);
        for (int i = 0; i < 5; i++)
        {
            (ProposalCommitted committed, TimeSpan took) = Write(cluster, leader);
            Assert.True(took >= Slow, $"acknowledged after {took}");
            Assert.All(cluster.Members, m => Assert.True(cluster.Status(m).DurableIndex >= committed.Index));
        }

        Assert.Equal(0, cluster.ForeignWork);
    }

    [Theory]
    [InlineData("crash")]
    [InlineData("cut off")]
    [InlineData("stand still")]
    [InlineData("disk")]
    public void A_member_that_fails_must_delay_no_write_beyond_its_detection(string how)
    {
        using LocalCluster cluster = New(62, "full-consensus = on");
        NodeId leader = cluster.WaitForLeader();
        Write(cluster, leader);
        NodeId victim = cluster.Members.Last(m => m != leader);
        switch (how)
        {
            case "crash":
                cluster.Crash(victim);
                break;
            case "cut off":
                cluster.Isolate(victim);
                break;
            case "stand still":
                cluster.Pause(victim);
                break;
            default:
                cluster.DelayJournal(victim, TimeSpan.FromMinutes(1));
                break;
        }

        TimeSpan first = Write(cluster, leader).Took;
        Assert.True(first <= Detection, $"the first write took {first}");
        TimeSpan second = Write(cluster, leader).Took;
        Assert.True(second < TimeSpan.FromMilliseconds(50), $"the second write took {second}");
        Assert.Equal(leader, cluster.Leader);
    }

    [Fact]
    public void A_member_that_is_back_must_be_waited_for_again()
    {
        using LocalCluster cluster = New(63, "full-consensus = on");
        NodeId leader = cluster.WaitForLeader();
        NodeId other = cluster.Members.First(m => m != leader);
        cluster.Crash(other);
        Write(cluster, leader);
        cluster.Restart(other);
        cluster.AssertAllAppliedEqual();
        cluster.Advance(TimeSpan.FromMilliseconds(500));
        cluster.DelayJournal(other, Slow);
        Assert.True(Write(cluster, leader).Took >= Slow);
    }

    [Fact]
    public void It_must_be_possible_to_switch_it_while_the_stream_runs()
    {
        using LocalCluster cluster = New(64, "full-consensus = off");
        NodeId leader = cluster.WaitForLeader();
        cluster.DelayJournal(cluster.Members.First(m => m != leader), Slow);
        Assert.True(Write(cluster, leader).Took < Slow);

        cluster.Tune(leader, new RaftTuning { FullConsensus = true });
        cluster.Tune(leader, new RaftTuning { PaceLagEntries = 5000 });
        Assert.True(Write(cluster, leader).Took >= Slow);
        cluster.Tune(leader, new RaftTuning { FullConsensus = false });
        Assert.True(Write(cluster, leader).Took < Slow);
        Assert.Equal(new RaftTuning { FullConsensus = false, PaceLagEntries = 5000 }, Tuning(cluster, leader));
    }

    private static LocalCluster New(ulong seed, string settings) =>
        new(new LocalClusterOptions { Seed = seed, StateMachine = _ => new ListStateMachine(), Settings = ConfigurationFactory.ParseString(settings) });

    private static (ProposalCommitted Committed, TimeSpan Took) Write(LocalCluster cluster, NodeId leader)
    {
        TimeSpan began = cluster.Now;
        ProposalCommitted committed = Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "x"));
        return (committed, cluster.Now - began);
    }

    private static RaftTuning Tuning(LocalCluster cluster, NodeId member) => cluster.Wait(cluster.Begin(member, "look", stream => Task.FromResult(stream.Tuning), _ => RaftTuning.None));
}
