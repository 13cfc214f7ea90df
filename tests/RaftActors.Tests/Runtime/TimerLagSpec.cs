using RaftActors.Runtime;
using Xunit;

namespace RaftActors.Tests.Runtime;

/// <summary>How late timers come, as status tells it.</summary>
public sealed class TimerLagSpec
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);

    [Fact]
    public void The_worst_of_the_last_half_minute_counts()
    {
        TimerLag lag = new();
        lag.Note(Start, Start - Ms(5));
        lag.Note(Start + Ms(1000), Start + Ms(960));
        lag.Note(Start + Ms(2000), Start + Ms(1999));

        Assert.Equal(Ms(40), lag.Worst(Start + Ms(3000)));
        Assert.Equal(Ms(40), lag.Worst(Start + Ms(29_000)));
    }

    [Fact]
    public void It_is_remembered_for_one_more_window_and_then_forgotten()
    {
        TimerLag lag = new();
        lag.Note(Start, Start - Ms(40));
        lag.Note(Start + Ms(31_000), Start + Ms(30_998));

        Assert.Equal(Ms(40), lag.Worst(Start + Ms(32_000)));
        Assert.Equal(Ms(2), lag.Worst(Start + Ms(62_000)));
        Assert.Equal(TimeSpan.Zero, lag.Worst(Start + Ms(200_000)));
    }

    [Fact]
    public void Silence_forgets_at_once_what_lies_longer_back()
    {
        TimerLag lag = new();
        lag.Note(Start, Start - Ms(40));

        Assert.Equal(TimeSpan.Zero, lag.Worst(Start + Ms(90_000)));
    }

    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);
}
