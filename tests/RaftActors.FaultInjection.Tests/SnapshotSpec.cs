using KvServer.Client;
using Xunit.Abstractions;

namespace RaftActors.FaultInjection.Tests;

/// <summary>Snapshots and compaction with processes that are killed under load.</summary>
public sealed class SnapshotSpec(ITestOutputHelper output)
{
    private const string Often = """
        raft-actors.stream-defaults {
          snapshot-every-entries = 40
          snapshot-reserved-entries = 5
          snapshot-block-bytes = 4KiB
        }
        """;

    [Fact]
    public async Task Cluster_must_lose_nothing_when_nodes_are_killed_while_they_take_and_install_snapshots()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using TestCluster cluster = await TestCluster.StartAsync(3, Often);
        CheckedLoad load = new(cluster.Nodes, clients: 4);
        load.Start();
        for (int i = 0; i < 8; i++)
        {
            int victim = random.Next(1, 4);
            await load.ProgressAsync(random.Next(1, 300), TestCluster.Patience);
            await cluster.Nodes.KillAsync(victim);

            // Long enough to miss a snapshot or two, every other time.
            await load.ProgressAsync(i % 2 == 0 ? 600 : 1, TestCluster.Patience);
            await cluster.Nodes.StartAsync(victim, TestCluster.Patience);
        }

        await load.ProgressAsync(100, TestCluster.Patience);
        await load.StopAsync();
        output.WriteLine($"{load.Acknowledged} acknowledged, {load.Refused} refused, {load.Unknown} unknown");
        await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        foreach (int node in cluster.Nodes.NodeIds)
        {
            await load.VerifyAsync(node);
            await using RespClient client = await cluster.ConnectAsync(node);
            RespReply taken = await client.SendAsync("RAFT", "SNAPSHOT");
            Assert.Equal(RespReplyKind.Integer, taken.Kind);
        }

        string logs = string.Concat(cluster.Nodes.NodeIds.Select(cluster.LogOf));
        Assert.Contains("snapshot of entry", logs, StringComparison.Ordinal);
        output.WriteLine($"{logs.Split("is installed").Length - 1} snapshots installed");

        // And once more from nothing but what is on disk.
        await Task.WhenAll(cluster.Nodes.NodeIds.Select(cluster.Nodes.KillAsync));
        await cluster.Nodes.StartAllAsync(TestCluster.Patience);
        await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        await load.VerifyAsync(1);
    }
}
