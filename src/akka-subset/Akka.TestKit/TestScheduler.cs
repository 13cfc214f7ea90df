using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.TestKit;

/// <summary>
/// A scheduler whose clock moves only when a test moves it. Work runs on the thread that moves the clock, in the order
/// of its due times and, for equal times, in the order of scheduling. A repeated task runs at most once per move and is
/// then due again one interval after the time that was moved to.
/// </summary>
public class TestScheduler : IScheduler, IAdvancedScheduler
{
    private readonly object _lock = new();
    private readonly SortedDictionary<(long Due, long Order), Work> _work = new();
    private readonly ILoggingAdapter _log;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private DateTimeOffset _now = DateTimeOffset.UtcNow;
    private long _order;

    /// <summary>Created by the system from akka.scheduler.implementation.</summary>
    public TestScheduler(Config schedulerConfig, ILoggingAdapter log)
    {
        _log = log;
    }

    /// <summary>The virtual time.</summary>
    public DateTimeOffset Now => TimeNow;

    /// <inheritdoc/>
    public TimeSpan MonotonicClock => _clock.Elapsed;

    /// <inheritdoc/>
    public TimeSpan HighResMonotonicClock => _clock.Elapsed;

    /// <inheritdoc/>
    public IAdvancedScheduler Advanced => this;

    /// <summary>The virtual time.</summary>
    protected DateTimeOffset TimeNow
    {
        get
        {
            lock (_lock)
            {
                return _now;
            }
        }
    }

    /// <summary>Moves the clock by <paramref name="offset"/> and runs what is due by then.</summary>
    public void Advance(TimeSpan offset)
    {
        if (offset < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, "Virtual time cannot go back.");
        }

        DateTimeOffset now;
        var due = new List<((long Due, long Order) Key, Work Work)>();
        lock (_lock)
        {
            now = _now = _now.Add(offset);
            foreach (var (key, work) in _work)
            {
                if (key.Due > now.UtcTicks)
                {
                    break;
                }

                due.Add((key, work));
            }

            foreach (var (key, _) in due)
            {
                _work.Remove(key);
            }
        }

        foreach (var (_, work) in due)
        {
            if (!work.IsCancelled)
            {
                Run(work);
            }
        }

        lock (_lock)
        {
            foreach (var (_, work) in due)
            {
                if (work.Interval is { } interval && !work.IsCancelled)
                {
                    _work.Add((now.Add(interval).UtcTicks, _order++), work);
                }
            }
        }
    }

    /// <summary>Moves the clock to <paramref name="when"/> and runs what is due by then.</summary>
    public void AdvanceTo(DateTimeOffset when) => Advance(when - TimeNow);

    /// <inheritdoc/>
    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender) =>
        Schedule(delay, null, () => receiver.Tell(message, sender), null);

    /// <inheritdoc/>
    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Schedule(delay, null, () => receiver.Tell(message, sender), cancelable);

    /// <inheritdoc/>
    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender) =>
        Schedule(initialDelay, interval, () => receiver.Tell(message, sender), null);

    /// <inheritdoc/>
    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Schedule(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    /// <inheritdoc/>
    public void ScheduleOnce(TimeSpan delay, Action action) => Schedule(delay, null, action, null);

    /// <inheritdoc/>
    public void ScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Schedule(delay, null, action, cancelable);

    /// <inheritdoc/>
    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action) =>
        Schedule(initialDelay, interval, action, null);

    /// <inheritdoc/>
    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Schedule(initialDelay, interval, action, cancelable);

    /// <inheritdoc/>
    public void ScheduleOnce(TimeSpan delay, IRunnable action) => Schedule(delay, null, action.Run, null);

    /// <inheritdoc/>
    public void ScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) => Schedule(delay, null, action.Run, cancelable);

    /// <inheritdoc/>
    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action) =>
        Schedule(initialDelay, interval, action.Run, null);

    /// <inheritdoc/>
    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Schedule(initialDelay, interval, action.Run, cancelable);

    private void Schedule(TimeSpan delay, TimeSpan? interval, Action action, ICancelable cancelable)
    {
        if (delay < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(delay), delay, "The delay must not be negative.");
        }

        if (interval is { } period && period <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(interval), period, "The interval must be greater than zero.");
        }

        lock (_lock)
        {
            _work.Add((_now.Add(delay).UtcTicks, _order++), new Work(action, interval, cancelable));
        }
    }

    private void Run(Work work)
    {
        try
        {
            work.Action();
        }
        catch (Exception e)
        {
            // As with the real scheduler, one failing task must not keep the others from running.
            _log?.Error(e, "A scheduled task failed");
        }
    }

    private sealed record Work(Action Action, TimeSpan? Interval, ICancelable Cancelable)
    {
        public bool IsCancelled => Cancelable is { IsCancellationRequested: true };
    }
}
