using System.Diagnostics;
using System.Globalization;
using KvServer.Client.Processes;
using Spectre.Console;

namespace Demo;

/// <summary>The story of the demo, step by step.</summary>
internal sealed class DemoRun(DemoOptions options, IDemoView view)
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <returns>The exit code: 0, or 1 when something acknowledged is missing.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        DemoFiles files = DemoFiles.Prepare(options.Fresh, view.Say);
        Ledger ledger = new(files.Ledger);
        List<InputLine> input = RealInput.Read(files.Repository, options.MaxLines);
        await using KvCluster cluster = new(files.Nodes);
        try
        {
            view.Say($"Run {ledger.Run}: starting three nodes; data in {Path.GetRelativePath(files.Repository, files.Data)}");
            await cluster.StartAllAsync(StartPatience).WaitAsync(cancellation);
            int leader = await cluster.WaitForLeaderAsync(Patience).WaitAsync(cancellation);
            view.Say($"Nodes {string.Join(", ", cluster.NodeIds.Select(n => $"{n} (process {cluster[n].ProcessId}, clients at {cluster.EndpointOf(n)})"))}; node {leader} leads.");
            MembersScene scene = new(cluster, files, view);
            if (!files.IsFirstRun)
            {
                await scene.RestoreAsync(cancellation);
            }

            IReadOnlyCollection<string> lostBefore = await CheckFormerAsync(cluster, ledger, cancellation);

            LoadRun load = new(cluster, [.. input.Select(l => (ledger.KeyOf(l), l.Text))], options);
            view.Say($"Loading {load.Total} lines of this repository over {options.Clients} connections, {options.Pipeline} writes deep each.");

            // A run that was ended half way has no number of its own in the ledger, and has counted: the time tells the counters apart.
            CounterRun counter = new(cluster, string.Create(CultureInfo.InvariantCulture, $"demo:counter:run{ledger.Run}:{DateTime.UtcNow:yyyyMMddHHmmssfff}"));
            Task counting = counter.RunAsync(cancellation);
            int killed = 0;
            await view.WithProgressAsync(load, async () => killed = await LoadWithKillAsync(cluster, load, cancellation));
            if (load.Failure is { } failure)
            {
                throw new DemoException(failure);
            }

            await scene.PlayAsync(counter, cancellation);
            counter.Stop();
            await counting;

            IReadOnlyList<KvStatus> agreed = await cluster.WaitForAgreementAsync(Patience).WaitAsync(cancellation);
            view.Say($"All three have applied entry {agreed[0].Applied} and have the same state ({agreed[0].StateHash}).");
            (string Key, ulong Digest)[] acknowledged = [.. load.AcknowledgedWrites.Select(w => (w.Key, Ledger.Digest(w.Value)))];
            IReadOnlyCollection<string> lost = await Verification.FindLostAsync(cluster, acknowledged, cancellation);
            ledger.Save(load.AcknowledgedWrites);
            string? miscounted = await counter.CheckAsync(cancellation);
            int[] codes = await StopAsync(cluster);
            Show(agreed, load, counter, killed, lost.Count, Stopwatch.GetElapsedTime(begun));
            return Verdict([.. lostBefore, .. lost], miscounted, counter, codes, acknowledged.Length);
        }
        catch (Exception e) when (e is DemoException or KvNodeException)
        {
            // Where it went wrong is in the nodes' own words.
            view.Say($"The ends of the nodes' logs ({Path.GetRelativePath(files.Repository, files.Data)}/node*.log):\n{cluster.Tails()}");
            throw;
        }
    }

    private static async Task<int[]> StopAsync(KvCluster cluster)
    {
        foreach (int node in cluster.NodeIds)
        {
            cluster[node].Terminate();
        }

        return await Task.WhenAll(cluster.NodeIds.Select(n => cluster[n].WaitForExitAsync(TimeSpan.FromSeconds(20))));
    }

    private async Task<IReadOnlyCollection<string>> CheckFormerAsync(KvCluster cluster, Ledger ledger, CancellationToken cancellation)
    {
        List<(string Key, ulong Digest)> former = ledger.Former();
        if (former.Count == 0)
        {
            return [];
        }

        IReadOnlyCollection<string> lost = await Verification.FindLostAsync(cluster, former, cancellation);
        view.Say(lost.Count == 0
            ? $"Continuing on the data of {ledger.Run - 1} former run(s): all {former.Count} keys acknowledged then are there."
            : $"Of {former.Count} keys acknowledged in former runs, {lost.Count} are not there any more.");
        return lost;
    }

    private async Task<int> LoadWithKillAsync(KvCluster cluster, LoadRun load, CancellationToken cancellation)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task loading = load.RunAsync(stop.Token);
        try
        {
            while (load.Acknowledged < load.Total * 0.4 && !loading.IsCompleted)
            {
                await Task.Delay(2, cancellation);
            }

            int leader = await cluster.WaitForLeaderAsync(Patience).WaitAsync(cancellation);
            load.Interrupted();
            await cluster.KillAsync(leader);
            view.Say($"  kill -9 of node {leader}, the leader, after {load.Acknowledged} acknowledged lines");
            while (load.Failover is null)
            {
                if (loading.IsCompleted)
                {
                    await loading;
                    throw new DemoException("The load was over before a new leader was needed; give it more input (--max-lines) or fewer connections (--clients).");
                }

                await Task.Delay(1, cancellation);
            }

            int next = await cluster.WaitForLeaderAsync(Patience).WaitAsync(cancellation);
            view.Say($"  first write acknowledged {load.Failover.Value.TotalMilliseconds:0} ms after the kill; node {next} leads now");
            long restarted = Stopwatch.GetTimestamp();
            await cluster.StartAsync(leader, StartPatience).WaitAsync(cancellation);
            view.Say($"  node {leader} is back after {Stopwatch.GetElapsedTime(restarted).TotalSeconds:0.0} s and catches up");
            await loading;
            return leader;
        }
        catch
        {
            await stop.CancelAsync();
            await loading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }
    }

    private static void Show(IReadOnlyList<KvStatus> agreed, LoadRun load, CounterRun counter, int killed, int lost, TimeSpan total)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 110;
        }

        Table nodes = new();
        foreach (string column in (string[])["node", "role", "term", "commit", "applied", "state hash", ""])
        {
            nodes.AddColumn(new TableColumn(column).NoWrap());
        }

        foreach (KvStatus s in agreed)
        {
            nodes.AddRow(Text(s.Node), s.Role, Text(s.Term), Text(s.Commit), Text(s.Applied), s.StateHash, s.Node == killed ? "was killed" : "");
        }

        AnsiConsole.Write(nodes);
        Table figures = new Table().AddColumns("writes", "");
        figures.AddRow("acknowledged", Text(load.Acknowledged));
        figures.AddRow("refused and repeated", Text(load.Refused));
        figures.AddRow("outcome unknown and repeated", Text(load.Unknown));
        figures.AddRow("lost", Text(lost));
        figures.AddRow("increments through sessions", $"{Text(counter.Acknowledged)}, {Text(counter.Repeated)} sent again");
        figures.AddRow("failover", $"{load.Failover!.Value.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture)} ms");
        figures.AddRow("throughput", $"{(load.Acknowledged / load.Duration.TotalSeconds).ToString("0", CultureInfo.InvariantCulture)} writes/s, failover included");
        figures.AddRow("latency p50 / p99", $"{Milliseconds(load.Percentile(0.5))} / {Milliseconds(load.Percentile(0.99))} ms");
        figures.AddRow("whole demo", $"{total.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s");
        AnsiConsole.Write(figures);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture);

    private int Verdict(IReadOnlyCollection<string> lost, string? miscounted, CounterRun counter, int[] codes, int acknowledged)
    {
        if (lost.Count > 0)
        {
            view.Say($"LOST: {lost.Count} acknowledged writes are not there:");
            foreach (string key in lost.Take(20))
            {
                view.Say($"  {key}");
            }

            return 1;
        }

        if (miscounted is not null)
        {
            view.Say($"MISCOUNTED: {miscounted}.");
            return 1;
        }

        if (codes.Any(c => c != 0))
        {
            view.Say($"A node did not stop cleanly: exit codes {string.Join(", ", codes)}.");
            return 1;
        }

        view.Say("All nodes stopped with exit code 0 when asked to.");
        view.Say($"Exactly once: the counter stands at {counter.Acknowledged}, the number of acknowledged increments, {counter.Repeated} of which had to be sent again.");
        view.Say($"Nothing lost: all {acknowledged} acknowledged writes were read back. Run it again: it continues on this data.");
        return 0;
    }
}
