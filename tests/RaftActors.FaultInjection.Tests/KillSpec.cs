using KvServer.Client;
using Xunit.Abstractions;

namespace RaftActors.FaultInjection.Tests;

/// <summary>kill -9, again and again, under load.</summary>
public sealed class KillSpec(ITestOutputHelper output)
{
    private const int Kills = 21;

    [Fact]
    public async Task Cluster_must_lose_nothing_when_any_node_is_killed_at_any_moment()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        CheckedLoad load = new(cluster.Nodes, clients: 4);
        load.Start();
        int leadersKilled = 0;
        for (int i = 0; i < Kills; i++)
        {
            await load.ProgressAsync(random.Next(1, 400), TestCluster.Patience);
            int? leader = await cluster.Nodes.LeaderAsync();

            // Every other time the leader, so that elections are not left to chance.
            int victim = i % 2 == 0 && leader is { } known ? known : random.Next(1, 4);
            leadersKilled += victim == leader ? 1 : 0;
            await cluster.Nodes.KillAsync(victim);
            await Task.Delay(random.Next(0, 700)); // Real time: how long the node is gone.
            await cluster.Nodes.StartAsync(victim, TestCluster.Patience);
        }

        await load.ProgressAsync(200, TestCluster.Patience);
        await load.StopAsync();
        output.WriteLine($"{Kills} kills, {leadersKilled} of a leader; {load.Acknowledged} acknowledged, {load.Refused} refused, {load.Unknown} unknown");
        await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        foreach (int node in cluster.Nodes.NodeIds)
        {
            await load.VerifyAsync(node);
        }
    }

    [Fact]
    public async Task Whole_cluster_killed_at_once_must_come_back_with_everything_acknowledged()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        CheckedLoad load = new(cluster.Nodes, clients: 4);
        load.Start();
        for (int round = 0; round < 2; round++)
        {
            await load.ProgressAsync(500, TestCluster.Patience);
            await Task.WhenAll(cluster.Nodes.NodeIds.Select(cluster.Nodes.KillAsync));
            await cluster.Nodes.StartAllAsync(TestCluster.Patience);
        }

        await load.ProgressAsync(200, TestCluster.Patience);
        await load.StopAsync();
        await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        await load.VerifyAsync(1);
    }

    [Fact]
    public async Task Minority_must_refuse_or_leave_open_and_serve_stale_reads_only()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(
            3,
            """
            kv-server.leader-wait = 1s
            raft-actors.stream-defaults { client-timeout = 2s, election-timeout-min = 2s, election-timeout-max = 3s }
            """);
        int leader = await cluster.Nodes.WaitForLeaderAsync(TestCluster.Patience);
        int[] others = [.. cluster.Nodes.NodeIds.Where(n => n != leader)];
        await using RespClient client = await cluster.ConnectAsync(leader);
        Assert.True((await client.TryAsync("SET", "a", "1")).IsAcknowledged);
        await Task.WhenAll(others.Select(cluster.Nodes.KillAsync));

        // The first may catch a leader that does not know yet; it cannot be acknowledged.
        Outcome first = await client.TryAsync("SET", "a", "2");
        Assert.True(first.Kind is OutcomeKind.Unknown || first.Code == "NOLEADER", first.ToString());
        Outcome second = await client.TryAsync("SET", "a", "3");
        Assert.True(second.Kind is OutcomeKind.Unknown || second.Code == "NOLEADER", second.ToString());
        Outcome third = await client.TryAsync("SET", "b", "3");
        Assert.Equal("NOLEADER", third.Code);
        Assert.Equal("NOLEADER", (await client.TryAsync("GET", "a")).Code);
        await client.SendAsync("RAFT", "READ", "stale");
        Assert.Equal("1", (await client.SendAsync("GET", "a")).Text);

        await cluster.Nodes.StartAsync(others[0], TestCluster.Patience);
        await cluster.Nodes.WaitForLeaderAsync(TestCluster.Patience);
        Assert.True((await client.TryAsync("SET", "c", "1")).IsAcknowledged);
        await client.SendAsync("RAFT", "READ", "linearizable");
        Assert.Equal(RespReplyKind.Nil, (await client.SendAsync("GET", "b")).Kind);
    }
}
