using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>Snapshots through the public API: taken, restarted from, sent to members that lag behind, damaged.</summary>
public sealed class SnapshotSpec : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"raft-snapshots-{Guid.NewGuid():N}");

    [Fact]
    public async Task Restart_must_load_the_snapshot_and_apply_what_came_after_it()
    {
        (StreamId stream, ImmutableArray<Member> members) = Single();
        StreamStatus before;
        await using (TestNode node = await StartSingle(stream, members))
        {
            await WriteMany(node, 0, 60);
            SnapshotCompleted snapshot = Assert.IsType<SnapshotCompleted>(await node.Stream.TakeSnapshotAsync());
            Assert.Equal(snapshot, await node.Stream.TakeSnapshotAsync());
            await WriteMany(node, 60, 20);
            before = await node.Stream.GetStatusAsync();
            Assert.Equal(snapshot.Index, before.SnapshotIndex);
            CommittedEntryUnavailable gone = Assert.IsType<CommittedEntryUnavailable>(await node.Stream.ReadCommittedAsync(new LogIndex(5)));
            Assert.Contains("compacted", gone.Reason, StringComparison.Ordinal);
        }

        await using TestNode again = await StartSingle(stream, members);
        await again.Until(s => s.IsReady && s.AppliedIndex == s.LastEntry.Index);
        StreamStatus after = await again.Stream.GetStatusAsync();
        Assert.Equal(before.StateHash, after.StateHash);
        Assert.Equal(before.SnapshotIndex, after.SnapshotIndex);
        Assert.Equal(80, again.Machine.Applied.Count);
        Assert.Contains("load", again.Machine.Calls);
        await again.Write("goes on");
    }

    [Fact]
    public async Task Snapshots_must_be_taken_by_themselves_and_restarts_must_stay_possible()
    {
        (StreamId stream, ImmutableArray<Member> members) = Single();
        for (int run = 0; run < 4; run++)
        {
            await using TestNode node = await StartSingle(stream, members, "snapshot-every-entries = 10");
            await node.Until(s => s.IsReady && s.AppliedIndex == s.LastEntry.Index);
            Assert.Equal(run * 37, node.Machine.Applied.Count);
            await WriteMany(node, run * 37, 37);
            await node.Until(s => s.AppliedIndex - s.SnapshotIndex < 10);
        }
    }

    [Fact]
    public async Task Crash_of_the_node_at_any_time_must_lose_nothing()
    {
        (StreamId stream, ImmutableArray<Member> members) = Single();
        await using TestNode node = await StartSingle(stream, members, "snapshot-every-entries = 3, snapshot-reserved-entries = 2, restart-backoff-min = 1ms");
        int written = 0;
        for (int round = 0; round < 8; round++)
        {
            await WriteMany(node, written, 10);
            written += 10;
            RecordingStateMachine killed = node.Machine;
            node.System.ActorSelection($"/user/raft/stream-{stream}/node").Tell(Kill.Instance);
            await node.Until(s => node.Machine != killed && s.IsReady && s.AppliedIndex == s.LastEntry.Index && s.Health == StreamHealth.Healthy && s.AppliedIndex.Value >= written);
        }

        Assert.Equal(Enumerable.Range(0, written).Select(i => $"w{i}"), node.Machine.Applied);
    }

    [Fact]
    public async Task Writes_must_go_on_while_a_snapshot_is_written()
    {
        (StreamId stream, ImmutableArray<Member> members) = Single();
        TaskCompletionSource gate = new();
        await using (TestNode node = await StartSingle(stream, members))
        {
            await WriteMany(node, 0, 10);
            node.Machine.SaveGate = gate.Task;
            Task<SnapshotAnswer> snapshot = node.Stream.TakeSnapshotAsync();
            await WriteMany(node, 10, 50);
            Assert.False(snapshot.IsCompleted);
            gate.SetResult();
            Assert.True(((SnapshotCompleted)await snapshot).Index < (await node.Stream.GetStatusAsync()).AppliedIndex);
        }

        await using TestNode again = await StartSingle(stream, members);
        await again.Until(s => s.IsReady && s.AppliedIndex == s.LastEntry.Index);
        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"w{i}"), again.Machine.Applied);
    }

    [Fact]
    public async Task Failed_save_must_keep_the_log_and_the_stream()
    {
        (StreamId stream, ImmutableArray<Member> members) = Single();
        await using (TestNode node = await StartSingle(stream, members))
        {
            await WriteMany(node, 0, 10);
            node.Machine.SaveGate = Task.FromException(new IOException("no space"));
            SnapshotFailed failed = Assert.IsType<SnapshotFailed>(await node.Stream.TakeSnapshotAsync());
            Assert.Contains("no space", failed.Reason, StringComparison.Ordinal);
            await WriteMany(node, 10, 10);
            Assert.Equal(LogIndex.Zero, (await node.Stream.GetStatusAsync()).SnapshotIndex);
        }

        await using TestNode without = await StartSingle(stream, members, store: "raft-actors.journal.snapshot-plugin = akka.persistence.no-snapshot-store");
        await without.Until(s => s.IsReady && s.AppliedIndex == s.LastEntry.Index);
        Assert.Equal(20, without.Machine.Applied.Count);
        Assert.IsType<SnapshotFailed>(await without.Stream.TakeSnapshotAsync());
        await without.Write("goes on");
    }

    [Fact]
    public async Task Damaged_snapshot_must_be_noticed_and_an_older_one_used_if_the_log_reaches_back_to_it()
    {
        (StreamId stream, ImmutableArray<Member> members) = Single();
        await using (TestNode node = await StartSingle(stream, members, "snapshot-reserved-entries = 1000"))
        {
            await WriteMany(node, 0, 30);
            Assert.IsType<SnapshotCompleted>(await node.Stream.TakeSnapshotAsync());
            await WriteMany(node, 30, 30);
            Assert.IsType<SnapshotCompleted>(await node.Stream.TakeSnapshotAsync());
        }

        DamageNewest();
        await using (TestNode node = await StartSingle(stream, members, "snapshot-reserved-entries = 1000"))
        {
            await node.Until(s => s.IsReady && s.AppliedIndex == s.LastEntry.Index);
            Assert.Equal(60, node.Machine.Applied.Count);
            Assert.Contains("load", node.Machine.Calls);
        }
    }

    [Fact]
    public async Task Damaged_snapshot_without_another_must_stop_the_start_with_the_reason()
    {
        (StreamId stream, ImmutableArray<Member> members) = Single();
        await using (TestNode node = await StartSingle(stream, members))
        {
            await WriteMany(node, 0, 30);
            Assert.IsType<SnapshotCompleted>(await node.Stream.TakeSnapshotAsync());
        }

        DamageNewest();
        StreamStartException refused = await Assert.ThrowsAsync<StreamStartException>(() => StartSingle(stream, members));
        Assert.Contains("snapshot", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Member_that_lags_too_far_must_get_the_snapshot_over_remoting()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(Store(), Settings("snapshot-every-entries = 20, snapshot-reserved-entries = 5, snapshot-block-bytes = 1KiB"));
        TestNode leader = await cluster.Leader();
        await WriteMany(leader, 0, 10);
        NodeId late = (await cluster.Follower()).Stream.NodeId;
        await cluster.Stop(late);
        leader = await cluster.Leader();
        for (int i = 10; i < 610; i += 10)
        {
            // Small batches: a log is cut between batches only.
            await WriteMany(leader, i, 10);
        }

        await leader.Until(s => s.SnapshotIndex.Value > 500);

        TestNode back = await cluster.Start(late);
        await cluster.Converged();
        Assert.Equal(610, back.Machine.Applied.Count);
        Assert.Equal(leader.Machine.Applied, back.Machine.Applied);
        Assert.Contains("load", back.Machine.Calls);
        Assert.True((await back.Stream.GetStatusAsync()).SnapshotIndex.Value > 500);

        // What was installed must carry the next start too.
        await WriteMany(leader, 610, 10);
        await cluster.Stop(late);
        back = await cluster.Start(late);
        await cluster.Converged();
        Assert.Equal(leader.Machine.Applied, back.Machine.Applied);
    }

    [Fact]
    public async Task Snapshot_larger_than_a_frame_must_arrive_while_blocks_get_lost_and_clients_write()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(Store(), Settings("snapshot-every-entries = 8, snapshot-reserved-entries = 2, snapshot-block-bytes = 200KiB, snapshot-retry-interval = 100ms"), brief: true);
        TestNode leader = await cluster.Leader();
        NodeId late = (await cluster.Follower()).Stream.NodeId;
        await cluster.Stop(late);
        leader = await cluster.Leader();
        for (int i = 0; i < 20; i++)
        {
            await leader.Write($"{i}".PadRight(100_000, 'x'));
        }

        await leader.Until(s => s.SnapshotIndex.Value > 10);
        int blocks = 0;
        cluster.Network.Filter((_, _, frame) => (RaftActors.Remoting.PeerFrameType)frame.Bytes.Span[1] != RaftActors.Remoting.PeerFrameType.Fragment || Interlocked.Increment(ref blocks) % 23 != 0);
        TestNode back = await cluster.Start(late);
        for (int i = 0; i < 20; i++)
        {
            await leader.Write($"small {i}");
        }

        await back.Until(s => s.AppliedIndex.Value > 30, TimeSpan.FromSeconds(30));
        cluster.Network.Heal();
        await cluster.Converged();
        Assert.Equal(leader.Machine.Applied, back.Machine.Applied);
        Assert.Contains("load", back.Machine.Calls);
    }

    [Fact]
    public async Task Snapshot_that_is_being_loaded_must_stay_when_a_newer_one_arrives()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(Store(), Settings("snapshot-every-entries = 10, snapshot-block-bytes = 1KiB, snapshot-reserved-for-peers = 0"), brief: true);
        TestNode leader = await cluster.Leader();
        NodeId late = (await cluster.Follower()).Stream.NodeId;
        string address = cluster.Members.Single(m => m.Id == late).Address;
        await cluster.Stop(late);
        leader = await cluster.Leader();
        await WriteInSmallBatches(leader, 0, 200);
        await leader.Until(s => s.SnapshotIndex.Value > 150);

        cluster.Network.Filter((from, to, _) => from != address && to != address);
        TestNode back = await cluster.Start(late);
        TaskCompletionSource gate = new();
        back.Machine.LoadGate = gate.Task;
        cluster.Network.Heal();
        await Eventually(() => back.Machine.Calls.Contains("load"));

        // It is cut off again until the log of the others does not reach back to where it is.
        cluster.Network.Filter((from, to, _) => from != address && to != address);
        long first = HeadersOf(late).Max();
        leader = await cluster.Leader();
        await WriteInSmallBatches(leader, 200, 200);
        await leader.Until(s => s.SnapshotIndex.Value > 350);
        cluster.Network.Heal();
        await Eventually(() => HeadersOf(late).Max() > first);

        // Long enough for the newer one to be recorded and the older ones to be deleted.
        await Task.Delay(300);
        gate.SetResult();

        await cluster.Converged();
        Assert.Equal(leader.Machine.Applied, back.Machine.Applied);
        await Eventually(() => HeadersOf(late).Min() > first);
    }

    public void Dispose()
    {
        // Akka's local snapshot store may still be finishing a file when its system has ended.
        for (int attempt = 0; Directory.Exists(_folder); attempt++)
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException) when (attempt < 100)
            {
                Thread.Sleep(50);
            }
        }
    }

    private static (StreamId Stream, ImmutableArray<Member> Members) Single() => (TestConfig.NewStream(), [new Member(new NodeId(1), MemberKind.Voter, "127.0.0.1:1")]);

    private static Config Settings(string settings) =>
        ConfigurationFactory.ParseString(string.Join('\n', settings.Split(", "))).WithFallback(ConfigurationFactory.ParseString("snapshot-reserved-entries = 0"));

    private static async Task WriteMany(TestNode node, int first, int count) =>
        Assert.All(await Task.WhenAll(Enumerable.Range(first, count).Select(i => node.Propose($"w{i}"))), a => Assert.IsType<ProposalCommitted>(a));

    private static async Task WriteInSmallBatches(TestNode node, int first, int count)
    {
        // A log is cut between batches only.
        for (int i = first; i < first + count; i += 10)
        {
            await WriteMany(node, i, 10);
        }
    }

    private static async Task Eventually(Func<bool> condition)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 3000, "it did not come about in 30 s");
            await Task.Delay(10);
        }
    }

    /// <summary>The indices of the snapshots that a member has whole.</summary>
    private long[] HeadersOf(NodeId node) => [.. new DirectoryInfo(_folder).GetFiles($"*-node-{node}-snapshots-*")
        .Select(f => long.Parse(f.Name.Split('-')[^2], System.Globalization.CultureInfo.InvariantCulture))
        .Where(number => (number & 0xFFFFF) == 0xFFFFF)
        .Select(number => number >> 20)
        .DefaultIfEmpty()];

    private Config Store() => ConfigurationFactory.ParseString($"akka.persistence.snapshot-store.local.dir = \"{_folder.Replace('\\', '/')}\"");

    private Task<TestNode> StartSingle(StreamId stream, ImmutableArray<Member> members, string settings = "snapshot-reserved-entries = 0", string store = "") =>
        TestNode.StartAsync(stream, new NodeId(1), members, ConfigurationFactory.ParseString(store).WithFallback(Store()).WithFallback(TestConfig.InMemoryNetwork($"net-{stream}", "127.0.0.1:1")), Settings(settings));

    private void DamageNewest()
    {
        // By number, and of those the first block, not the header.
        FileInfo file = new DirectoryInfo(_folder).GetFiles().OrderByDescending(f => long.Parse(f.Name.Split('-')[^2], System.Globalization.CultureInfo.InvariantCulture) >> 20).ThenByDescending(f => f.Length).First();
        byte[] bytes = File.ReadAllBytes(file.FullName);
        bytes[bytes.Length / 2] ^= 0x10;
        File.WriteAllBytes(file.FullName, bytes);
    }
}
