using System.Globalization;
using RaftActors.Journal;

namespace RaftActors.Node.Bench;

/// <summary>One of the figures of <see cref="BenchLimits"/>.</summary>
/// <param name="Load">What was measured.</param>
/// <param name="PerSecond">How many a second, of all together.</param>
/// <param name="SlowPerSecond">How many a second took longer than <see cref="DiskProbe.Slow"/>.</param>
internal sealed record BenchLimit(string Load, double PerSecond, double P50Ms, double P99Ms, double SlowPerSecond)
{
    /// <summary>How many entries each of them would replicate; 0 when it replicates nothing.</summary>
    public int Entries { get; init; }

    /// <summary>That many a second; 0 when it replicates nothing.</summary>
    public double EntriesPerSecond => Entries * PerSecond;

    public static BenchLimit Of(string load, LatencyHistogram latency, double seconds) =>
        new(load, latency.Count / seconds, latency.Percentile(0.5), latency.Percentile(0.99), latency.CountOver(DiskProbe.Slow) / seconds);

    public string ToJson()
    {
        string entries = Entries == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $",\"entries_per_s\":{EntriesPerSecond:F0}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"system\":\"limits\",\"load\":\"{Load}\",\"per_s\":{PerSecond:F0}{entries},\"p50_ms\":{P50Ms:F4},\"p99_ms\":{P99Ms:F4},\"over_2ms_per_s\":{SlowPerSecond:F1}}}");
    }
}
