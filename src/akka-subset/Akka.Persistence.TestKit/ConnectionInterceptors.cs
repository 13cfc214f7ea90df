namespace Akka.Persistence.TestKit;

/// <summary>Called before a plugin touches its storage; what it throws is what the storage would have.</summary>
public interface IConnectionInterceptor
{
    Task InterceptAsync();
}

public static class ConnectionInterceptors
{
    public sealed class Noop : IConnectionInterceptor
    {
        public static readonly IConnectionInterceptor Instance = new Noop();

        public Task InterceptAsync() => Task.CompletedTask;
    }

    public sealed class Failure : IConnectionInterceptor
    {
        public static readonly IConnectionInterceptor Instance = new Failure();

        public Task InterceptAsync() => Task.FromException(new TestConnectionException());
    }

    public sealed class Delay : IConnectionInterceptor
    {
        private readonly TimeSpan _delay;
        private readonly IConnectionInterceptor _next;

        public Delay(TimeSpan delay, IConnectionInterceptor next)
        {
            _delay = delay;
            _next = next;
        }

        public async Task InterceptAsync()
        {
            await Task.Delay(_delay).ConfigureAwait(false);
            await _next.InterceptAsync().ConfigureAwait(false);
        }
    }

    public sealed class CancelableDelay : IConnectionInterceptor
    {
        private readonly TimeSpan _delay;
        private readonly IConnectionInterceptor _next;
        private readonly CancellationToken _cancellationToken;

        public CancelableDelay(TimeSpan delay, IConnectionInterceptor next, CancellationToken cancellationToken)
        {
            _delay = delay;
            _next = next;
            _cancellationToken = cancellationToken;
        }

        public async Task InterceptAsync()
        {
            await Interception.DelayOrCancel(_delay, _cancellationToken).ConfigureAwait(false);
            await _next.InterceptAsync().ConfigureAwait(false);
        }
    }

    public sealed class OnCondition : IConnectionInterceptor
    {
        private readonly Func<Task<bool>> _predicate;
        private readonly IConnectionInterceptor _next;
        private readonly bool _negate;

        public OnCondition(Func<bool> predicate, IConnectionInterceptor next, bool negate = false)
            : this(() => Task.FromResult(predicate()), next, negate)
        {
        }

        public OnCondition(Func<Task<bool>> predicate, IConnectionInterceptor next, bool negate = false)
        {
            _predicate = predicate;
            _next = next;
            _negate = negate;
        }

        public async Task InterceptAsync()
        {
            if (await _predicate().ConfigureAwait(false) != _negate)
                await _next.InterceptAsync().ConfigureAwait(false);
        }
    }
}

internal static class Interception
{
    // A delay that is cut short is over; what was to follow it follows.
    public static async Task DelayOrCancel(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
    }
}
