using System.Diagnostics;
using RaftActors.Node.Bench;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary>What the benchmark says of latencies.</summary>
public sealed class LatencyHistogramSpec
{
    [Fact]
    public void Percentiles_and_what_took_longer_are_exact_to_3_percent()
    {
        LatencyHistogram latency = new();
        for (int ms = 1; ms <= 1000; ms++)
        {
            latency.Record(ms * Stopwatch.Frequency / 1000);
        }

        Assert.Equal(1000, latency.Count);
        Assert.InRange(latency.Percentile(0.5), 485, 515);
        Assert.InRange(latency.Percentile(0.99), 960, 1020);
        Assert.InRange(latency.CountOver(TimeSpan.FromMilliseconds(900)), 70, 130);
        Assert.Equal(0, latency.CountOver(TimeSpan.FromSeconds(2)));
        Assert.Equal(1000, latency.CountOver(TimeSpan.Zero));
    }

    [Fact]
    public void Nothing_is_left_of_what_was_before()
    {
        LatencyHistogram latency = new();
        latency.Record(Stopwatch.Frequency);
        latency.Clear();

        Assert.Equal(0, latency.Count);
        Assert.Equal(0, latency.Percentile(0.99));
        Assert.Equal(0, latency.CountOver(TimeSpan.Zero));
    }
}
