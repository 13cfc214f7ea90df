using Akka.Event;

namespace Akka.Actor;

/// <summary>On an actor class: it gets timers that end with the instance.</summary>
public interface IWithTimers
{
    ITimerScheduler Timers { get; set; }
}

/// <summary>
/// Timers by key. Starting one replaces the one of the same key, and once replaced or cancelled a timer's message does not
/// arrive any more, also when it is in the mailbox already.
/// </summary>
public interface ITimerScheduler
{
    IReadOnlyCollection<object> ActiveTimers { get; }

    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender);

    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender);

    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender);

    bool IsTimerActive(object key);

    void Cancel(object key);

    void CancelAll();
}

/// <summary>A timer's message on the way: what it stands for, and for which timer.</summary>
internal class TimerMessage : IAutoReceivedMessage, INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    public TimerMessage(TimerScheduler owner, object key, object payload)
    {
        Owner = owner;
        Key = key;
        Payload = payload;
    }

    public TimerScheduler Owner { get; }

    public object Key { get; }

    public object Payload { get; }

    public override string ToString() => $"TimerMsg(key={Key}, message={Payload})";
}

internal sealed class QuietTimerMessage(TimerScheduler owner, object key, object payload)
    : TimerMessage(owner, key, payload), INotInfluenceReceiveTimeout;

internal sealed class TimerScheduler : ITimerScheduler
{
    private readonly ActorCell _cell;
    private readonly Dictionary<object, Timer> _timers = new();
    private bool _closed;

    public TimerScheduler(ActorCell cell)
    {
        _cell = cell;
    }

    public IReadOnlyCollection<object> ActiveTimers => _timers.Keys;

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => Start(key, msg, interval, interval, null);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender) => Start(key, msg, interval, interval, sender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) => Start(key, msg, initialDelay, interval, null);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender) =>
        Start(key, msg, initialDelay, interval, sender);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, null, null);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender) => Start(key, msg, timeout, null, sender);

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var timer))
            timer.Task.Cancel();
    }

    public void CancelAll()
    {
        foreach (var timer in _timers.Values)
            timer.Task.Cancel();
        _timers.Clear();
    }

    private void Start(object key, object message, TimeSpan delay, TimeSpan? interval, IActorRef sender)
    {
        Cancel(key);

        // From PostStop, or from a task that outlived its instance: there is nobody left to tick for.
        if (_closed)
            return;

        // The message itself says which generation of the timer it belongs to: it is told apart by being the same object.
        var tick = message is INotInfluenceReceiveTimeout
            ? new QuietTimerMessage(this, key, message)
            : new TimerMessage(this, key, message);
        sender ??= _cell.Self;
        var task = interval is { } every
            ? _cell.System.Scheduler.ScheduleTellRepeatedlyCancelable(delay, every, _cell.Self, tick, sender)
            : _cell.System.Scheduler.ScheduleTellOnceCancelable(delay, _cell.Self, tick, sender);
        _timers.Add(key, new Timer(task, tick, interval.HasValue));
    }

    /// <summary>True when the message belongs to a timer that still runs; a single timer is then done.</summary>
    public bool TryClaim(TimerMessage message)
    {
        if (!_timers.TryGetValue(message.Key, out var timer) || !ReferenceEquals(timer.Message, message))
            return false;
        if (!timer.Repeats)
            _timers.Remove(message.Key);
        return true;
    }

    public void Close()
    {
        _closed = true;
        CancelAll();
    }

    private readonly record struct Timer(ICancelable Task, TimerMessage Message, bool Repeats);
}
