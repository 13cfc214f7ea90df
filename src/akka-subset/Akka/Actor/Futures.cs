using Akka.Actor.Internal;

namespace Akka.Actor;

/// <summary>Ask: a message whose answer is a task.</summary>
public static class Futures
{
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<object>(message, timeout, CancellationToken.None);

    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<object>(message, null, cancellationToken);

    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<object>(message, timeout, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<T>(message, timeout, CancellationToken.None);

    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<T>(message, null, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var question = Question<T>(self, timeout, cancellationToken, out var task);
        question?.DeliverAsk(message, self);
        return task;
    }

    public static Task<T> Ask<T>(this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var question = Question<T>(self, timeout, cancellationToken, out var task);
        question?.DeliverAsk(messageFactory(question), self);
        return task;
    }

    private static FutureActorRef<T> Question<T>(ICanTell target, TimeSpan? timeout, CancellationToken cancellationToken, out Task<T> task)
    {
        var provider = ProviderOf(target)
            ?? throw new ArgumentException("Cannot tell which actor system the target belongs to", nameof(target));
        if (cancellationToken.IsCancellationRequested)
        {
            task = Task.FromCanceled<T>(cancellationToken);
            return null;
        }

        var limit = timeout ?? provider.Settings.AskTimeout;
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        task = result.Task;
        if (limit == Timeout.InfiniteTimeSpan && !cancellationToken.CanBeCanceled)
            return provider.CreateFutureRef(result);
        if (limit != Timeout.InfiniteTimeSpan && limit < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(timeout), limit, "The time for an answer cannot be negative");

        var question = new LimitedFutureActorRef<T>(result, provider, limit);
        question.Arm(cancellationToken);
        return question;
    }

    // The target's system, not the one whose actor happens to run here: the answer comes from there.
    internal static IActorRefProvider ProviderOf(ICanTell target) => target switch
    {
        IInternalActorRef actor => actor.Provider,
        ActorSelection selection => ProviderOf(selection.Anchor),
        _ => InternalCurrentActorCellKeeper.Current?.SystemImpl.Provider,
    };
}

/// <summary>A question that is given up after a time, or when it is cancelled.</summary>
internal sealed class LimitedFutureActorRef<T> : FutureActorRef<T>, IAskDeadline
{
    private readonly TaskCompletionSource<T> _result;
    private readonly TimeSpan _limit;
    private CancellationTokenRegistration _registration;

    public LimitedFutureActorRef(TaskCompletionSource<T> result, IActorRefProvider provider, TimeSpan limit)
        : base(result, null, provider)
    {
        _result = result;
        _limit = limit;
    }

    public IAskDeadline Previous { get; set; }

    public IAskDeadline Next { get; set; }

    public AskDeadlines.Line Line { get; set; }

    public long Due { get; set; }

    public void Arm(CancellationToken cancellationToken)
    {
        if (_limit != Timeout.InfiniteTimeSpan)
            AskDeadlines.Add(this, _limit);
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (state, token) =>
                {
                    var self = (LimitedFutureActorRef<T>)state;
                    if (self._result.TrySetCanceled(token))
                        self.Completed();
                },
                this);
        }
    }

    public void Expire()
    {
        var message = $"No answer came within {_limit}";
        if (_result.TrySetException(new AskTimeoutException(message)))
            Completed();
    }

    private protected override void Completed()
    {
        AskDeadlines.Remove(this);
        _registration.Dispose();
        base.Completed();
    }
}
