using Akka.Actor.Internal;

namespace Akka.Actor;

/// <summary>An actor that says, type by type, what it does with messages.</summary>
public abstract class ReceiveActor : UntypedActor, IInitializableActor
{
    private readonly MessageHandlers _initial = new();

    // What Receive adds to: while the constructor or the argument of a Become runs.
    private MessageHandlers _configuring;

    protected ReceiveActor()
    {
        _configuring = _initial;
    }

    void IInitializableActor.Init() => _configuring = null;

    internal override Receive ReceiveDelegate => _initial.TryHandle;

    protected sealed override void OnReceive(object message)
    {
        if (!_initial.TryHandle(message))
            Unhandled(message);
    }

    protected void Become(Action configure) => CurrentCell.Become(Configure(configure));

    protected void BecomeStacked(Action configure) => CurrentCell.BecomeStacked(Configure(configure));

    private Receive Configure(Action configure)
    {
        var outer = _configuring;
        var handlers = new MessageHandlers();
        _configuring = handlers;
        try
        {
            configure();
        }
        finally
        {
            _configuring = outer;
        }

        return handlers.TryHandle;
    }

    private MessageHandlers Configuring =>
        _configuring ?? throw new InvalidOperationException("Handlers can be added only in the constructor and in the argument of Become");

    protected void Receive<T>(Action<T> handler, Predicate<T> shouldHandle = null) =>
        Configuring.Add(new ActionHandler<T>(handler, shouldHandle));

    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) =>
        Configuring.Add(new ActionHandler<T>(handler, shouldHandle));

    protected void Receive<T>(Func<T, bool> handler) => Configuring.Add(new FuncHandler<T>(handler));

    protected void Receive(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        Configuring.Add(new ActionHandler<object>(handler, shouldHandle, messageType));

    protected void Receive(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        Configuring.Add(new ActionHandler<object>(handler, shouldHandle, messageType));

    protected void Receive(Type messageType, Func<object, bool> handler) =>
        Configuring.Add(new FuncHandler<object>(handler, messageType));

    protected void ReceiveAny(Action<object> handler) => Configuring.Add(new ActionHandler<object>(handler, null));

    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null) =>
        Configuring.Add(new AsyncHandler<T>(handler, shouldHandle));

    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) =>
        Configuring.Add(new AsyncHandler<T>(handler, shouldHandle));

    protected void ReceiveAsync(Type messageType, Func<object, Task> handler, Predicate<object> shouldHandle = null) =>
        Configuring.Add(new AsyncHandler<object>(handler, shouldHandle, messageType));

    protected void ReceiveAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        Configuring.Add(new AsyncHandler<object>(handler, shouldHandle, messageType));

    protected void ReceiveAnyAsync(Func<object, Task> handler) => Configuring.Add(new AsyncHandler<object>(handler, null));
}
