using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace RaftActors.Node.Bench;

/// <summary>The measurements of <c>raftactors bench</c>, each on a cluster of its own. Says what it is doing on standard error.</summary>
internal static class BenchRuns
{
    /// <summary>Every size with every number of clients, median of the runs by throughput.</summary>
    public static async Task<IReadOnlyList<BenchResult>> LoadsAsync(BenchOptions options, BenchJournal journal, Func<BenchResult, Task> done, CancellationToken cancellation)
    {
        List<BenchResult> results = [];
        foreach (int size in options.Sizes)
        {
            await SayAsync($"{SystemOf(options, journal)}: three nodes with fresh data, {size} B").ConfigureAwait(false);
            BenchCluster cluster = await BenchCluster.StartAsync(options, journal, cancellation).ConfigureAwait(false);
            await using (cluster.ConfigureAwait(false))
            {
                foreach (int clients in options.Clients)
                {
                    if (options.WarmUpSeconds > 0)
                    {
                        await RunAsync(cluster, options, clients, size, options.WarmUpSeconds, journal, cancellation).ConfigureAwait(false);
                    }

                    List<BenchResult> runs = [];
                    for (int run = 1; run <= options.Runs; run++)
                    {
                        BenchResult result = await RunAsync(cluster, options, clients, size, options.Seconds, journal, cancellation).ConfigureAwait(false);
                        await SayAsync(string.Create(
                            CultureInfo.InvariantCulture,
                            $"  {result.Load}, run {run} of {options.Runs}: {result.EntriesPerSecond:F0}/s, p50 {result.P50Ms:F3} ms, p99 {result.P99Ms:F3} ms, {result.CpuMicrosecondsPerEntry:F1} us/entry, {result.AllocatedBytesPerEntry:F0} B/entry")).ConfigureAwait(false);
                        runs.Add(result);
                    }

                    // The errors of all runs count: a median must not hide them.
                    BenchResult median = runs.OrderBy(r => r.EntriesPerSecond).ElementAt(runs.Count / 2) with { Errors = runs.Sum(r => r.Errors) };
                    results.Add(median);
                    await done(median).ConfigureAwait(false);
                }
            }
        }

        return results;
    }

    /// <summary>kill -9 of the leader under light load, as often as asked for.</summary>
    public static async Task<FailoverResult> FailoverAsync(BenchOptions options, BenchJournal journal, CancellationToken cancellation)
    {
        await SayAsync($"{SystemOf(options, journal)}: failover after kill -9 of the leader, {options.Kills} times").ConfigureAwait(false);
        List<double> leaders = [];
        List<double> writes = [];
        BenchCluster cluster = await BenchCluster.StartAsync(options, journal, cancellation).ConfigureAwait(false);
        await using (cluster.ConfigureAwait(false))
        {
            BenchMember leader = await cluster.LeaderAsync(cluster.Members, cancellation).ConfigureAwait(false);
            for (int kill = 1; kill <= options.Kills; kill++)
            {
                await cluster.CaughtUpAsync(leader, cancellation).ConfigureAwait(false);
                BenchMember[] survivors = [.. cluster.Members.Where(m => m != leader)];
                Task load = DrainAsync(leader.FollowAsync("record 4 128", cancellation), _ => { });

                // Not at the same point of every heartbeat.
                await Task.Delay(500 + Random.Shared.Next(options.ElectionTimeout), cancellation).ConfigureAwait(false);
                Task<BenchMember> next = cluster.LeaderAsync(survivors, cancellation);
                await Task.Delay(100, cancellation).ConfigureAwait(false);
                long start = Stopwatch.GetTimestamp();
                leader.Kill();
                BenchMember successor = await next.ConfigureAwait(false);
                leaders.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                await successor.AskAsync("load 1 5 128 1", cancellation).ConfigureAwait(false);
                writes.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                await load.ConfigureAwait(false);
                await SayAsync(string.Create(CultureInfo.InvariantCulture, $"  kill {kill}: a new leader after {leaders[^1]:F0} ms, first write after {writes[^1]:F0} ms")).ConfigureAwait(false);
                await leader.StartAsync(cancellation).ConfigureAwait(false);
                leader = successor;
            }
        }

        return new FailoverResult(SystemOf(options, journal), options.ElectionTimeout, leaders, writes);
    }

    /// <summary>kill -9 of every node under load; after the restart each must have all that was acknowledged.</summary>
    public static async Task<KillAllResult> KillAllAsync(BenchOptions options, BenchJournal journal, CancellationToken cancellation)
    {
        int clients = Math.Min(64, options.Clients.Max());
        await SayAsync($"{SystemOf(options, journal)}: kill -9 of all nodes under the load of {clients} clients, {options.Kills} times").ConfigureAwait(false);
        Dictionary<int, List<long>> acknowledged = [];
        List<double> recoveries = [];
        long missing = 0;
        BenchCluster cluster = await BenchCluster.StartAsync(options, journal, cancellation).ConfigureAwait(false);
        await using (cluster.ConfigureAwait(false))
        {
            BenchMember leader = await cluster.LeaderAsync(cluster.Members, cancellation).ConfigureAwait(false);
            for (int round = 1; round <= options.Kills; round++)
            {
                Task load = DrainAsync(leader.FollowAsync($"record {clients} {options.Sizes[0]}", cancellation), line => Note(line, acknowledged));
                await Task.Delay(TimeSpan.FromSeconds(options.Seconds) + TimeSpan.FromMilliseconds(Random.Shared.Next(300)), cancellation).ConfigureAwait(false);

                // At once, so that nobody lives long enough to write down what another acknowledged.
                await Task.WhenAll(cluster.Members.Select(m => Task.Run(m.Kill, CancellationToken.None))).ConfigureAwait(false);
                await load.ConfigureAwait(false);
                long start = Stopwatch.GetTimestamp();
                await Task.WhenAll(cluster.Members.Select(m => m.StartAsync(cancellation))).ConfigureAwait(false);
                leader = await cluster.LeaderAsync(cluster.Members, cancellation).ConfigureAwait(false);
                recoveries.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                long lost = 0;
                foreach (BenchMember member in cluster.Members)
                {
                    lost = Math.Max(lost, await MissingAsync(member, acknowledged, cancellation).ConfigureAwait(false));
                }

                missing = Math.Max(missing, lost);
                await SayAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  round {round}: {acknowledged.Sum(c => (long)c.Value.Count)} acknowledged so far, {lost} missing, a leader {recoveries[^1]:F0} ms after the restart")).ConfigureAwait(false);
            }
        }

        return new KillAllResult(SystemOf(options, journal), options.Kills, acknowledged.Sum(c => (long)c.Value.Count), missing, recoveries);
    }

    /// <summary>How many of the acknowledged writes a member's state machine lacks, read linearizably.</summary>
    private static async Task<long> MissingAsync(BenchMember member, Dictionary<int, List<long>> acknowledged, CancellationToken cancellation)
    {
        string answer = await member.AskAsync("recorded", cancellation).ConfigureAwait(false);
        for (int attempt = 0; attempt < 10 && answer.StartsWith("error", StringComparison.Ordinal); attempt++)
        {
            await Task.Delay(500, cancellation).ConfigureAwait(false);
            answer = await member.AskAsync("recorded", cancellation).ConfigureAwait(false);
        }

        if (answer.StartsWith("error", StringComparison.Ordinal))
        {
            throw new BenchException($"Node {member.Options.Id} cannot be read after the restart: {answer}");
        }

        Dictionary<int, List<(long First, long Last)>> present = BenchStateMachine.ParseRecorded(answer);
        long missing = 0;
        foreach ((int client, List<long> serials) in acknowledged)
        {
            List<(long First, long Last)> ranges = present.GetValueOrDefault(client) ?? [];
            missing += serials.LongCount(serial => !ranges.Exists(r => r.First <= serial && serial <= r.Last));
        }

        return missing;
    }

    private static void Note(string line, Dictionary<int, List<long>> acknowledged)
    {
        // The last line may have been cut off by the end of the process, but a number that was cut is not believed.
        foreach (string word in line.Split(' ').Skip(1))
        {
            if (word.Split(':') is [var client, var serial] && serial.Length == 18
                && int.TryParse(client, CultureInfo.InvariantCulture, out int c) && long.TryParse(serial, CultureInfo.InvariantCulture, out long s))
            {
                (acknowledged.TryGetValue(c, out List<long>? serials) ? serials : acknowledged[c] = []).Add(s);
            }
        }
    }

    private static async Task DrainAsync(IAsyncEnumerable<string> lines, Action<string> visit)
    {
        await foreach (string line in lines.ConfigureAwait(false))
        {
            if (line.StartsWith("error", StringComparison.Ordinal))
            {
                throw new BenchException(line);
            }

            visit(line);
        }
    }

    private static async Task<BenchResult> RunAsync(
        BenchCluster cluster, BenchOptions options, int clients, int size, double seconds, BenchJournal journal, CancellationToken cancellation)
    {
        (BenchMember Member, int Clients)[] leaders = await SpreadAsync(cluster, clients, cancellation).ConfigureAwait(false);

        // In one process there is one usage.
        BenchMember[] measured = options.InProcess ? [leaders[0].Member] : [.. cluster.Members];
        UsageSample[] before = await UsageAsync(measured, cancellation).ConfigureAwait(false);
        string[] answers = await Task.WhenAll(leaders.Select(l => l.Member.AskAsync(
            string.Create(CultureInfo.InvariantCulture, $"mixed {l.Clients} {seconds} {size} 0 {options.ReadPercent}"), cancellation))).ConfigureAwait(false);
        UsageSample[] after = await UsageAsync(measured, cancellation).ConfigureAwait(false);

        long ops = 0;
        long errors = 0;
        double rate = 0;
        double p50 = 0;
        double p99 = 0;
        foreach (string answer in answers)
        {
            if (!answer.StartsWith('{'))
            {
                throw new BenchException($"A node answered '{answer}' to its load.");
            }

            using JsonDocument json = JsonDocument.Parse(answer);
            long count = json.RootElement.GetProperty("ops").GetInt64();
            ops += count;
            errors += json.RootElement.GetProperty("errors").GetInt64();
            rate += count / json.RootElement.GetProperty("secs").GetDouble();
            p50 += count * json.RootElement.GetProperty("p50_ms").GetDouble();
            p99 = Math.Max(p99, json.RootElement.GetProperty("p99_ms").GetDouble());
        }

        int leader = Math.Max(0, Array.IndexOf(measured, leaders[0].Member));
        double cpu = after.Zip(before, (a, b) => a.CpuSeconds - b.CpuSeconds).Sum();
        string mix = options.ReadPercent == 0 ? "" : $", {options.ReadPercent}% reads";
        string streams = options.Streams == 1 ? "" : $", {options.Streams} streams";
        return new BenchResult
        {
            System = SystemOf(options, journal),
            Load = $"{clients} clients, {size} B{mix}{streams}{(options.UserCodeOnConsensus ? "" : ", user code on its own threads")}{string.Concat(options.Settings.Select(s => $", {s}"))}",
            Clients = clients,
            Bytes = size,
            EntriesPerSecond = rate,
            P50Ms = p50 / Math.Max(1, ops),
            P99Ms = p99,
            CpuSeconds = cpu,
            CpuMicrosecondsPerEntry = cpu * 1e6 / Math.Max(1, ops),
            RssMb = after[leader].MemoryBytes / 1e6,
            Errors = errors,
            AllocatedBytesPerEntry = (after[leader].AllocatedBytes - before[leader].AllocatedBytes) / (double)Math.Max(1, ops),
            TimerLagMs = after.Max(u => u.TimerLagMs),
            GcPausedMs = after[leader].PausedMs - before[leader].PausedMs,
        };
    }

    /// <summary>Who leads streams, and its part of the clients. The one with most streams first.</summary>
    private static async Task<(BenchMember Member, int Clients)[]> SpreadAsync(BenchCluster cluster, int clients, CancellationToken cancellation)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            int[] leads = await Task.WhenAll(cluster.Members.Select(async m =>
                int.Parse(await m.AskAsync("leads", cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture))).ConfigureAwait(false);
            int streams = cluster.Members[0].Options.Streams;
            if (leads.Sum() == streams)
            {
                (BenchMember Member, int Leads)[] order = [.. cluster.Members.Zip(leads).OrderByDescending(m => m.Second)];
                (BenchMember, int)[] parts = [.. order.Select(m => (m.Member, clients * m.Leads / streams)).Where(m => m.Item2 > 0)];
                parts[0].Item2 += clients - parts.Sum(p => p.Item2);
                return parts;
            }

            await Task.Delay(100, cancellation).ConfigureAwait(false);
        }

        throw new BenchException("Not every stream has a leader.");
    }

    private static Task<UsageSample[]> UsageAsync(IEnumerable<BenchMember> members, CancellationToken cancellation) =>
        Task.WhenAll(members.Select(async m => UsageSample.Parse(await m.AskAsync("usage", cancellation).ConfigureAwait(false))));

    public static string SystemOf(BenchOptions options, BenchJournal journal) =>
        $"raftactors/{journal.ToString().ToLowerInvariant()}{(options.InProcess ? "/in-process" : "")}";

    private static Task SayAsync(string text) => Console.Error.WriteLineAsync(text);
}
