using System.Globalization;
using KvServer.Client.Processes;

namespace RaftActors.FaultInjection.Tests.Chaos;

/// <summary>What happens to the processes of a cluster, at random: killed, standing still, started again.</summary>
internal sealed class Mischief(KvCluster cluster, Random random, Action<string> log)
{
    /// <summary>One fault, from its beginning until all nodes run again.</summary>
    public async Task<string> StrikeAsync()
    {
        int? leader = await cluster.LeaderAsync();

        // Mostly the leader: nothing else makes a new term.
        int first = leader is { } known && random.Next(3) > 0 ? known : cluster.NodeIds[random.Next(cluster.NodeIds.Count)];
        int second = cluster.NodeIds.Where(n => n != first).ElementAt(random.Next(cluster.NodeIds.Count - 1));
        string what = random.Next(12) switch
        {
            < 3 => $"kill {first}",
            < 6 => $"pause {first}",
            6 => $"pause {first} for a moment",
            7 => $"pause {first} and kill {second}",
            8 => $"pause {first}, then {second}",
            9 => $"kill {first}, and {second} when it is back",
            10 => "kill all",
            _ => "pause all",
        };
        log($"{what} (leader {leader?.ToString(CultureInfo.InvariantCulture) ?? "?"})");
        switch (what.Split(' ')[0], what)
        {
            case (_, "kill all"):
                await Task.WhenAll(cluster.NodeIds.Select(cluster.KillAsync));
                await PassAsync(0, 500);
                await cluster.StartAllAsync(TestCluster.Patience);
                break;
            case (_, "pause all"):
                Each(cluster.NodeIds, n => n.Pause());
                await PassAsync(500, 2500);
                Each(cluster.NodeIds.OrderBy(_ => random.Next()), n => n.Resume());
                break;
            case ("pause", _):
                await PauseAsync(what, first, second);
                break;
            default:
                await KillAsync(first);
                if (what.Contains("and", StringComparison.Ordinal))
                {
                    await KillAsync(second);
                }

                break;
        }

        return what;
    }

    /// <summary>Whatever happened, all nodes go on.</summary>
    public void HealAll() => Each(cluster.NodeIds.Where(cluster.IsRunning), n => n.Resume());

    private async Task PauseAsync(string what, int first, int second)
    {
        cluster[first].Pause();
        if (what.EndsWith("moment", StringComparison.Ordinal))
        {
            await PassAsync(50, 700);
        }
        else if (what.Contains("kill", StringComparison.Ordinal))
        {
            // Without a quorum for a while.
            await KillAsync(second);
            await PassAsync(0, 1500);
        }
        else if (what.Contains("then", StringComparison.Ordinal))
        {
            // The one comes back when the other goes: the new leader stands still while the old one still believes.
            await PassAsync(1000, 2500);
            int? leader = await cluster.LeaderAsync();
            second = leader is { } known && known != first ? known : second;
            cluster[second].Pause();
            if (random.Next(2) == 0)
            {
                await PassAsync(0, 500);
            }

            cluster[first].Resume();
            await PassAsync(500, 2500);
            cluster[second].Resume();
        }
        else
        {
            await PassAsync(2000, 3000);
        }

        cluster[first].Resume();
    }

    private async Task KillAsync(int node)
    {
        await cluster.KillAsync(node);
        await PassAsync(0, 1500);
        await cluster.StartAsync(node, TestCluster.Patience);
    }

    // Real time: how long a fault lasts.
    private Task PassAsync(int from, int to) => Task.Delay(random.Next(from, to));

    private void Each(IEnumerable<int> nodes, Action<KvNodeProcess> action)
    {
        foreach (int node in nodes)
        {
            action(cluster[node]);
        }
    }
}
