using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>A leader whose own disk stands still, with the real actors: with apply-before-own-disk it answers what the others have on disk.</summary>
public sealed class ApplyBeforeOwnDiskRuntimeSpec
{
    private static readonly TimeSpan Still = TimeSpan.FromMinutes(10);

    [Fact]
    public void A_write_and_a_read_of_it_must_be_answered_while_the_leaders_own_disk_stands_still()
    {
        using LocalCluster cluster = New(71, "apply-before-own-disk = on", out NodeId leader);
        cluster.DelayJournal(leader, Still);
        TimeSpan began = cluster.Now;
        ProposalCommitted committed = Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "ahead"));
        Assert.True(cluster.Now - began < TimeSpan.FromMilliseconds(50), $"it took {cluster.Now - began}");

        StreamStatus status = cluster.Status(leader);
        Assert.Equal(leader, cluster.Leader);
        Assert.True(status.DurableIndex < committed.Index);
        Assert.Equal(committed.Index, status.AppliedIndex);
        Assert.Equal("kept,ahead", Text(Assert.IsType<ReadCompleted>(cluster.Query(leader, default))));
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Fact]
    public void Without_it_the_leaders_own_disk_is_waited_for()
    {
        using LocalCluster cluster = New(72, "apply-before-own-disk = off", out NodeId leader);
        cluster.FailJournal(leader, JournalFault.Stall);
        ClusterCall<ProposalAnswer> write = cluster.BeginPropose(leader, "waits"u8.ToArray());
        cluster.Advance(TimeSpan.FromSeconds(2));
        Assert.False(write.IsCompleted);
        StreamStatus status = cluster.Status(leader);
        Assert.True(status.CommitIndex > status.DurableIndex);
        Assert.Equal(status.DurableIndex, status.AppliedIndex);
        cluster.HealJournal(leader);
        Assert.IsType<ProposalCommitted>(cluster.Wait(write));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_answered_must_survive_the_crash_of_a_leader_that_never_had_it_on_disk(bool comesBackAtOnce)
    {
        using LocalCluster cluster = New(73, "apply-before-own-disk = on", out NodeId leader);
        cluster.DelayJournal(leader, Still);
        for (int i = 0; i < 5; i++)
        {
            Assert.IsType<ProposalCommitted>(cluster.Propose(leader, $"ahead {i}"));
        }

        cluster.Crash(leader, loseUnconfirmed: true);
        cluster.HealJournal(leader);
        if (!comesBackAtOnce)
        {
            NodeId next = cluster.WaitForLeader();
            Assert.Equal("kept,ahead 0,ahead 1,ahead 2,ahead 3,ahead 4", Text(Assert.IsType<ReadCompleted>(cluster.Query(next, default))));
        }

        cluster.Restart(leader);
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal("kept,ahead 0,ahead 1,ahead 2,ahead 3,ahead 4", string.Join(',', cluster.StateMachine<ListStateMachine>(leader).Items));
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Fact]
    public void A_journal_that_fails_stops_a_leader_that_is_ahead_and_loses_nothing_that_was_answered()
    {
        using LocalCluster cluster = New(74, "apply-before-own-disk = on", out NodeId leader);
        cluster.DelayJournal(leader, TimeSpan.FromMilliseconds(300));
        cluster.FailJournal(leader);
        Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "ahead"));
        cluster.RunUntil(() => cluster.Status(leader).Health == StreamHealth.Failed);

        cluster.HealJournal(leader);
        cluster.WaitForLeader();
        cluster.Restart(leader);
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(["kept", "ahead"], cluster.StateMachine<ListStateMachine>(leader).Items);
    }

    [Fact]
    public void A_snapshot_must_wait_for_the_own_disk()
    {
        using LocalCluster cluster = new(new LocalClusterOptions
        {
            Seed = 75,
            StateMachine = _ => new SumStateMachine(),
            Settings = ConfigurationFactory.ParseString("apply-before-own-disk = on, snapshot-every-entries = 0, snapshot-reserved-entries = 0"),
        });
        NodeId leader = cluster.WaitForLeader();
        Assert.IsType<ProposalCommitted>(cluster.Propose(leader, BitConverter.GetBytes(1L)));
        cluster.DelayJournal(leader, TimeSpan.FromMilliseconds(800));
        ProposalCommitted ahead = Assert.IsType<ProposalCommitted>(cluster.Propose(leader, BitConverter.GetBytes(2L)));
        Assert.True(cluster.Status(leader).DurableIndex < ahead.Index);

        ClusterCall<SnapshotAnswer> snapshot = cluster.BeginTakeSnapshot(leader);
        cluster.Advance(TimeSpan.FromMilliseconds(300));
        Assert.False(snapshot.IsCompleted);
        Assert.Equal(LogIndex.Zero, cluster.Status(leader).SnapshotIndex);
        Assert.Equal(ahead.Index, Assert.IsType<SnapshotCompleted>(cluster.Wait(snapshot)).Index);
        Assert.True(cluster.Status(leader).DurableIndex >= ahead.Index);

        cluster.HealJournal(leader);
        cluster.Restart(leader);
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(16, cluster.StateMachine<SumStateMachine>(leader).Sum);
    }

    private static LocalCluster New(ulong seed, string settings, out NodeId leader)
    {
        LocalCluster cluster = new(new LocalClusterOptions { Seed = seed, StateMachine = _ => new ListStateMachine(), Settings = ConfigurationFactory.ParseString(settings) });
        leader = cluster.WaitForLeader();
        Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "kept"));
        return cluster;
    }

    private static string Text(ReadCompleted read) => System.Text.Encoding.UTF8.GetString(read.Result.Span);
}
