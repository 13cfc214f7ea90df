using Akka.Actor;

namespace Akka.Pattern;

/// <summary>A call was not made, because the circuit is open.</summary>
public class OpenCircuitException : AkkaException
{
    public OpenCircuitException()
        : this("The circuit is open: the call was not made")
    {
    }

    public OpenCircuitException(string message)
        : base(message)
    {
    }

    public OpenCircuitException(string message, Exception cause)
        : base(message, cause)
    {
    }

    public OpenCircuitException(Exception cause)
        : base("The circuit is open: the call was not made", cause)
    {
    }

    public OpenCircuitException(string message, TimeSpan remainingDuration)
        : base(message)
    {
        RemainingDuration = remainingDuration;
    }

    public OpenCircuitException(string message, Exception cause, TimeSpan remainingDuration)
        : base(message, cause)
    {
        RemainingDuration = remainingDuration;
    }

    public OpenCircuitException(Exception cause, TimeSpan remainingDuration)
        : base("The circuit is open: the call was not made", cause)
    {
        RemainingDuration = remainingDuration;
    }

    /// <summary>Until the next try is let through.</summary>
    public TimeSpan RemainingDuration { get; }
}

public class UserCalledFailException : AkkaException
{
    public UserCalledFailException()
        : base("The call was reported as failed")
    {
    }
}

/// <summary>
/// Keeps from calling what keeps failing. Closed, calls go through and failures in a row are counted; open, calls fail at
/// once; half-open, after the reset timeout, one call goes through and decides.
/// </summary>
public class CircuitBreaker
{
    private enum State
    {
        Closed,
        Open,
        HalfOpen,
    }

    private readonly Lock _lock = new();
    private readonly List<Action> _onOpen = [];
    private readonly List<Action> _onHalfOpen = [];
    private readonly List<Action> _onClose = [];
    private volatile State _state = State.Closed;
    private bool _trialTaken;
    private int _failures;
    private int _generation;
    private TimeSpan _currentReset;
    private TimeSpan _opened;

    public CircuitBreaker(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout)
        : this(scheduler, maxFailures, callTimeout, resetTimeout, TimeSpan.FromDays(36500), 1.0, 0.0)
    {
    }

    public CircuitBreaker(
        IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout, TimeSpan maxResetTimeout, double exponentialBackoffFactor)
        : this(scheduler, maxFailures, callTimeout, resetTimeout, maxResetTimeout, exponentialBackoffFactor, 0.0)
    {
    }

    public CircuitBreaker(
        IScheduler scheduler,
        int maxFailures,
        TimeSpan callTimeout,
        TimeSpan resetTimeout,
        TimeSpan maxResetTimeout,
        double exponentialBackoffFactor,
        double randomFactor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exponentialBackoffFactor, 1.0);
        ArgumentOutOfRangeException.ThrowIfLessThan(randomFactor, 0.0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(randomFactor, 1.0);
        Scheduler = scheduler;
        MaxFailures = maxFailures;
        CallTimeout = callTimeout;
        ResetTimeout = resetTimeout;
        MaxResetTimeout = maxResetTimeout;
        ExponentialBackoffFactor = exponentialBackoffFactor;
        RandomFactor = randomFactor;
        _currentReset = resetTimeout;
        Limit = new CallLimit(callTimeout);
    }

    public IScheduler Scheduler { get; }

    public int MaxFailures { get; }

    public TimeSpan CallTimeout { get; }

    public TimeSpan ResetTimeout { get; }

    public TimeSpan MaxResetTimeout { get; }

    public double ExponentialBackoffFactor { get; }

    public double RandomFactor { get; }

    public Exception LastCaughtException { get; private set; }

    public long CurrentFailureCount => Volatile.Read(ref _failures);

    public bool IsClosed => Is(State.Closed);

    public bool IsOpen => Is(State.Open);

    public bool IsHalfOpen => Is(State.HalfOpen);

    internal CallLimit Limit { get; }

    private bool Is(State state)
    {
        lock (_lock)
            return _state == state;
    }

    public static CircuitBreaker Create(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout) =>
        new(scheduler, maxFailures, callTimeout, resetTimeout);

    public CircuitBreaker WithExponentialBackoff(TimeSpan maxResetTimeout) =>
        new(Scheduler, MaxFailures, CallTimeout, ResetTimeout, maxResetTimeout, 2.0, RandomFactor);

    public CircuitBreaker WithRandomFactor(double randomFactor) =>
        new(Scheduler, MaxFailures, CallTimeout, ResetTimeout, MaxResetTimeout, ExponentialBackoffFactor, randomFactor);

    public async Task<T> WithCircuitBreaker<T>(Func<Task<T>> body)
    {
        Enter();
        try
        {
            var result = await body().WaitAsync(CallTimeout).ConfigureAwait(false);
            CallSucceeded();
            return result;
        }
        catch (Exception e)
        {
            CallFailed(e);
            throw;
        }
    }

    public Task<T> WithCircuitBreaker<T, TState>(TState state, Func<TState, Task<T>> body) => WithCircuitBreaker(() => body(state));

    public async Task WithCircuitBreaker(Func<Task> body)
    {
        Enter();
        try
        {
            await body().WaitAsync(CallTimeout).ConfigureAwait(false);
            CallSucceeded();
        }
        catch (Exception e)
        {
            CallFailed(e);
            throw;
        }
    }

    public Task WithCircuitBreaker<TState>(TState state, Func<TState, Task> body) => WithCircuitBreaker(() => body(state));

    public void WithSyncCircuitBreaker(Action body) => WithSyncCircuitBreaker<object>(() =>
    {
        body();
        return null;
    });

    public T WithSyncCircuitBreaker<T>(Func<T> body)
    {
        Enter();
        var start = Util.MonotonicClock.Elapsed;
        try
        {
            var result = body();
            if (Util.MonotonicClock.Elapsed - start > CallTimeout)
                CallFailed(new TimeoutException($"The call took longer than {CallTimeout}"));
            else
                CallSucceeded();
            return result;
        }
        catch (Exception e)
        {
            CallFailed(e);
            throw;
        }
    }

    /// <summary>Counts a call that was made outside as one that succeeded.</summary>
    public void Succeed() => CallSucceeded();

    /// <summary>Counts a call that was made outside as one that failed.</summary>
    public void Fail() => CallFailed(new UserCalledFailException());

    public CircuitBreaker OnOpen(Action callback) => Add(_onOpen, callback);

    public CircuitBreaker OnHalfOpen(Action callback) => Add(_onHalfOpen, callback);

    public CircuitBreaker OnClose(Action callback) => Add(_onClose, callback);

    private CircuitBreaker Add(List<Action> listeners, Action callback)
    {
        lock (_lock)
            listeners.Add(callback);
        return this;
    }

    internal void Enter()
    {
        // Closed is what it nearly always is, and every call passes here.
        if (_state == State.Closed)
            return;
        lock (_lock)
        {
            switch (_state)
            {
                case State.Closed:
                    return;
                case State.HalfOpen when !_trialTaken:
                    _trialTaken = true;
                    return;
                case State.HalfOpen:
                    throw new OpenCircuitException("The circuit is half open, and the one call it lets through is under way", LastCaughtException, TimeSpan.Zero);
                default:
                    var left = _currentReset - (Util.MonotonicClock.Elapsed - _opened);
                    throw new OpenCircuitException(
                        "The circuit is open: the call was not made", LastCaughtException, left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }
        }
    }

    internal void CallSucceeded()
    {
        if (_state == State.Closed && Volatile.Read(ref _failures) == 0)
            return;
        Action[] listeners = [];
        lock (_lock)
        {
            // A late answer to a call made before the circuit opened does not close it.
            if (_state == State.Open)
                return;
            Volatile.Write(ref _failures, 0);
            if (_state == State.HalfOpen)
            {
                _state = State.Closed;
                _currentReset = ResetTimeout;
                listeners = [.. _onClose];
            }
        }

        Notify(listeners);
    }

    internal void CallFailed(Exception cause)
    {
        Action[] listeners;
        TimeSpan reset;
        int generation;
        lock (_lock)
        {
            LastCaughtException = cause;
            if (_state == State.Open)
                return;
            if (_state == State.Closed)
            {
                Volatile.Write(ref _failures, _failures + 1);
                if (_failures < MaxFailures)
                    return;
            }
            else
            {
                var longer = _currentReset * ExponentialBackoffFactor;
                _currentReset = longer < MaxResetTimeout ? longer : MaxResetTimeout;
            }

            _state = State.Open;
            _opened = Util.MonotonicClock.Elapsed;
            generation = ++_generation;
            reset = _currentReset + (_currentReset * (Random.Shared.NextDouble() * RandomFactor));
            listeners = [.. _onOpen];
        }

        Scheduler.Advanced.ScheduleOnce(reset, () => TryAgain(generation));
        Notify(listeners);
    }

    private void TryAgain(int generation)
    {
        Action[] listeners;
        lock (_lock)
        {
            if (_state != State.Open || _generation != generation)
                return;
            _state = State.HalfOpen;
            _trialTaken = false;
            listeners = [.. _onHalfOpen];
        }

        Notify(listeners);
    }

    private static void Notify(Action[] listeners)
    {
        foreach (var listener in listeners)
            ThreadPool.UnsafeQueueUserWorkItem(static action => action(), listener, preferLocal: false);
    }
}
