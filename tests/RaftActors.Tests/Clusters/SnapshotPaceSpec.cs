using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>When snapshots are taken by themselves, how fast and to how many they are sent, and what a crash of their actor costs.</summary>
public sealed class SnapshotPaceSpec : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"raft-snapshots-{Guid.NewGuid():N}");

    [Fact]
    public async Task Bytes_must_lead_to_a_snapshot_before_entries_do()
    {
        await using TestNode node = await StartSingle("snapshot-every-entries = 100000, snapshot-every-bytes = 20KiB");
        for (int i = 0; i < 10; i++)
        {
            await node.Write(new string('x', 1000));
        }

        Assert.Equal(LogIndex.Zero, (await node.Stream.GetStatusAsync()).SnapshotIndex);
        for (int i = 0; i < 15; i++)
        {
            await node.Write(new string('x', 1000));
        }

        await node.Until(s => s.SnapshotIndex.Value >= 15);
    }

    [Fact]
    public async Task Time_must_lead_to_a_snapshot_if_anything_was_applied_and_not_again_without_news()
    {
        await using TestNode node = await StartSingle("snapshot-every-entries = 0, snapshot-every-bytes = 0, snapshot-by-time = on, snapshot-interval = 100ms");
        await node.Write("one");
        StreamStatus first = await node.Until(s => s.SnapshotIndex == s.AppliedIndex);
        await node.Write("two");
        await node.Until(s => s.SnapshotIndex > first.SnapshotIndex);
        Assert.InRange(node.Machine.Calls.Count(c => c == "save"), 0, 4);
    }

    [Theory]
    [InlineData("snapshot-bytes-per-second = 64KiB", 1.0)]
    [InlineData("snapshot-bytes-per-second = 0", 0.0)]
    public async Task Bytes_per_second_must_hold_for_all_transfers_together(string setting, double leastSeconds)
    {
        // Two members lack about 64 KiB each, one transfer at a time.
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(
            Store(),
            Settings($"snapshot-every-entries = 0, snapshot-every-bytes = 0, snapshot-block-bytes = 8KiB, max-snapshot-transfers = 1, {setting}"));
        TestNode leader = await cluster.Leader();
        NodeId late = (await cluster.Follower()).Stream.NodeId;
        await cluster.Stop(late);
        leader = await cluster.Leader();
        for (int i = 0; i < 100; i++)
        {
            await leader.Write($"{i}".PadRight(1000, 'x'));
        }

        Assert.IsType<SnapshotCompleted>(await leader.Stream.TakeSnapshotAsync());
        long started = Stopwatch.GetTimestamp();
        TestNode back = await cluster.Start(late);
        await cluster.Converged();
        Assert.True(Stopwatch.GetElapsedTime(started).TotalSeconds >= leastSeconds, "faster than allowed");
        Assert.Contains("load", back.Machine.Calls);
    }

    [Fact]
    public async Task Crash_of_the_snapshot_actor_must_end_the_attempt_with_an_answer_and_not_hinder_the_next()
    {
        TaskCompletionSource gate = new();
        await using TestNode node = await StartSingle("snapshot-every-entries = 0");
        for (int i = 0; i < 20; i++)
        {
            await node.Write($"w{i}");
        }

        node.Machine.SaveGate = gate.Task;
        Task<SnapshotAnswer> snapshot = node.Stream.TakeSnapshotAsync();

        // Behind the request, in the node's own order: it has begun.
        await node.Stream.GetStatusAsync();
        node.System.ActorSelection($"/user/raft/stream-{node.Stream.Id}/node/snapshots").Tell(Kill.Instance);
        SnapshotFailed failed = Assert.IsType<SnapshotFailed>(await snapshot.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("restarted", failed.Reason, StringComparison.Ordinal);
        gate.SetResult();
        node.Machine.SaveGate = Task.CompletedTask;
        await node.Write("goes on");

        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        while (await node.Stream.TakeSnapshotAsync() is not SnapshotCompleted)
        {
            Assert.True(DateTime.UtcNow < end, "no snapshot after the restart of its actor");
            await Task.Delay(50);
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static Config Settings(string settings) =>
        ConfigurationFactory.ParseString(string.Join('\n', settings.Split(", "))).WithFallback(ConfigurationFactory.ParseString("snapshot-reserved-entries = 0"));

    private Config Store() => ConfigurationFactory.ParseString($"akka.persistence.snapshot-store.local.dir = \"{_folder.Replace('\\', '/')}\"");

    private Task<TestNode> StartSingle(string settings)
    {
        StreamId stream = TestConfig.NewStream();
        ImmutableArray<Member> members = [new Member(new NodeId(1), MemberKind.Voter, "127.0.0.1:1")];
        return TestNode.StartAsync(stream, new NodeId(1), members, Store().WithFallback(TestConfig.InMemoryNetwork($"net-{stream}", "127.0.0.1:1")), Settings(settings));
    }
}
