using Akka.Dispatch.SysMsg;

namespace Akka.Actor;

/// <summary>The sender of an Ask: completes a task with the first answer.</summary>
/// <remarks>Its path, and its entry under /temp, come into being only when somebody wants the path, such as the network.</remarks>
public class FutureActorRef<T> : MinimalActorRef
{
    private readonly TaskCompletionSource<T> _result;
    private readonly IActorRefProvider _provider;
    private ActorPath _path;
    private bool _registered;

    public FutureActorRef(TaskCompletionSource<T> result, ActorPath path, IActorRefProvider provider)
    {
        _result = result;
        _path = path;
        _provider = provider;
    }

    public override IActorRefProvider Provider => _provider;

    public override bool IsTerminated => _result.Task.IsCompleted;

    public override ActorPath Path => Volatile.Read(ref _path) ?? Register();

    private ActorPath Register()
    {
        lock (_result)
        {
            if (_path is not null)
                return _path;
            var path = _provider.TempPath();

            // Either this sees the task completed, or whoever completes it sees the mark and comes here.
            _registered = true;
            Interlocked.MemoryBarrier();
            if (_result.Task.IsCompleted)
                _registered = false;
            else
                _provider.RegisterTempActor(this, path);
            Volatile.Write(ref _path, path);
            return path;
        }
    }

    // The answer came, or will not come any more.
    private void Unregister()
    {
        if (!Volatile.Read(ref _registered))
            return;
        lock (_result)
        {
            if (!_registered)
                return;
            _registered = false;
            _provider.UnregisterTempActor(_path);
        }
    }

    /// <summary>Sends the question with this reference as its sender.</summary>
    public virtual void DeliverAsk(object message, ICanTell destination) => destination.Tell(message, this);

    protected override void TellInternal(object message, IActorRef sender)
    {
        var handled = message switch
        {
            ISystemMessage system => Fail(new InvalidOperationException($"A system message, {system.GetType().Name}, is no answer")),
            T answer => _result.TrySetResult(answer),
            null => _result.TrySetResult(default),
            Status.Failure failure => Fail(failure.Cause ?? new TaskCanceledException("The answer was a failure without a cause")),
            _ => Fail(new ArgumentException($"The answer is a [{message.GetType()}], expected was a [{typeof(T)}]")),
        };

        Completed();
        if (!handled && !_result.Task.IsCanceled)
            _provider.DeadLetters.Tell(message ?? default(T), this);
    }

    public override void SendSystemMessage(ISystemMessage message)
    {
        // A question can be watched like an actor; it is gone with its answer.
        if (message is Watch watch && watch.Watchee.Equals(this) && _result.Task.IsCompleted)
            watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, existenceConfirmed: true, addressTerminated: false));
    }

    private bool Fail(Exception cause) => _result.TrySetException(cause);

    private protected virtual void Completed() => Unregister();
}
