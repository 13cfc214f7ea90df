using Akka.Actor.Internal;
using Akka.Event;

namespace Akka.Actor;

/// <summary>One incarnation of an actor.</summary>
public abstract class ActorBase : IInternalActor
{
    private readonly ActorCell _cell;
    private SupervisorStrategy _strategy;

    protected ActorBase()
    {
        _cell = InternalCurrentActorCellKeeper.Current
            ?? throw new ActorInitializationException("An actor is created by ActorOf, not by calling its constructor");
    }

    /// <summary>Does nothing, and so handles nothing.</summary>
    protected static Receive EmptyReceive { get; } = static _ => false;

    protected static IActorContext Context => CurrentCell;

    private protected static ActorCell CurrentCell =>
        InternalCurrentActorCellKeeper.Current
        ?? throw new NotSupportedException("No actor is running on this thread: its context is not to be used from other threads, or after ConfigureAwait(false)");

    protected IActorRef Self => _cell.Self;

    protected IActorRef Sender => CurrentCell.Sender;

    IActorContext IInternalActor.ActorContext => _cell;

    internal ActorCell Cell => _cell;

    internal virtual Receive ReceiveDelegate => Receive;

    internal SupervisorStrategy SupervisorStrategyInternal => _strategy ??= SupervisorStrategy();

    protected abstract bool Receive(object message);

    internal bool InvokeReceive(Receive receive, object message) => AroundReceive(receive, message);

    /// <summary>Passes a message to the behaviour. Override to do something before or after each message.</summary>
    protected virtual bool AroundReceive(Receive receive, object message)
    {
        var handled = receive(message);
        if (!handled)
            Unhandled(message);
        return handled;
    }

    /// <summary>Nobody took this message: a Terminated kills the actor, all else is announced on the event stream.</summary>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
            throw new DeathPactException(terminated.ActorRef);
        Context.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    protected void Become(Receive receive) => CurrentCell.Become(receive);

    protected void BecomeStacked(Receive receive) => CurrentCell.BecomeStacked(receive);

    protected void UnbecomeStacked() => CurrentCell.UnbecomeStacked();

    protected void SetReceiveTimeout(TimeSpan? timeout) => CurrentCell.SetReceiveTimeout(timeout);

    /// <summary>What to do about children that fail. Asked once for each instance.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy() => Actor.SupervisorStrategy.DefaultStrategy;

    protected virtual void PreStart()
    {
    }

    protected virtual void PostStop()
    {
    }

    /// <summary>On the failed instance, before it is replaced: stops the children and calls PostStop.</summary>
    protected virtual void PreRestart(Exception reason, object message)
    {
        foreach (var child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>On the new instance: calls PreStart.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    public virtual void AroundPreStart() => PreStart();

    public virtual void AroundPostStop() => PostStop();

    public virtual void AroundPreRestart(Exception cause, object message) => PreRestart(cause, message);

    public virtual void AroundPostRestart(Exception cause, object message) => PostRestart(cause);
}

/// <summary>An actor with one method for all messages.</summary>
public abstract class UntypedActor : ActorBase
{
    protected UntypedActor()
    {
    }

    protected static new IUntypedActorContext Context => CurrentCell;

    protected sealed override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }

    protected abstract void OnReceive(object message);

    protected void Become(UntypedReceive receive) => CurrentCell.Become(ActorCell.Wrap(receive));

    protected void BecomeStacked(UntypedReceive receive) => CurrentCell.BecomeStacked(ActorCell.Wrap(receive));

    /// <summary>Runs something asynchronous; no other message is processed until it is finished.</summary>
    protected void RunTask(Action action) => Dispatch.ActorTaskScheduler.RunTask(action);

    protected void RunTask(Func<Task> action) => Dispatch.ActorTaskScheduler.RunTask(action);
}

public abstract class UntypedActorWithStash : UntypedActor, IWithStash
{
    public IStash Stash { get; set; }
}

public abstract class UntypedActorWithUnboundedStash : UntypedActor, IWithUnboundedStash
{
    public IStash Stash { get; set; }
}

public abstract class UntypedActorWithUnrestrictedStash : UntypedActor, IWithUnrestrictedStash
{
    public IStash Stash { get; set; }
}
