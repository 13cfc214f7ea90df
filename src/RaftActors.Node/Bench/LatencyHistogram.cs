using System.Diagnostics;
using System.Numerics;

namespace RaftActors.Node.Bench;

/// <summary>
/// Latencies in buckets whose width is at most 1/32 of their value, so that a percentile is exact to 3 percent and an entry costs nothing. Not thread-safe; each
/// client has its own.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 5;
    private const int Sub = 1 << SubBits;
    private const int Buckets = 36 * Sub;

    private readonly long[] _counts = new long[Buckets];

    public long Count { get; private set; }

    public void Record(long ticks)
    {
        long microTenths = Math.Max(0, (long)(ticks * (10_000_000.0 / Stopwatch.Frequency)));
        _counts[Math.Min(Buckets - 1, BucketOf(microTenths))]++;
        Count++;
    }

    public void Add(LatencyHistogram other)
    {
        for (int i = 0; i < Buckets; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
    }

    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
    }

    /// <summary>The latency in ms that this part of the operations stayed below; 0 when there were none.</summary>
    public double Percentile(double part)
    {
        long wanted = Math.Max(1, (long)Math.Ceiling(Count * part));
        long seen = 0;
        for (int i = 0; i < Buckets; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
            {
                return MiddleOf(i) / 10_000.0;
            }
        }

        return 0;
    }

    /// <summary>How many took longer, exact to 3 percent of the time.</summary>
    public long CountOver(TimeSpan time)
    {
        long count = 0;
        for (int i = Math.Min(Buckets - 1, BucketOf(time.Ticks)) + 1; i < Buckets; i++)
        {
            count += _counts[i];
        }

        return count;
    }

    private static int BucketOf(long value)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - SubBits);
        return (shift << SubBits) + (int)(value >> shift);
    }

    private static double MiddleOf(int bucket)
    {
        // A value with shift s lies in the buckets (s + 1) * Sub to (s + 2) * Sub - 1, those below 2 * Sub in the ones of their own number.
        int shift = Math.Max(0, (bucket >> SubBits) - 1);
        long low = (long)(bucket - (shift << SubBits)) << shift;
        return low + ((1L << shift) / 2.0);
    }
}
