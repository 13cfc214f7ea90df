using System.Globalization;
using System.Net;
using KvServer.Client;
using KvServer.Client.Processes;
using Xunit.Abstractions;

namespace RaftActors.FaultInjection.Tests;

/// <summary>KvServer's RAFT ADD, REMOVE, TRANSFER and MEMBERS with processes, under load.</summary>
public sealed class LiveMembersSpec(ITestOutputHelper output)
{
    [Fact]
    public async Task Node_must_join_lead_survive_a_kill_and_replace_another_under_load_and_nothing_be_lost()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        CheckedLoad load = new(cluster.Nodes, clients: 4);
        load.Start();
        await load.ProgressAsync(300, TestCluster.Patience);
        int leader = await cluster.Nodes.WaitForLeaderAsync(TestCluster.Patience);
        int other = cluster.Nodes.NodeIds.First(n => n != leader);

        // The load picks its nodes when it begins; the fourth is looked at apart from it.
        (KvCluster fourth, string address) = Fourth(cluster);
        await using KvCluster owned = fourth;
        await fourth.StartAsync(4, TestCluster.Patience);
        await UntilDoneAsync(cluster, other, "RAFT", "ADD", "4", address);
        await UntilDoneAsync(cluster, other, "RAFT", "TRANSFER", "4");
        Assert.Equal(4, (await fourth.WaitForLeaderAsync(TestCluster.Patience)));
        await load.ProgressAsync(300, TestCluster.Patience);

        await fourth.KillAsync(4);
        await load.ProgressAsync(300, TestCluster.Patience);
        await fourth.StartAsync(4, TestCluster.Patience);
        int next = await cluster.Nodes.WaitForLeaderAsync(TestCluster.Patience);
        int leaves = cluster.Nodes.NodeIds.First(n => n != next);
        await UntilDoneAsync(cluster, leaves, "RAFT", "REMOVE", leaves.ToString(CultureInfo.InvariantCulture));
        await cluster.Nodes.KillAsync(leaves);
        await load.ProgressAsync(300, TestCluster.Patience);
        await using RespClient atFourth = await RespClient.ConnectAsync(fourth.EndpointOf(4));
        string members = (await atFourth.SendAsync("RAFT", "MEMBERS")).Text;
        Assert.Contains("\"node_id\":4", members, StringComparison.Ordinal);

        // It was away, and a quorum decides without it: it may hear of the removal later.
        for (DateTime end = DateTime.UtcNow + TestCluster.Patience; members.Contains($"\"node_id\":{leaves},", StringComparison.Ordinal);)
        {
            Assert.True(DateTime.UtcNow < end, members);
            await Task.Delay(50);
            members = (await atFourth.SendAsync("RAFT", "MEMBERS")).Text;
        }

        output.WriteLine(members);

        // Through a node that need not lead: what cannot be is refused for a reason, what is so already is acknowledged.
        Assert.Equal("REFUSED", (await SettledAsync(atFourth, "RAFT", "TRANSFER", "9")).Code);
        Assert.True((await SettledAsync(atFourth, "RAFT", "REMOVE", leaves.ToString(CultureInfo.InvariantCulture))).IsAcknowledged);

        // The others fetch it back, with the log that it still has.
        await cluster.Nodes.StartAsync(leaves, TestCluster.Patience);
        await UntilDoneAsync(cluster, next, "RAFT", "ADD", leaves.ToString(CultureInfo.InvariantCulture), $"127.0.0.1:{cluster.PeerPortOf(leaves)}");
        await load.StopAsync();
        await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        foreach (int node in cluster.Nodes.NodeIds)
        {
            await load.VerifyAsync(node);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Addition_whose_leader_is_gone_must_be_answered_as_unknown_long_before_its_deadline(bool standsStill)
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3, TestCluster.OneLeader);
        int leader = await cluster.Nodes.WaitForLeaderAsync(TestCluster.Patience);
        int other = cluster.Nodes.NodeIds.First(n => n != leader);
        await using RespClient client = await cluster.ConnectAsync(other);
        await using RespClient watch = await cluster.ConnectAsync(other);

        // Now it knows who leads, and that one is ready.
        await UntilDoneAsync(cluster, other, "SET", "a", "1");

        // Nobody is there to catch up, so it takes its time.
        Task<Outcome> asked = client.TryAsync("RAFT", "ADD", "9", $"127.0.0.1:{KvCluster.FreePorts(1)[0]}");
        for (DateTime end = DateTime.UtcNow + TestCluster.Patience; !(await watch.SendAsync("RAFT", "MEMBERS")).Text.Contains("\"node_id\":9,", StringComparison.Ordinal);)
        {
            Assert.True(DateTime.UtcNow < end && !asked.IsCompleted);
            await Task.Delay(10);
        }

        if (standsStill)
        {
            cluster.Nodes[leader].Pause();
        }
        else
        {
            await cluster.Nodes.KillAsync(leader);
        }

        Outcome outcome = await asked.WaitAsync(TimeSpan.FromSeconds(30)); // Its deadline is a minute.
        output.WriteLine(outcome.ToString());
        Assert.Equal(OutcomeKind.Unknown, outcome.Kind);
        Assert.Contains("UNKNOWN", outcome.Reply?.ToString(), StringComparison.Ordinal);
    }

    private static (KvCluster Fourth, string Address) Fourth(TestCluster cluster)
    {
        int[] ports = KvCluster.FreePorts(2);
        string file = Path.Combine(cluster.Folder, "cluster-of-node4.json");
        File.WriteAllText(file, TestCluster.ClusterJson([.. cluster.Nodes.NodeIds.Select(cluster.PeerPortOf), ports[0]]));
        KvCluster fourth = new(
        [
            new KvNodeSettings
            {
                NodeId = 4,
                ClusterFile = file,
                ConfigFile = Path.Combine(cluster.Folder, "node.conf"),
                DataFolder = Path.Combine(cluster.Folder, "node4"),
                Endpoint = new IPEndPoint(IPAddress.Loopback, ports[1]),
                Join = true,
            },
        ]);
        return (fourth, $"127.0.0.1:{ports[0]}");
    }

    // What a node answers when somebody leads.
    private async Task<Outcome> SettledAsync(RespClient client, params string[] words)
    {
        DateTime end = DateTime.UtcNow + TestCluster.Patience;
        while (true)
        {
            Outcome outcome = await client.TryAsync(words);
            output.WriteLine($"{string.Join(' ', words)}: {outcome}");
            if ((!outcome.MayRetry && outcome.Kind != OutcomeKind.Unknown) || DateTime.UtcNow > end)
            {
                return outcome;
            }

            await Task.Delay(200);
        }
    }

    // A change may be refused for the moment, or its outcome be unknown, while leaders change; asking for the same again does no harm.
    private async Task UntilDoneAsync(TestCluster cluster, int via, params string[] words)
    {
        DateTime end = DateTime.UtcNow + TestCluster.Patience;
        while (true)
        {
            await using RespClient client = await cluster.ConnectAsync(via);
            Outcome outcome = await client.TryAsync(words);
            output.WriteLine($"{string.Join(' ', words)} through node {via}: {(outcome.IsAcknowledged ? outcome.Reply!.ToString() : outcome.Reason)}");
            if (outcome.IsAcknowledged)
            {
                return;
            }

            Assert.True(DateTime.UtcNow < end, outcome.Reason);
            await Task.Delay(200);
        }
    }
}
