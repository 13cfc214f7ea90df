using Xunit;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>The round trip to a peer, from its heartbeats.</summary>
public sealed class RoundTripSpec
{
    private readonly RoundTrip _trip = new();
    private TimeSpan _now = TimeSpan.FromSeconds(1);

    [Fact]
    public void The_shortest_counts_at_once_and_longer_ones_slowly()
    {
        Assert.Null(_trip.Estimate);
        Beat(1, 20);
        Assert.Equal(20, _trip.Estimate!.Value.TotalMilliseconds);
        Beat(2, 4);
        Assert.Equal(4, _trip.Estimate.Value.TotalMilliseconds);
        Beat(3, 12);
        Assert.Equal(5, _trip.Estimate.Value.TotalMilliseconds);
        for (ulong token = 4; token < 100; token++)
        {
            Beat(token, 12);
        }

        Assert.InRange(_trip.Estimate.Value.TotalMilliseconds, 11.9, 12);
    }

    [Fact]
    public void Only_the_answer_to_the_heartbeat_counts_and_only_once()
    {
        _trip.Asked(7, _now);
        Pass(1);
        _trip.Answered(6, _now);
        _trip.Answered(8, _now);
        Assert.Null(_trip.Estimate);
        Pass(1);
        _trip.Answered(7, _now);
        Assert.Equal(2, _trip.Estimate!.Value.TotalMilliseconds);
        Pass(50);
        _trip.Answered(7, _now);
        Assert.Equal(2, _trip.Estimate.Value.TotalMilliseconds);
    }

    [Fact]
    public void A_heartbeat_without_an_answer_took_at_least_until_the_next()
    {
        Beat(1, 2);
        _trip.Asked(2, _now);
        Pass(82);
        _trip.Asked(3, _now);
        Assert.Equal(12, _trip.Estimate!.Value.TotalMilliseconds);
        _trip.Answered(2, _now);
        Assert.Equal(12, _trip.Estimate.Value.TotalMilliseconds);
    }

    private void Beat(ulong token, int milliseconds)
    {
        _trip.Asked(token, _now);
        Pass(milliseconds);
        _trip.Answered(token, _now);
    }

    private void Pass(int milliseconds) => _now += TimeSpan.FromMilliseconds(milliseconds);
}
