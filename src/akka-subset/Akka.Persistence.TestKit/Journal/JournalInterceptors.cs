namespace Akka.Persistence.TestKit;

/// <summary>Called for each event that is written or replayed: by throwing it makes the journal fail or reject.</summary>
public interface IJournalInterceptor
{
    Task InterceptAsync(IPersistentRepresentation message);
}

public static class JournalInterceptors
{
    public sealed class Noop : IJournalInterceptor
    {
        public static readonly IJournalInterceptor Instance = new Noop();

        public Task InterceptAsync(IPersistentRepresentation message) => Task.CompletedTask;
    }

    public sealed class Failure : IJournalInterceptor
    {
        public static readonly IJournalInterceptor Instance = new Failure();

        public Task InterceptAsync(IPersistentRepresentation message) => Task.FromException(new TestJournalFailureException());
    }

    public sealed class Rejection : IJournalInterceptor
    {
        public static readonly IJournalInterceptor Instance = new Rejection();

        public Task InterceptAsync(IPersistentRepresentation message) => Task.FromException(new TestJournalRejectionException());
    }

    public sealed class Delay : IJournalInterceptor
    {
        private readonly TimeSpan _delay;
        private readonly IJournalInterceptor _next;

        public Delay(TimeSpan delay, IJournalInterceptor next)
        {
            _delay = delay;
            _next = next;
        }

        public async Task InterceptAsync(IPersistentRepresentation message)
        {
            await Task.Delay(_delay).ConfigureAwait(false);
            await _next.InterceptAsync(message).ConfigureAwait(false);
        }
    }

    public sealed class CancelableDelay : IJournalInterceptor
    {
        private readonly TimeSpan _delay;
        private readonly IJournalInterceptor _next;
        private readonly CancellationToken _cancellationToken;

        public CancelableDelay(TimeSpan delay, IJournalInterceptor next, CancellationToken cancellationToken)
        {
            _delay = delay;
            _next = next;
            _cancellationToken = cancellationToken;
        }

        public async Task InterceptAsync(IPersistentRepresentation message)
        {
            await Interception.DelayOrCancel(_delay, _cancellationToken).ConfigureAwait(false);
            await _next.InterceptAsync(message).ConfigureAwait(false);
        }
    }

    public sealed class OnCondition : IJournalInterceptor
    {
        private readonly Func<IPersistentRepresentation, Task<bool>> _predicate;
        private readonly IJournalInterceptor _next;
        private readonly bool _negate;

        public OnCondition(Func<IPersistentRepresentation, bool> predicate, IJournalInterceptor next, bool negate = false)
            : this(message => Task.FromResult(predicate(message)), next, negate)
        {
        }

        public OnCondition(Func<IPersistentRepresentation, Task<bool>> predicate, IJournalInterceptor next, bool negate = false)
        {
            _predicate = predicate;
            _next = next;
            _negate = negate;
        }

        public async Task InterceptAsync(IPersistentRepresentation message)
        {
            if (await _predicate(message).ConfigureAwait(false) != _negate)
                await _next.InterceptAsync(message).ConfigureAwait(false);
        }
    }

    /// <summary>Only for events of a type; derived types count.</summary>
    public sealed class OnType : IJournalInterceptor
    {
        private readonly Type _messageType;
        private readonly IJournalInterceptor _next;

        public OnType(Type messageType, IJournalInterceptor next)
        {
            _messageType = messageType;
            _next = next;
        }

        public Task InterceptAsync(IPersistentRepresentation message) =>
            _messageType.IsInstanceOfType(message.Payload) ? _next.InterceptAsync(message) : Task.CompletedTask;
    }
}
