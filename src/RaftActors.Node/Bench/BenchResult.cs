using System.Globalization;
using System.Text;

namespace RaftActors.Node.Bench;

/// <summary>One measured load: the median of its runs.</summary>
internal sealed record BenchResult
{
    public required string System { get; init; }

    public required string Load { get; init; }

    public int Clients { get; init; }

    public int Bytes { get; init; }

    public double EntriesPerSecond { get; init; }

    public double P50Ms { get; init; }

    public double P99Ms { get; init; }

    /// <summary>Processor time of all nodes together.</summary>
    public double CpuSeconds { get; init; }

    public double CpuMicrosecondsPerEntry { get; init; }

    /// <summary>Resident memory of the leader's process behind the run.</summary>
    public double RssMb { get; init; }

    public long Errors { get; init; }

    /// <summary>What the leader's process allocated, the load generator included.</summary>
    public double AllocatedBytesPerEntry { get; init; }

    /// <summary>The latest tick of a timer on any node.</summary>
    public double TimerLagMs { get; init; }

    /// <summary>Time that the leader's threads stood still for the garbage collector.</summary>
    public double GcPausedMs { get; init; }

    public string ToJson() => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"system\":\"{System}\",\"load\":\"{Load}\",\"entries_per_s\":{EntriesPerSecond:F0},\"p50_ms\":{P50Ms:F4},\"p99_ms\":{P99Ms:F4},\"cpu_s\":{CpuSeconds:F3},\"cpu_us_per_entry\":{CpuMicrosecondsPerEntry:F2},\"rss_mb\":{RssMb:F1},\"errors\":{Errors},\"alloc_bytes_per_entry\":{AllocatedBytesPerEntry:F0},\"timer_lag_ms\":{TimerLagMs:F1},\"gc_paused_ms\":{GcPausedMs:F1}}}");
}

/// <summary>How long a stream was without a leader after kill -9, each time.</summary>
internal sealed record FailoverResult(string System, int ElectionTimeoutMs, IReadOnlyList<double> LeaderMs, IReadOnlyList<double> WriteMs)
{
    public double MedianMs => MedianOf(LeaderMs);

    public static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public string ToJson()
    {
        StringBuilder all = new();
        all.AppendJoin(',', LeaderMs.Select(ms => ms.ToString("F0", CultureInfo.InvariantCulture)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"system\":\"{System}\",\"load\":\"failover\",\"kills\":{LeaderMs.Count},\"median_ms\":{MedianMs:F0},\"worst_ms\":{LeaderMs.Max():F0},\"first_write_median_ms\":{MedianOf(WriteMs):F0},\"election_timeout_ms\":{ElectionTimeoutMs},\"median_in_election_timeouts\":{MedianMs / ElectionTimeoutMs:F2},\"each_ms\":[{all}],\"errors\":0}}");
    }
}

/// <summary>What was found after kill -9 of all nodes under load.</summary>
internal sealed record KillAllResult(string System, int Rounds, long Acknowledged, long Missing, IReadOnlyList<double> RecoveryMs)
{
    public string ToJson() => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"system\":\"{System}\",\"load\":\"kill-all\",\"rounds\":{Rounds},\"acknowledged\":{Acknowledged},\"missing\":{Missing},\"recovery_median_ms\":{FailoverResult.MedianOf(RecoveryMs):F0},\"errors\":{Missing}}}");
}

/// <summary>How fast a node came back that had to replay and apply its whole log.</summary>
internal sealed record RecoveryResult(string System, string Load, int Bytes, RecoverySample Sample)
{
    /// <summary>From the start of the stream until the journal was replayed.</summary>
    public double ReplayedPerSecond => Sample.Entries / Sample.ReplayedMs * 1000;

    /// <summary>While the state machine applied them.</summary>
    public double AppliedPerSecond => Sample.Entries / Math.Max(1, Sample.AppliedMs - Math.Max(Sample.ReplayedMs, Sample.FirstAppliedMs)) * 1000;

    /// <summary>Entries and bytes over the whole time, until everything was applied.</summary>
    public double EntriesPerSecond => Sample.Entries / Sample.AppliedMs * 1000;

    public double MegabytesPerSecond => EntriesPerSecond * Bytes / 1e6;

    public string ToJson() => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"system\":\"{System}\",\"load\":\"{Load}\",\"entries\":{Sample.Entries},\"replayed_ms\":{Sample.ReplayedMs:F0},\"applied_from_ms\":{Sample.FirstAppliedMs:F0},\"applied_ms\":{Sample.AppliedMs:F0},\"replayed_per_s\":{ReplayedPerSecond:F0},\"applied_per_s\":{AppliedPerSecond:F0},\"entries_per_s\":{EntriesPerSecond:F0},\"mb_per_s\":{MegabytesPerSecond:F1},\"peak_mb\":{Sample.PeakMemoryBytes / 1e6:F0},\"errors\":0}}");
}
