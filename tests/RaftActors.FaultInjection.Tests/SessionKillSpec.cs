using System.Collections.Concurrent;
using KvServer.Client;
using Xunit.Abstractions;

namespace RaftActors.FaultInjection.Tests;

/// <summary>Increments through sessions while leaders are killed: none is lost, none is executed twice.</summary>
public sealed class SessionKillSpec(ITestOutputHelper output)
{
    private const int Kills = 4;

    [Fact]
    public async Task Counter_must_stand_exactly_at_the_number_of_acknowledged_increments()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using TestCluster cluster = await TestCluster.StartAsync(3, "raft-actors.stream-defaults { snapshot-every-entries = 50, snapshot-reserved-entries = 5 }");
        ConcurrentBag<long> numbers = [];
        long repeated = 0;
        using CancellationTokenSource stop = new();
        Task[] clients = [.. Enumerable.Range(0, 4).Select(i => Task.Run(() => CountAsync(i)))];
        for (int kill = 0; kill < Kills; kill++)
        {
            await ProgressAsync(random.Next(5, 60));
            int leader = await cluster.Nodes.WaitForLeaderAsync(TestCluster.Patience);
            await cluster.Nodes.KillAsync(leader);
            await Task.Delay(random.Next(0, 700)); // Real time: how long the node is gone.
            await cluster.Nodes.StartAsync(leader, TestCluster.Patience);
        }

        await ProgressAsync(50);
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        output.WriteLine($"{numbers.Count} increments, {repeated} sent again");
        await using RespClient reader = await cluster.ConnectAsync(1);
        Assert.Equal($"{numbers.Count}", (await reader.SendAsync("GET", "counter")).Text);
        Assert.Equal(Enumerable.Range(1, numbers.Count).Select(n => (long)n), numbers.Order());

        async Task CountAsync(int client)
        {
            await using RespSession session = await RespSession.OpenAsync([.. cluster.Nodes.NodeIds.Select(cluster.Nodes.EndpointOf)], client);
            while (!stop.IsCancellationRequested)
            {
                Outcome outcome = await session.ExecuteAsync(CancellationToken.None, "INCR", "counter").WaitAsync(TestCluster.Patience);
                Assert.True(outcome.IsAcknowledged, outcome.Reason);
                numbers.Add(outcome.Reply!.Integer);
            }

            Interlocked.Add(ref repeated, session.Repeated);
        }

        async Task ProgressAsync(int increments)
        {
            int goal = numbers.Count + increments;
            using CancellationTokenSource patience = new(TestCluster.Patience);
            while (numbers.Count < goal && !clients.Any(c => c.IsFaulted))
            {
                await Task.Delay(5, patience.Token);
            }
        }
    }
}
