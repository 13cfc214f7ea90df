namespace Akka.Pattern;

/// <summary>
/// One call through a circuit breaker: the same as <see cref="CircuitBreaker.WithCircuitBreaker{T}(Func{Task{T}})"/> for those who make a call for each message.
/// It is all that is allocated for the call, and a call that is done at once costs next to nothing.
/// </summary>
internal abstract class GuardedCall<T> : CallLimit.ICall
{
    private CircuitBreaker _breaker;
    private Task<T> _task;
    private int _ended;

    bool CallLimit.ICall.HasEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>Makes the call, unless the circuit is open; <see cref="Ended"/> follows exactly once, now or later, on any thread.</summary>
    public void RunThrough(CircuitBreaker breaker)
    {
        _breaker = breaker;
        try
        {
            breaker.Enter();
        }
        catch (OpenCircuitException open)
        {
            Ended(default, open);
            return;
        }

        bool isDone;
        try
        {
            _task = Call();
            isDone = _task.IsCompleted;
        }
        catch (Exception cause)
        {
            Fail(cause);
            return;
        }

        if (isDone)
        {
            Finish();
            return;
        }

        breaker.Limit.Add(this);
        _task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(Finish);
    }

    void CallLimit.ICall.Expire()
    {
        if (End())
            Fail(new TimeoutException($"The call took longer than {_breaker.CallTimeout}"));
    }

    protected abstract Task<T> Call();

    /// <summary>What the call answered, or why it failed.</summary>
    protected abstract void Ended(T result, Exception failure);

    private bool End() => Interlocked.Exchange(ref _ended, 1) == 0;

    private void Finish()
    {
        var task = _task;
        _task = null;
        if (!End())
        {
            // Too late. That it failed as well is of no interest to anybody.
            _ = task.Exception;
            return;
        }

        T result;
        try
        {
            result = task.GetAwaiter().GetResult();
        }
        catch (Exception cause)
        {
            Fail(cause);
            return;
        }

        _breaker.CallSucceeded();
        Ended(result, null);
    }

    private void Fail(Exception cause)
    {
        _breaker.CallFailed(cause);
        Ended(default, cause);
    }
}
