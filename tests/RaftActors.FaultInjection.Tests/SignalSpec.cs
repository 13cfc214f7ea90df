using Xunit.Abstractions;

namespace RaftActors.FaultInjection.Tests;

/// <summary>SIGTERM in mid load.</summary>
public sealed class SignalSpec(ITestOutputHelper output)
{
    [Fact]
    public async Task Terminated_node_must_end_with_code_0_and_lose_nothing()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        CheckedLoad load = new(cluster.Nodes, clients: 4);
        load.Start();
        for (int round = 0; round < 3; round++)
        {
            await load.ProgressAsync(500, TestCluster.Patience);

            // Twice the leader, once another.
            int leader = await cluster.Nodes.WaitForLeaderAsync(TestCluster.Patience);
            int node = round < 2 ? leader : (leader % 3) + 1;
            cluster.Nodes[node].Terminate();
            DateTime begun = DateTime.UtcNow;
            int code = await cluster.Nodes[node].WaitForExitAsync(TestCluster.Patience);
            TimeSpan took = DateTime.UtcNow - begun;
            output.WriteLine($"node {node} (leader: {leader}) ended with {code} after {took.TotalMilliseconds:0} ms");
            Assert.True(code == 0, cluster.Nodes[node].Tail(30));
            Assert.True(took < TimeSpan.FromSeconds(10), $"{took}\n{cluster.Nodes[node].Tail(30)}");
            await load.ProgressAsync(200, TestCluster.Patience);
            await cluster.Nodes.StartAsync(node, TestCluster.Patience);
        }

        await load.StopAsync();
        await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        await load.VerifyAsync(1);
    }

    [Fact]
    public async Task All_nodes_terminated_at_once_must_all_end_with_code_0()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        CheckedLoad load = new(cluster.Nodes, clients: 4);
        load.Start();
        await load.ProgressAsync(500, TestCluster.Patience);
        foreach (int node in cluster.Nodes.NodeIds)
        {
            cluster.Nodes[node].Terminate();
        }

        int[] codes = await Task.WhenAll(cluster.Nodes.NodeIds.Select(n => cluster.Nodes[n].WaitForExitAsync(TestCluster.Patience)));
        Assert.True(codes.All(c => c == 0), $"{string.Join(", ", codes)}\n{cluster.Nodes.Tails()}");
        await cluster.Nodes.StartAllAsync(TestCluster.Patience);
        await load.ProgressAsync(100, TestCluster.Patience);
        await load.StopAsync();
        await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        await load.VerifyAsync(2);
    }
}
