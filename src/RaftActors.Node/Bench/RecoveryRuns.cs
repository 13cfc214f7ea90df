using System.Globalization;

namespace RaftActors.Node.Bench;

/// <summary>
/// <c>raftactors bench --recovery</c>: how fast a node that starts again replays its journal and applies all of it. Two nodes stay and say what is committed; the third is stopped, or killed, and
/// started again, each time with everything in its journal and nothing in a snapshot.
/// </summary>
internal static class RecoveryRuns
{
    private const int Writers = 512;

    /// <summary>Every size; as many clean stops as runs are asked for, and one kill -9.</summary>
    public static async Task<IReadOnlyList<RecoveryResult>> RunAsync(BenchOptions options, BenchJournal journal, Func<RecoveryResult, Task> done, CancellationToken cancellation)
    {
        List<RecoveryResult> results = [];
        foreach (int size in options.Sizes)
        {
            string events = options.BatchEntries == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", at most {options.BatchEntries} in one event");
            string load = string.Create(CultureInfo.InvariantCulture, $"recovery of {options.Entries} entries, {size} B{events}");
            await Console.Error.WriteLineAsync($"{BenchRuns.SystemOf(options, journal)}: {load}").ConfigureAwait(false);
            BenchCluster cluster = await BenchCluster.StartAsync(options with { Snapshots = false, Streams = 1, InProcess = false }, journal, cancellation).ConfigureAwait(false);
            await using (cluster.ConfigureAwait(false))
            {
                BenchMember node = await FillAsync(cluster, options, size, cancellation).ConfigureAwait(false);
                List<RecoverySample> clean = [];
                for (int run = 1; run <= options.Runs; run++)
                {
                    await node.EndAsync(cancellation).ConfigureAwait(false);
                    clean.Add(await StartAsync(node, options, cancellation).ConfigureAwait(false));
                }

                node.Kill();
                RecoverySample killed = await StartAsync(node, options, cancellation).ConfigureAwait(false);
                foreach ((string after, RecoverySample sample) in ((string, RecoverySample)[])[("stop", clean.OrderBy(s => s.AppliedMs).ElementAt(clean.Count / 2)), ("kill -9", killed)])
                {
                    RecoveryResult result = new(BenchRuns.SystemOf(options, journal), $"{load}, after {after}", size, sample);
                    results.Add(result);
                    await done(result).ConfigureAwait(false);
                }
            }
        }

        return results;
    }

    /// <summary>Writes the entries, and waits until everybody has them; then a node that does not lead.</summary>
    private static async Task<BenchMember> FillAsync(BenchCluster cluster, BenchOptions options, int size, CancellationToken cancellation)
    {
        BenchMember leader = await cluster.LeaderAsync(cluster.Members, cancellation).ConfigureAwait(false);
        string answer = await leader.AskAsync(
            string.Create(CultureInfo.InvariantCulture, $"load {Math.Min(Writers, options.Entries)} {LoadSpec.MaxSeconds} {size} {options.Entries}"), cancellation).ConfigureAwait(false);
        if (!answer.Contains("\"errors\":0", StringComparison.Ordinal))
        {
            throw new BenchException($"The log could not be filled without errors: {answer}");
        }

        await cluster.CaughtUpAsync(leader, cancellation).ConfigureAwait(false);
        return cluster.Members.First(m => m != leader);
    }

    private static async Task<RecoverySample> StartAsync(BenchMember node, BenchOptions options, CancellationToken cancellation)
    {
        await node.StartAsync(cancellation).ConfigureAwait(false);
        RecoverySample sample = RecoverySample.Parse(await node.AskAsync(
            string.Create(CultureInfo.InvariantCulture, $"applied {options.Entries}"), cancellation).ConfigureAwait(false));
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"  replayed after {sample.ReplayedMs:F0} ms, applied from {sample.FirstAppliedMs:F0} to {sample.AppliedMs:F0} ms, {sample.PeakMemoryBytes / 1e6:F0} MB at most")).ConfigureAwait(false);
        return sample;
    }
}
