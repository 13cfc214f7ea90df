using System.Diagnostics;
using System.Globalization;
using RaftActors.TestKit.Linearizability;
using Xunit.Abstractions;

namespace RaftActors.FaultInjection.Tests.Chaos;

/// <summary>
/// Real processes are killed, stand still and come back while clients read and write; all that the clients were told must fit one order
/// of their commands.
/// </summary>
public sealed class LinearizabilitySpec(ITestOutputHelper output)
{
    // Elections, starts of processes on a busy machine, and no more.
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task What_clients_saw_must_be_linearizable_whatever_happened_to_the_processes()
    {
        int seed = Number("RAFT_SEED", Environment.TickCount);
        TimeSpan duration = TimeSpan.FromSeconds(Number("RAFT_CHAOS_SECONDS", 45));
        output.WriteLine($"seed {seed}, {duration.TotalSeconds:0} s");
        await using TestCluster cluster = await TestCluster.StartAsync(Number("RAFT_CHAOS_NODES", 3));
        HistoryRecorder recorder = new();
        RecordedClients clients = new(cluster.Nodes, recorder, seed, clients: 9);
        Random random = new(seed);
        Stopwatch watch = Stopwatch.StartNew();
        Mischief mischief = new(cluster.Nodes, random, what => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds,6:0.00} s  {what}")));
        clients.Start();
        try
        {
            await clients.ProgressAsync(100, Recovery, "in the beginning");
            while (watch.Elapsed < duration)
            {
                string what = await mischief.StrikeAsync();
                TimeSpan healed = watch.Elapsed;
                await clients.ProgressAsync(20, Recovery, $"after '{what}'");
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"          answers again after {(watch.Elapsed - healed).TotalMilliseconds:0} ms"));
                await Task.Delay(random.Next(0, 1500)); // Real time: between the faults.
            }

            mischief.HealAll();
            await clients.StopAsync();
            await cluster.Nodes.WaitForLeaderAsync(TestCluster.Patience);
            foreach (int node in cluster.Nodes.NodeIds)
            {
                await clients.ReadAllAsync(node);
            }

            output.WriteLine(clients.Summary);
            if (Environment.GetEnvironmentVariable("RAFT_CHAOS_HISTORY") is { Length: > 0 } file)
            {
                recorder.ToHistory().WriteFile(file);
            }

            await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
            Assert.True(clients.Completed > 1000, clients.Summary);
            LinearizabilityResult result = LinearizabilityChecker.Check(recorder.ToHistory(), new KeyValueModel());
            output.WriteLine(result.ToString());
            result.EnsureLinearizable();
        }
        catch (Exception)
        {
            output.WriteLine($"Kept in {Keep(cluster, recorder, seed)}");
            throw;
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    /// <summary>What is needed to find the cause: the history, the page, the nodes' logs.</summary>
    private static string Keep(TestCluster cluster, HistoryRecorder recorder, int seed)
    {
        string folder = Directory.CreateTempSubdirectory(string.Create(CultureInfo.InvariantCulture, $"kv-chaos-{seed}-")).FullName;
        History history = recorder.ToHistory();
        history.WriteFile(Path.Combine(folder, "history.jsonl"));
        if (LinearizabilityChecker.Check(history, new KeyValueModel()) is NotLinearizable bad)
        {
            File.WriteAllText(Path.Combine(folder, "counterexample.html"), bad.Counterexample.ToHtml());
            File.WriteAllText(Path.Combine(folder, "counterexample.txt"), bad.ToString());
        }

        foreach (int node in cluster.Nodes.NodeIds)
        {
            File.WriteAllText(Path.Combine(folder, $"node{node}.log"), cluster.LogOf(node));
        }

        return folder;
    }
}
