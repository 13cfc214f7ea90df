using Akka.Dispatch.SysMsg;

namespace Akka.Actor;

public static class GracefulStopSupport
{
    /// <summary>Stops an actor after what is in its mailbox; true when it was gone in time.</summary>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    public static async Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        using var cancellation = new CancellationTokenSource(timeout);
        var gone = target.WatchAsync(cancellation.Token);
        target.Tell(stopMessage, ActorRefs.NoSender);
        try
        {
            return await gone.ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw new TaskCanceledException($"{target} was not terminated within {timeout}", e);
        }
    }
}

public static class WatchAsyncSupport
{
    /// <summary>Completes with true when the actor is gone, with false when the wait was cancelled by then.</summary>
    public static async Task<bool> WatchAsync(this IActorRef target, CancellationToken token = default)
    {
        var internalTarget = (IInternalActorRef)target;
        if (internalTarget.IsTerminated)
            return true;
        var watcher = new TerminationPromise(internalTarget.Provider);
        internalTarget.SendSystemMessage(new Watch(internalTarget, watcher));
        using var registration = token.UnsafeRegister(static (state, cancelled) => ((TerminationPromise)state).Cancel(cancelled), watcher);
        try
        {
            await watcher.Gone.ConfigureAwait(false);
            return true;
        }
        catch
        {
            internalTarget.SendSystemMessage(new Unwatch(internalTarget, watcher));
            throw;
        }
        finally
        {
            watcher.Forget();
        }
    }

    private sealed class TerminationPromise : MinimalActorRef
    {
        private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TerminationPromise(IActorRefProvider provider)
        {
            Provider = provider;
            Path = provider.TempPath();

            // A remote actor answers to the path.
            provider.RegisterTempActor(this, Path);
        }

        public override ActorPath Path { get; }

        public override IActorRefProvider Provider { get; }

        public Task Gone => _gone.Task;

        public void Cancel(CancellationToken token) => _gone.TrySetCanceled(token);

        public void Forget() => Provider.UnregisterTempActor(Path);

        public override void SendSystemMessage(ISystemMessage message)
        {
            if (message is DeathWatchNotification)
                _gone.TrySetResult();
        }
    }
}
