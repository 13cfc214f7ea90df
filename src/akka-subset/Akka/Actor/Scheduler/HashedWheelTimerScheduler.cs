using System.Collections.Concurrent;
using System.Numerics;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Akka.Util;

namespace Akka.Actor;

/// <summary>
/// Timers in a wheel of slots that one thread turns. Other threads only enqueue: new timers and cancelled ones. A timer
/// never fires early, and fires in the first tick after it is due. The thread sleeps through ticks that have nothing to do.
/// </summary>
public sealed class HashedWheelTimerScheduler : SchedulerBase, IDateTimeOffsetNowTimeProvider, IDisposable
{
    // Cancelled timers wait in a queue while the thread sleeps; this bounds for how long.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMilliseconds(250);

    private const long Overdue = -1;

    private readonly long _tickTicks;
    private readonly TimeSpan _shutdownTimeout;
    private readonly Slot[] _wheel;
    private readonly int _mask;
    private readonly long _start = Util.MonotonicClock.GetTicks();
    private readonly ConcurrentQueue<Registration> _added = new();
    private readonly ConcurrentQueue<Registration> _cancelled = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly Lock _threadLock = new();
    private Thread _thread;
    private volatile bool _stopped;

    /// <summary>The tick the thread sleeps until; whoever adds an earlier timer wakes it. Lowest while it is awake.</summary>
    private long _sleepsUntil = long.MinValue;
    private long _tick;
    private int _count;

    public HashedWheelTimerScheduler(Config scheduler, ILoggingAdapter log)
        : base(scheduler, log)
    {
        var slots = scheduler.GetInt("akka.scheduler.ticks-per-wheel");
        if (slots is < 1 or > 1 << 24)
            throw new ConfigurationException($"[akka.scheduler.ticks-per-wheel] is {slots}; allowed are 1 to {1 << 24}.");
        var tick = scheduler.GetTimeSpan("akka.scheduler.tick-duration");
        if (tick < TimeSpan.FromMilliseconds(1) || tick > TimeSpan.FromMinutes(1))
            throw new ConfigurationException($"[akka.scheduler.tick-duration] is {tick}; allowed are 1ms to 1m.");
        _tickTicks = tick.Ticks;
        _shutdownTimeout = scheduler.GetTimeSpan("akka.scheduler.shutdown-timeout");
        _wheel = new Slot[BitOperations.RoundUpToPowerOf2((uint)slots)];
        _mask = _wheel.Length - 1;
    }

    public override TimeSpan MonotonicClock => Util.MonotonicClock.Elapsed;

    public override TimeSpan HighResMonotonicClock => Util.MonotonicClock.ElapsedHighRes;

    protected override DateTimeOffset TimeNow => DateTimeOffset.UtcNow;

    private long Elapsed => Util.MonotonicClock.GetTicks() - _start;

    public void Dispose()
    {
        _stopped = true;
        _wake.Set();
        Thread thread;
        lock (_threadLock)
            thread = _thread;
        // A scheduled action may be what stops the system; it cannot wait for itself.
        if (thread is not null && thread != Thread.CurrentThread)
            thread.Join(_shutdownTimeout < TimeSpan.Zero ? Timeout.InfiniteTimeSpan : _shutdownTimeout);
    }

    protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(new TellRegistration(this, receiver, message, sender, cancelable), delay, TimeSpan.Zero);

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(new TellRegistration(this, receiver, message, sender, cancelable), initialDelay, interval);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) =>
        Add(new ActionRegistration(this, action, cancelable), delay, TimeSpan.Zero);

    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) =>
        Add(new RunnableRegistration(this, action, cancelable), delay, TimeSpan.Zero);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Add(new ActionRegistration(this, action, cancelable), initialDelay, interval);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Add(new RunnableRegistration(this, action, cancelable), initialDelay, interval);

    private void Add(Registration registration, TimeSpan delay, TimeSpan interval)
    {
        if (_stopped)
            throw new SchedulerException("Nothing can be scheduled any more: the scheduler has been stopped.");
        if (registration.Cancelable is { IsCancellationRequested: true })
            return;
        var now = Elapsed;
        registration.Due = delay.Ticks > long.MaxValue - now ? long.MaxValue : now + delay.Ticks;
        registration.Interval = interval.Ticks;
        registration.DueTick = delay == TimeSpan.Zero ? Overdue : TickOf(registration.Due);
        (registration.Cancelable as Cancelable)?.Attach(registration);
        _added.Enqueue(registration);
        // Either the thread sees the new timer before it sleeps, or this sees that it sleeps.
        Interlocked.MemoryBarrier();
        if (registration.DueTick < Volatile.Read(ref _sleepsUntil))
            _wake.Set();
        if (Volatile.Read(ref _thread) is null)
            StartThread();
    }

    private long TickOf(long due) => due / _tickTicks + (due % _tickTicks == 0 ? 0 : 1);

    private void StartThread()
    {
        lock (_threadLock)
        {
            if (_thread is not null || _stopped)
                return;
            var thread = new Thread(Run) { IsBackground = true, Name = "akka-scheduler" };
            Volatile.Write(ref _thread, thread);
            thread.Start();
        }
    }

    private void Run()
    {
        while (!_stopped)
        {
            var now = Elapsed / _tickTicks;
            // Over an empty wheel there is nothing to walk through.
            if (_count == 0 && _tick < now)
                _tick = now;
            TakeQueued();
            while (_tick <= now && !_stopped)
            {
                Expire(_tick);
                _tick++;
            }

            Sleep();
        }
    }

    private void TakeQueued()
    {
        // Only what is there now: an action without delay that adds itself again must not hold up the wheel.
        for (var waiting = _added.Count; waiting > 0 && _added.TryDequeue(out var added); waiting--)
        {
            if (added.IsCancelled)
                continue;
            if (added.DueTick < _tick)
                Fire(added);
            else
                Place(added);
        }

        while (_cancelled.TryDequeue(out var cancelled))
            Remove(cancelled);
    }

    private void Place(Registration registration)
    {
        var tick = Math.Max(registration.DueTick, _tick);
        registration.DueTick = tick;
        _wheel[tick & _mask].Append(registration);
        _count++;
    }

    private void Remove(Registration registration)
    {
        if (!registration.IsInWheel)
            return;
        _wheel[registration.DueTick & _mask].Remove(registration);
        _count--;
    }

    private void Expire(long tick)
    {
        ref var slot = ref _wheel[tick & _mask];
        var registration = slot.First;
        while (registration is not null)
        {
            var next = registration.Next;
            if (registration.DueTick <= tick)
            {
                slot.Remove(registration);
                _count--;
                Fire(registration);
            }

            registration = next;
        }
    }

    private void Fire(Registration registration)
    {
        if (registration.IsCancelled)
            return;
        var again = registration.Interval > 0;
        if (!again)
            (registration.Cancelable as Cancelable)?.Detach(registration);
        try
        {
            registration.Execute();
        }
        catch (Exception problem)
        {
            // One bad action must not take every other timer with it; it does end its own repetition.
            again = false;
            try
            {
                Log?.Error(problem, "A scheduled action failed: {0}", registration);
            }
            catch (Exception)
            {
                // The log may already be gone while the system stops.
            }
        }

        if (!again || registration.IsCancelled)
            return;
        // Counted from when it was due, not from now, so that lateness does not add up; missed turns are skipped.
        var now = Elapsed;
        var due = registration.Due + registration.Interval;
        if (due < now)
            due += (now - due) / registration.Interval * registration.Interval;
        registration.Due = due;
        registration.DueTick = Math.Max(TickOf(due), _tick + 1);
        Place(registration);
    }

    private void Sleep()
    {
        var until = NextTickWithWork();
        Volatile.Write(ref _sleepsUntil, until);
        Interlocked.MemoryBarrier();
        if (_added.IsEmpty && !_stopped)
        {
            if (until == long.MaxValue)
                _wake.WaitOne();
            else
            {
                var left = until * _tickTicks - Elapsed;
                if (left > 0)
                    _wake.WaitOne((int)Math.Ceiling(Math.Min(left, LongestSleep.Ticks) / (double)TimeSpan.TicksPerMillisecond));
            }
        }

        Volatile.Write(ref _sleepsUntil, long.MinValue);
    }

    private long NextTickWithWork()
    {
        if (_count == 0)
            return long.MaxValue;
        var horizon = _tick + Math.Min(_wheel.Length, LongestSleep.Ticks / _tickTicks + 1);
        for (var tick = _tick; tick < horizon; tick++)
        {
            for (var registration = _wheel[tick & _mask].First; registration is not null; registration = registration.Next)
            {
                if (registration.DueTick <= tick)
                    return tick;
            }
        }

        return horizon;
    }

    private struct Slot
    {
        public Registration First;
        private Registration _last;

        public void Append(Registration registration)
        {
            registration.Previous = _last;
            registration.Next = null;
            if (_last is null)
                First = registration;
            else
                _last.Next = registration;
            _last = registration;
            registration.IsInWheel = true;
        }

        public void Remove(Registration registration)
        {
            if (registration.Previous is null)
                First = registration.Next;
            else
                registration.Previous.Next = registration.Next;
            if (registration.Next is null)
                _last = registration.Previous;
            else
                registration.Next.Previous = registration.Previous;
            registration.Previous = null;
            registration.Next = null;
            registration.IsInWheel = false;
        }
    }

    /// <summary>One timer. Everything but cancellation belongs to the scheduler's thread once it is enqueued.</summary>
    internal abstract class Registration(HashedWheelTimerScheduler scheduler, ICancelable cancelable)
    {
        public ICancelable Cancelable { get; } = cancelable;
        public long Due;
        public long DueTick;
        public long Interval;
        public Registration Next;
        public Registration Previous;
        public bool IsInWheel;

        public bool IsCancelled => Cancelable is { IsCancellationRequested: true };

        public void OnCancelled() => scheduler._cancelled.Enqueue(this);

        public abstract void Execute();
    }

    private sealed class TellRegistration(
        HashedWheelTimerScheduler scheduler, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable)
        : Registration(scheduler, cancelable)
    {
        public override void Execute() => receiver.Tell(message, sender);

        public override string ToString() => $"[{message?.GetType()}] to {receiver}";
    }

    private sealed class ActionRegistration(HashedWheelTimerScheduler scheduler, Action action, ICancelable cancelable)
        : Registration(scheduler, cancelable)
    {
        public override void Execute() => action();

        public override string ToString() => $"{action.Method.DeclaringType}.{action.Method.Name}";
    }

    private sealed class RunnableRegistration(HashedWheelTimerScheduler scheduler, IRunnable action, ICancelable cancelable)
        : Registration(scheduler, cancelable)
    {
        public override void Execute() => action.Run();

        public override string ToString() => action.ToString();
    }
}
