using System.Diagnostics;
using RaftActors.Journal.Wal;

namespace RaftActors.Journal;

/// <summary>What a <see cref="DiskProbe"/> has measured.</summary>
/// <param name="Writers">How many wrote at the same time.</param>
/// <param name="Bytes">The size of each write.</param>
/// <param name="PastTheCache">True when the writes went past the system's cache, as the write-ahead log's do by default; false where the file system does not offer that.</param>
/// <param name="SyncsPerSecond">Writes with their sync, of all writers together.</param>
/// <param name="P50Ms">Median of one write with its sync, in ms.</param>
/// <param name="P99Ms">99 of 100 took no longer, in ms.</param>
/// <param name="MaxMs">The longest, in ms.</param>
/// <param name="SlowPerSecond">How many took longer than <see cref="DiskProbe.Slow"/>, in a second.</param>
public sealed record DiskProbeResult(int Writers, int Bytes, bool PastTheCache, double SyncsPerSecond, double P50Ms, double P99Ms, double MaxMs, double SlowPerSecond);

/// <summary>
/// Measures how long a small write and its sync take in a folder: what no durable write of a stream can be faster than. It does what the write-ahead log does, with nothing around it: whole blocks, into space that is reserved and
/// written already, then <c>fdatasync</c>.
/// </summary>
/// <remarks>Several writers stand for several nodes on one disk. Each has a file of 16 MiB or of 64 writes, whichever is more, which is removed afterwards. Thread-safe; two probes at once measure each other.</remarks>
public static class DiskProbe
{
    /// <summary>What one block takes; sizes are rounded up to a multiple of it.</summary>
    public const int BlockSize = BlockWriter.Block;

    /// <summary>The most that one write may have: 8 MiB, as past the cache in the write-ahead log.</summary>
    public const int MaxBytes = BlockWriter.Most;

    /// <summary>The most that may write at the same time.</summary>
    public const int MaxWriters = 64;

    /// <summary>From here on a sync counts as slow: 2 ms.</summary>
    public static TimeSpan Slow { get; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Runs on threads of its own, one for each writer.</summary>
    /// <param name="directory">An existing folder on the disk in question.</param>
    /// <param name="writers">1 to <see cref="MaxWriters"/>.</param>
    /// <param name="bytes">1 to <see cref="MaxBytes"/>, rounded up to whole blocks.</param>
    /// <param name="duration">Above zero. Preparing the files comes on top.</param>
    /// <param name="cancellation">Ends it early; the files are removed then as well.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its bounds.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="IOException">A write or a sync failed; says which file and why.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written to.</exception>
    public static async Task<DiskProbeResult> RunAsync(string directory, int writers, int bytes, TimeSpan duration, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentOutOfRangeException.ThrowIfLessThan(writers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(writers, MaxWriters);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, MaxBytes);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException($"There is no folder {directory}.");
        }

        int size = ProbeFile.RoundUp(bytes);
        using Barrier ready = new(writers);
        Writer[] all = [.. Enumerable.Range(0, writers).Select(_ => new Writer(directory, size, duration, ready, cancellation))];
        await Task.WhenAll(all.Select(w => w.RunAsync())).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();

        long[] sorted = [.. all.SelectMany(w => w.Times).Order()];
        double seconds = all.Max(w => w.Seconds);
        long slow = (long)(Slow.TotalSeconds * Stopwatch.Frequency);
        return new DiskProbeResult(
            writers,
            size,
            all.All(w => w.PastTheCache),
            sorted.Length / seconds,
            Ms(sorted[sorted.Length / 2]),
            Ms(sorted[(int)(sorted.Length * 0.99)]),
            Ms(sorted[^1]),
            sorted.Count(t => t > slow) / seconds);

        static double Ms(long ticks) => Math.Round(ticks * 1000.0 / Stopwatch.Frequency, 4);
    }

    private sealed class Writer(string directory, int size, TimeSpan duration, Barrier ready, CancellationToken cancellation)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<long> Times { get; } = [];

        public double Seconds { get; private set; }

        public bool PastTheCache { get; private set; }

        public Task RunAsync()
        {
            new Thread(Run) { IsBackground = true, Name = "raft-disk-probe" }.Start();
            return _done.Task;
        }

        private void Run()
        {
            try
            {
                WriteToItsFile();
                _done.SetResult();
            }
            catch (Exception e)
            {
                _done.SetException(e);
            }
        }

        private void WriteToItsFile()
        {
            bool waits = true;
            try
            {
                using ProbeFile file = new(directory, size);
                PastTheCache = file.PastTheCache;
                waits = false;
                ready.SignalAndWait(cancellation);
                Measure(file);
            }
            finally
            {
                if (waits)
                {
                    // The others must not wait for this one.
                    ready.RemoveParticipant();
                }
            }
        }

        private void Measure(ProbeFile file)
        {
            long start = Stopwatch.GetTimestamp();
            long until = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
            long begin = start;
            while (begin < until && !cancellation.IsCancellationRequested)
            {
                file.WriteAndSync();
                long end = Stopwatch.GetTimestamp();
                Times.Add(end - begin);
                begin = end;
            }

            Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
