using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

public sealed class LocalClusterSnapshotSpec
{
    private const string SmallSnapshots = "snapshot-every-entries = 20, snapshot-reserved-entries = 5, snapshot-block-bytes = 1024";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_member_that_was_away_must_be_caught_up_by_a_snapshot_and_a_restart_must_load_it(bool readsSynchronously)
    {
        using LocalCluster cluster = Run(31, readsSynchronously, out NodeId away);
        Assert.True(cluster.StateMachine<SumStateMachine>(away).Loads > 0, "no snapshot was loaded");
        Assert.Contains(cluster.Trace.Lines, line => line.Contains("InstallSnapshot", StringComparison.Ordinal));
        cluster.Restart(away);
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(100, cluster.StateMachine<SumStateMachine>(away).Sum);
        Assert.Equal(1, cluster.StateMachine<SumStateMachine>(away).Loads);
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Fact]
    public void A_member_that_gets_a_snapshot_must_catch_up_while_clients_write_more_than_the_reserve_meanwhile()
    {
        using LocalCluster cluster = New(37, "snapshot-every-entries = 10, snapshot-reserved-entries = 2, snapshot-block-bytes = 1024, snapshot-bytes-per-second = 1024");
        NodeId leader = cluster.WaitForLeader();
        NodeId away = cluster.Members.First(m => m != leader);
        cluster.Crash(away);
        Write(cluster, leader, 100);
        cluster.Restart(away);
        LogIndex seen = cluster.Status(leader).AppliedIndex;
        long written = 0;
        while (cluster.Status(away).AppliedIndex <= seen)
        {
            Assert.True(written < 3000, $"{written} entries were written, and member {away} has {cluster.Status(away).AppliedIndex}");
            Write(cluster, leader, 10);
            written += 10;
            cluster.Advance(TimeSpan.FromMilliseconds(10));
        }

        // From then on it is fed from the log.
        int loads = cluster.StateMachine<SumStateMachine>(away).Loads;
        Write(cluster, leader, 200);
        cluster.AssertAllAppliedEqual();
        Assert.Equal(loads, cluster.StateMachine<SumStateMachine>(away).Loads);
    }

    [Fact]
    public void Snapshots_must_be_repeatable_too()
    {
        using LocalCluster first = Run(32, false, out _);
        using LocalCluster second = Run(32, false, out _);
        Assert.Equal(0, first.ForeignWork);
        Assert.Equal(first.Trace.Lines, second.Trace.Lines);
    }

    [Fact]
    public void A_snapshot_on_demand_must_shorten_what_a_restart_reads()
    {
        using LocalCluster cluster = New(33, "snapshot-every-entries = 0, snapshot-reserved-entries = 0");
        NodeId leader = cluster.WaitForLeader();
        Assert.IsType<SnapshotFailed>(cluster.TakeSnapshot(cluster.Members.First(m => cluster.Status(m).AppliedIndex == LogIndex.Zero)));
        Write(cluster, leader, 30);
        SnapshotCompleted taken = Assert.IsType<SnapshotCompleted>(cluster.TakeSnapshot(leader));
        Assert.Equal(taken.Index, cluster.Status(leader).SnapshotIndex);
        cluster.Restart(leader);
        cluster.WaitForLeader();
        cluster.AssertAllAppliedEqual();
        Assert.Equal(1, cluster.StateMachine<SumStateMachine>(leader).Loads);
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Theory]
    [InlineData(34UL)]
    [InlineData(35UL)]
    [InlineData(36UL)]
    public void A_crash_in_the_middle_of_a_snapshot_must_leave_the_log_as_it_was(ulong seed)
    {
        using LocalCluster cluster = New(seed, "snapshot-every-entries = 0, snapshot-block-bytes = 1024");
        NodeId leader = cluster.WaitForLeader();
        Write(cluster, leader, 30);
        ClusterCall<SnapshotAnswer> snapshot = cluster.BeginTakeSnapshot(leader);
        cluster.RunUntil(() => cluster.Trace.Lines.Count(l => l.Contains("snapshot store: save", StringComparison.Ordinal)) == 3);
        cluster.Crash(leader);
        Assert.IsType<SnapshotFailed>(snapshot.Answer);
        cluster.Restart(leader);
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(0, cluster.StateMachine<SumStateMachine>(leader).Loads);
        Assert.Equal(30, cluster.StateMachine<SumStateMachine>(leader).Sum);
    }

    [Fact]
    public void A_rotten_snapshot_must_not_be_loaded()
    {
        using LocalCluster cluster = New(37, SmallSnapshots);
        NodeId leader = cluster.WaitForLeader();
        Write(cluster, leader, 100);
        cluster.Advance(TimeSpan.FromSeconds(1));
        NodeId victim = cluster.Members.First(m => m != leader);
        cluster.Crash(victim);
        for (int i = 0; i < 200; i++)
        {
            cluster.RotSnapshot(victim);
        }

        cluster.Restart(victim);
        cluster.Advance(TimeSpan.FromSeconds(1));
        StreamStatus status = cluster.Status(victim);
        Assert.Equal(StreamHealth.Failed, status.Health);
        Assert.Contains("snapshot", status.FailureReason, StringComparison.Ordinal);
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Fact]
    public void Snapshots_on_a_failing_disk_must_be_tried_again()
    {
        using LocalCluster cluster = New(38, SmallSnapshots);
        NodeId leader = cluster.WaitForLeader();
        Write(cluster, leader, 10);
        cluster.FailJournal(leader, JournalFault.Stall);
        ClusterCall<SnapshotAnswer> snapshot = cluster.BeginTakeSnapshot(leader);
        cluster.Advance(TimeSpan.FromMilliseconds(300));
        Assert.False(snapshot.IsCompleted);
        cluster.HealJournal(leader);
        Assert.IsType<SnapshotCompleted>(cluster.Wait(snapshot));
        cluster.AssertAllAppliedEqual();
    }

    private static LocalCluster Run(ulong seed, bool readsSynchronously, out NodeId away)
    {
        LocalCluster cluster = New(seed, SmallSnapshots, readsSynchronously);
        NodeId leader = cluster.WaitForLeader();
        away = cluster.Members.First(m => m != leader);
        cluster.Crash(away);
        Write(cluster, leader, 100);
        cluster.Advance(TimeSpan.FromSeconds(2));
        cluster.Restart(away);
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        return cluster;
    }

    private static void Write(LocalCluster cluster, NodeId at, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.IsType<ProposalCommitted>(cluster.Propose(at, "1"));
        }
    }

    private static LocalCluster New(ulong seed, string settings, bool readsSynchronously = false) => new(new LocalClusterOptions
    {
        Seed = seed,
        StateMachine = _ => new SumStateMachine(readsSynchronously),
        Settings = ConfigurationFactory.ParseString(settings),
    });
}
