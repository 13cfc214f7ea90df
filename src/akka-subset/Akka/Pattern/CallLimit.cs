namespace Akka.Pattern;

/// <summary>The time limit of the calls of one circuit breaker. It is the same for all of them, so the first to begin is the first that is due, and one timer does for all.</summary>
internal sealed class CallLimit
{
    // What a timer takes at most. It looks again then.
    private const long LongestWait = int.MaxValue;

    private readonly Queue<(ICall Call, long Due)> _calls = new();
    private readonly Timer _timer;
    private readonly long _milliseconds;
    private bool _running;

    /// <param name="limit">Not checked at all when it is infinite.</param>
    public CallLimit(TimeSpan limit)
    {
        _milliseconds = limit == Timeout.InfiniteTimeSpan ? -1 : (long)Math.Ceiling(limit.TotalMilliseconds);
        _timer = new Timer(static self => ((CallLimit)self).Tick(), this, Timeout.Infinite, Timeout.Infinite);
    }

    public interface ICall
    {
        bool HasEnded { get; }

        /// <summary>The limit is over. The call may have ended at the same moment.</summary>
        void Expire();
    }

    public void Add(ICall call)
    {
        if (_milliseconds < 0)
            return;
        lock (_calls)
        {
            while (_calls.TryPeek(out var first) && first.Call.HasEnded)
                _calls.Dequeue();
            _calls.Enqueue((call, Environment.TickCount64 + _milliseconds));
            if (_running)
                return;
            _running = true;
            Wait(_milliseconds);
        }
    }

    private void Wait(long milliseconds) => _timer.Change(Math.Min(milliseconds, LongestWait), Timeout.Infinite);

    private void Tick()
    {
        while (TakeDue() is { } due)
            due.Expire();
    }

    // Null when nothing is due; then the timer waits for the next one, if there is one.
    private ICall TakeDue()
    {
        lock (_calls)
        {
            var now = Environment.TickCount64;
            while (_calls.TryPeek(out var first))
            {
                if (!first.Call.HasEnded && first.Due > now)
                {
                    Wait(first.Due - now);
                    return null;
                }

                _calls.Dequeue();
                if (!first.Call.HasEnded)
                    return first.Call;
            }

            _running = false;
            return null;
        }
    }
}
