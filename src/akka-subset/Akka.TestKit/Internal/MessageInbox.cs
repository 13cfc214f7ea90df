namespace Akka.TestKit.Internal;

/// <summary>
/// What a test actor has received and the test has not taken yet. Waiting works both ways: blocking, for the plain test
/// methods, and without a thread, for the async ones; the same flow code serves both (see the flag).
/// </summary>
internal sealed class MessageInbox
{
    private readonly object _lock = new();
    private readonly Queue<MessageEnvelope> _queue = new();
    private TaskCompletionSource _arrival;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _queue.Count;
            }
        }
    }

    public void Add(MessageEnvelope envelope)
    {
        TaskCompletionSource waiting;
        lock (_lock)
        {
            _queue.Enqueue(envelope);
            Monitor.PulseAll(_lock);
            waiting = _arrival;
            _arrival = null;
        }

        waiting?.TrySetResult();
    }

    /// <summary>The oldest message, or null if none came within <paramref name="max"/> (negative: wait for ever).</summary>
    public async ValueTask<MessageEnvelope> NextAsync(bool async, bool take, TimeSpan max, CancellationToken cancellationToken)
    {
        if (!async)
        {
            return Next(take, max, cancellationToken);
        }

        var deadline = Deadline(max);
        while (true)
        {
            Task arrival;
            lock (_lock)
            {
                if (_queue.Count > 0)
                {
                    return take ? _queue.Dequeue() : _queue.Peek();
                }

                arrival = (_arrival ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            var left = Left(deadline);
            if (left == TimeSpan.Zero)
            {
                return null;
            }

            try
            {
                await arrival.WaitAsync(left, cancellationToken);
            }
            catch (TimeoutException)
            {
                // The loop looks once more: a message may have come with the timeout.
            }
        }
    }

    private MessageEnvelope Next(bool take, TimeSpan max, CancellationToken cancellationToken)
    {
        var deadline = Deadline(max);
        using var wakeOnCancel = cancellationToken.Register(() =>
        {
            lock (_lock)
            {
                Monitor.PulseAll(_lock);
            }
        });
        lock (_lock)
        {
            while (_queue.Count == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var left = Left(deadline);
                if (left == TimeSpan.Zero)
                {
                    return null;
                }

                Monitor.Wait(_lock, left);
            }

            return take ? _queue.Dequeue() : _queue.Peek();
        }
    }

    private static long Deadline(TimeSpan max) =>
        max < TimeSpan.Zero || max.TotalMilliseconds > int.MaxValue ? long.MaxValue : Environment.TickCount64 + (long)Math.Ceiling(max.TotalMilliseconds);

    private static TimeSpan Left(long deadline) => deadline == long.MaxValue
        ? Timeout.InfiniteTimeSpan
        : TimeSpan.FromMilliseconds(Math.Max(0, deadline - Environment.TickCount64));
}
