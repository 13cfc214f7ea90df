using Akka.Actor;

namespace RaftActors.Configuration;

/// <summary>The time that timers and deadlines go by. Thread-safe.</summary>
/// <param name="scheduler">The actor system's scheduler.</param>
/// <param name="calendar">True to go by the scheduler's calendar, which virtual time moves; false for its monotonic clock.</param>
internal sealed class RaftClock(ITimeProvider scheduler, bool calendar)
{
    private readonly DateTimeOffset _origin = scheduler.Now;

    /// <summary>Time since an arbitrary origin.</summary>
    public TimeSpan Now => calendar ? scheduler.Now - _origin : scheduler.MonotonicClock;

    /// <summary>The date, for people.</summary>
    public DateTimeOffset Date => scheduler.Now;
}
