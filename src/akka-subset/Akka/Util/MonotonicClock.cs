using System.Diagnostics;

namespace Akka.Util;

/// <summary>Time since the process began to use it: never goes back, whatever happens to the wall clock.</summary>
internal static class MonotonicClock
{
    private static readonly long Start = Stopwatch.GetTimestamp();

    public static TimeSpan Elapsed => Stopwatch.GetElapsedTime(Start);

    public static TimeSpan ElapsedHighRes => Elapsed;

    public static long GetTicks() => Elapsed.Ticks;
}
