using System.Diagnostics;
using RaftActors.Threads;
using Xunit;

namespace RaftActors.Tests.Dispatch;

public sealed class ThreadSignalSpec
{
    [Fact]
    public void A_signal_that_comes_first_is_not_lost_and_several_are_one()
    {
        ThreadSignal signal = new();
        signal.Set();
        signal.Set();

        signal.Wait();

        Assert.False(signal.Wait(TimeSpan.Zero));
    }

    [Fact]
    public void A_wait_with_a_time_ends_without_a_signal()
    {
        ThreadSignal signal = new();
        long start = Stopwatch.GetTimestamp();

        Assert.False(signal.Wait(TimeSpan.FromMilliseconds(20)));

        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(19));

        // And it is as before.
        signal.Set();
        Assert.True(signal.Wait(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void Two_threads_that_wake_each_other_never_miss_one()
    {
        const int Rounds = 50_000;
        ThreadSignal ping = new();
        ThreadSignal pong = new();
        int reached = 0;
        Thread other = new(Answer) { IsBackground = true };
        other.Start();

        for (int i = 0; i < Rounds; i++)
        {
            ping.Set();
            Assert.True(pong.Wait(TimeSpan.FromMinutes(1)), $"no answer in round {i}");
        }

        Assert.True(other.Join(TimeSpan.FromMinutes(1)));
        Assert.Equal(Rounds, reached);

        void Answer()
        {
            for (int i = 0; i < Rounds; i++)
            {
                // Now and then with a time, which takes another way through the code.
                while (!ping.Wait(i % 3 == 0 ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromMinutes(1)))
                {
                }

                reached++;
                pong.Set();
            }
        }
    }
}
