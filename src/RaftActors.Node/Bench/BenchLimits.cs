using RaftActors.Journal;

namespace RaftActors.Node.Bench;

/// <summary>What the machine itself takes, measured beside the loads: a figure of a replicated write says little without it.</summary>
internal static class BenchLimits
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    /// <summary>One writer, as many as there are nodes, a round trip, and all of these together: a bare write to a quorum of one entry and of 64.</summary>
    public static async Task<IReadOnlyList<BenchLimit>> RunAsync(string? folder, CancellationToken cancellation)
    {
        string data = folder ?? Path.GetTempPath();
        Directory.CreateDirectory(data);
        List<BenchLimit> limits = [];
        foreach (int writers in (int[])[1, 3])
        {
            DiskProbeResult disk = await DiskProbe.RunAsync(data, writers, DiskProbe.BlockSize, Duration, cancellation).ConfigureAwait(false);
            await AddAsync(new BenchLimit($"write and fdatasync of {disk.Bytes} B, {writers} at once{Cache(disk.PastTheCache)}", disk.SyncsPerSecond, disk.P50Ms, disk.P99Ms, disk.SlowPerSecond)).ConfigureAwait(false);
        }

        LatencyHistogram trips = await LoopbackProbe.RunAsync(Duration, cancellation).ConfigureAwait(false);
        await AddAsync(BenchLimit.Of($"round trip of {LoopbackProbe.Bytes} B over loopback", trips, Duration.TotalSeconds)).ConfigureAwait(false);
        foreach (QuorumWrite write in (QuorumWrite[])[QuorumWrite.Single, QuorumWrite.Batch])
        {
            QuorumProbeResult rounds = await QuorumProbe.RunAsync(data, write, Duration, cancellation).ConfigureAwait(false);
            string entries = write.Entries == 1 ? "1 entry" : $"{write.Entries} entries";
            await AddAsync(BenchLimit.Of($"bare quorum write of {entries}, three processes{Cache(rounds.PastTheCache)}", rounds.Rounds, rounds.Seconds) with { Entries = write.Entries }).ConfigureAwait(false);
        }

        return limits;

        static string Cache(bool past) => past ? "" : ", through the cache";

        async Task AddAsync(BenchLimit limit)
        {
            limits.Add(limit);
            await Console.Out.WriteLineAsync(limit.ToJson()).ConfigureAwait(false);
        }
    }
}
