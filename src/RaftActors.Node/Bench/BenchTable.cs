using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace RaftActors.Node.Bench;

/// <summary>The whole programme behind docs/PERFORMANCE.md with one command: every load, journal and failure, as one table and one picture.</summary>
internal static class BenchTable
{
    public static async Task<int> RunAsync(BenchOptions options, string file, string? plot, CancellationToken cancellation)
    {
        List<BenchResult> results = [];
        List<BenchLimit> limits = [.. await BenchLimits.RunAsync(options.Data, cancellation).ConfigureAwait(false)];
        BenchOptions common = options with { Clients = [1, 64, 512], Sizes = [128], ReadPercent = 0, Streams = 1 };
        await AddAsync(common with { Clients = [1, 4, 16, 64, 128, 256, 512, 1024] }, BenchJournal.Wal).ConfigureAwait(false);
        List<BenchResult> curve = [.. results];
        await AddAsync(common, BenchJournal.Sqlite).ConfigureAwait(false);
        curve.AddRange(results.Skip(curve.Count));
        await AddAsync(common with { UserCodeOnConsensus = false }, BenchJournal.Wal).ConfigureAwait(false);
        if (options.PostgreSql is not null)
        {
            await AddAsync(common, BenchJournal.PostgreSql).ConfigureAwait(false);
        }

        await AddAsync(common, BenchJournal.Memory).ConfigureAwait(false);
        await AddAsync(common with { Clients = [64], Sizes = [64 * 1024] }, BenchJournal.Wal).ConfigureAwait(false);
        await AddAsync(common with { Clients = [512], ReadPercent = 100 }, BenchJournal.Wal).ConfigureAwait(false);
        await AddAsync(common with { Clients = [512], ReadPercent = 90 }, BenchJournal.Wal).ConfigureAwait(false);
        await AddAsync(common with { Clients = [512], Streams = 16 }, BenchJournal.Wal).ConfigureAwait(false);
        List<RecoveryResult> recoveries = [];
        await RecoverAsync(common).ConfigureAwait(false);
        await RecoverAsync(common with { BatchEntries = 1 }).ConfigureAwait(false);
        FailoverResult failover = await BenchRuns.FailoverAsync(common, BenchJournal.Wal, cancellation).ConfigureAwait(false);
        await Console.Out.WriteLineAsync(failover.ToJson()).ConfigureAwait(false);
        KillAllResult[] kills = [
            await BenchRuns.KillAllAsync(common, BenchJournal.Wal, cancellation).ConfigureAwait(false),
            await BenchRuns.KillAllAsync(common, BenchJournal.Sqlite, cancellation).ConfigureAwait(false),
        ];
        foreach (KillAllResult kill in kills)
        {
            await Console.Out.WriteLineAsync(kill.ToJson()).ConfigureAwait(false);
        }

        // Once more: the machine may be another one by now.
        limits.AddRange(await BenchLimits.RunAsync(options.Data, cancellation).ConfigureAwait(false));
        await File.WriteAllTextAsync(file, Write(options, results, limits, recoveries, failover, kills), cancellation).ConfigureAwait(false);
        if (plot is not null)
        {
            await File.WriteAllTextAsync(plot, ThroughputPlot.Draw(curve), cancellation).ConfigureAwait(false);
        }

        return kills.Any(k => k.Missing > 0) ? ExitCode.WritesMissing : ExitCode.Ok;

        async Task RecoverAsync(BenchOptions load) =>
            recoveries.AddRange(await RecoveryRuns.RunAsync(load, BenchJournal.Wal, r => Console.Out.WriteLineAsync(r.ToJson()), cancellation).ConfigureAwait(false));

        async Task AddAsync(BenchOptions load, BenchJournal journal) =>
            results.AddRange(await BenchRuns.LoadsAsync(load, journal, r => Console.Out.WriteLineAsync(r.ToJson()), cancellation).ConfigureAwait(false));
    }

    private static string Write(BenchOptions options, IReadOnlyList<BenchResult> results, IReadOnlyList<BenchLimit> limits, IReadOnlyList<RecoveryResult> recoveries, FailoverResult failover, IReadOnlyList<KillAllResult> kills)
    {
        StringBuilder text = new();
        Add(text, $"{DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} cores, {Processor()}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}; median of {options.Runs} runs of {options.Seconds} s.");
        text.AppendLine();
        text.AppendLine("| journal | load | entries/s | p50 | p99 | CPU per entry, all nodes | allocated per entry, leader | memory, leader | errors |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|");
        foreach (BenchResult r in results)
        {
            Add(text, $"| {r.System.Split('/')[1]} | {r.Load} | {r.EntriesPerSecond:N0} | {r.P50Ms:F3} ms | {r.P99Ms:F3} ms | {r.CpuMicrosecondsPerEntry:F1} µs | {r.AllocatedBytesPerEntry:F0} B | {r.RssMb:F0} MB | {r.Errors} |");
        }

        text.AppendLine();
        text.AppendLine("| limits of the machine, in front of all loads and behind them | per second | entries/s | p50 | p99 | over 2 ms, per second |");
        text.AppendLine("|---|---|---|---|---|---|");
        foreach (BenchLimit l in limits)
        {
            string entries = l.Entries == 0 ? "" : l.EntriesPerSecond.ToString("N0", CultureInfo.InvariantCulture);
            Add(text, $"| {l.Load} | {l.PerSecond:N0} | {entries} | {l.P50Ms:F3} ms | {l.P99Ms:F3} ms | {l.SlowPerSecond:F1} |");
        }

        text.AppendLine();
        AddRatios(text, results, limits);

        text.AppendLine();
        text.AppendLine("| journal | recovery | replayed after | applied after | replayed/s | applied/s | memory at most |");
        text.AppendLine("|---|---|---|---|---|---|---|");
        foreach (RecoveryResult r in recoveries)
        {
            Add(text, $"| {r.System.Split('/')[1]} | {r.Load} | {r.Sample.ReplayedMs:F0} ms | {r.Sample.AppliedMs:F0} ms | {r.ReplayedPerSecond:N0} | {r.AppliedPerSecond:N0} | {r.Sample.PeakMemoryBytes / 1e6:F0} MB |");
        }

        text.AppendLine();
        Add(text, $"Failover after kill -9 of the leader, election timeout {failover.ElectionTimeoutMs} to {2 * failover.ElectionTimeoutMs} ms: median {failover.MedianMs:F0} ms of {failover.LeaderMs.Count}, worst {failover.LeaderMs.Max():F0} ms.");
        foreach (KillAllResult kill in kills)
        {
            Add(text, $"Kill -9 of all nodes under load, {kill.System.Split('/')[1]}: {kill.Rounds} rounds, {kill.Acknowledged:N0} writes acknowledged, {kill.Missing} missing.");
        }

        return text.ToString();
    }

    /// <summary>What the product makes of what is there: its loads beside the bare write that was measured right in front of them.</summary>
    private static void AddRatios(StringBuilder text, IReadOnlyList<BenchResult> results, IReadOnlyList<BenchLimit> limits)
    {
        text.AppendLine("| clients | entries/s, of the bare quorum write's | p50, times the bare one's | p99, times the bare one's |");
        text.AppendLine("|---|---|---|---|");
        foreach (QuorumWrite write in (QuorumWrite[])[QuorumWrite.Single, QuorumWrite.Batch])
        {
            // The first of each is the write-ahead log's.
            if (results.FirstOrDefault(r => r.Clients == write.Entries) is { } r && limits.FirstOrDefault(l => l.Entries == write.Entries) is { } l)
            {
                Add(text, $"| {r.Clients} | {r.EntriesPerSecond:N0} of {l.EntriesPerSecond:N0}: {100 * r.EntriesPerSecond / l.EntriesPerSecond:F0} % | {r.P50Ms:F3} of {l.P50Ms:F3} ms: {r.P50Ms / l.P50Ms:F2} | {r.P99Ms:F3} of {l.P99Ms:F3} ms: {r.P99Ms / l.P99Ms:F2} |");
            }
        }
    }

    private static string Processor()
    {
        const string Key = "model name";
        try
        {
            return File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
                ?? RuntimeInformation.ProcessArchitecture.ToString();
        }
        catch (IOException)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }
    }

    private static void Add(StringBuilder text, FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
