using System.Globalization;
using RaftActors.Journal;

namespace RaftActors.Node.Bench;

/// <summary>What the machine itself takes, measured beside the loads: a figure of a replicated write says little without it.</summary>
internal static class BenchLimits
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    /// <param name="Load">What was measured.</param>
    /// <param name="PerSecond">How many a second, of all together.</param>
    /// <param name="SlowPerSecond">How many a second took longer than <see cref="DiskProbe.Slow"/>.</param>
    internal sealed record Limit(string Load, double PerSecond, double P50Ms, double P99Ms, double SlowPerSecond)
    {
        public string ToJson() => string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"system\":\"limits\",\"load\":\"{Load}\",\"per_s\":{PerSecond:F0},\"p50_ms\":{P50Ms:F4},\"p99_ms\":{P99Ms:F4},\"over_2ms_per_s\":{SlowPerSecond:F1}}}");
    }

    /// <summary>One writer, as many as there are nodes, and a round trip.</summary>
    public static async Task<IReadOnlyList<Limit>> RunAsync(string? folder, CancellationToken cancellation)
    {
        string data = folder ?? Path.GetTempPath();
        Directory.CreateDirectory(data);
        List<Limit> limits = [];
        foreach (int writers in (int[])[1, 3])
        {
            DiskProbeResult disk = await DiskProbe.RunAsync(data, writers, DiskProbe.BlockSize, Duration, cancellation).ConfigureAwait(false);
            string cache = disk.PastTheCache ? "" : ", through the cache";
            await AddAsync(new Limit($"write and fdatasync of {disk.Bytes} B, {writers} at once{cache}", disk.SyncsPerSecond, disk.P50Ms, disk.P99Ms, disk.SlowPerSecond)).ConfigureAwait(false);
        }

        LatencyHistogram trips = await LoopbackProbe.RunAsync(Duration, cancellation).ConfigureAwait(false);
        await AddAsync(new Limit($"round trip of {LoopbackProbe.Bytes} B over loopback", trips.Count / Duration.TotalSeconds, trips.Percentile(0.5), trips.Percentile(0.99), 0)).ConfigureAwait(false);
        return limits;

        async Task AddAsync(Limit limit)
        {
            limits.Add(limit);
            await Console.Out.WriteLineAsync(limit.ToJson()).ConfigureAwait(false);
        }
    }
}
