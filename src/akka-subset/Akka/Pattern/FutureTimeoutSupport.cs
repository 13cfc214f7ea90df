using Akka.Actor;

namespace Akka.Pattern;

public static class FutureTimeoutSupport
{
    /// <summary>A task that <paramref name="value"/> is asked for after a time.</summary>
    public static Task<T> After<T>(TimeSpan duration, IScheduler scheduler, Func<Task<T>> value)
    {
        if (duration <= TimeSpan.Zero)
            return Started(value);
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        scheduler.Advanced.ScheduleOnce(duration, () => _ = Complete(result, value));
        return result.Task;
    }

    private static Task<T> Started<T>(Func<Task<T>> value)
    {
        try
        {
            return value();
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }

    private static async Task Complete<T>(TaskCompletionSource<T> result, Func<Task<T>> value)
    {
        try
        {
            result.TrySetResult(await value().ConfigureAwait(false));
        }
        catch (Exception e)
        {
            result.TrySetException(e);
        }
    }
}

/// <summary>Something was called in a state in which it cannot be.</summary>
public class IllegalStateException : AkkaException
{
    public IllegalStateException(string message)
        : base(message)
    {
    }

    public IllegalStateException(string message, Exception innerEx)
        : base(message, innerEx)
    {
    }
}
