using Akka.Actor;
using Akka.Actor.Internal;

namespace Akka.Persistence;

/// <summary>A persistent actor whose behaviour is declared handler by handler in its constructor.</summary>
public abstract class ReceivePersistentActor : UntypedPersistentActor, IInitializableActor
{
    private readonly MessageHandlers _recoverHandlers = new();
    private readonly MessageHandlers _initialCommandHandlers = new();
    private MessageHandlers _configured;

    protected ReceivePersistentActor() => _configured = _initialCommandHandlers;

    // The constructors are done: from here on handlers are declared inside Become only.
    void IInitializableActor.Init() => _configured = null;

    protected void Become(Action configure)
    {
        var handlers = Configure(configure);
        base.Become(message => Execute(handlers, message));
    }

    protected void BecomeStacked(Action configure)
    {
        var handlers = Configure(configure);
        base.BecomeStacked(message => Execute(handlers, message));
    }

    protected sealed override void OnCommand(object message) => Execute(_initialCommandHandlers, message);

    protected sealed override void OnRecover(object message) => Execute(_recoverHandlers, message);

    protected void Recover<T>(Action<T> handler, Predicate<T> shouldHandle = null) => ForRecovery().Add(new ActionHandler<T>(handler, shouldHandle));

    protected void Recover<T>(Predicate<T> shouldHandle, Action<T> handler) => ForRecovery().Add(new ActionHandler<T>(handler, shouldHandle));

    protected void Recover<T>(Func<T, bool> handler) => ForRecovery().Add(new FuncHandler<T>(handler));

    protected void Recover(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        ForRecovery().Add(new ActionHandler<object>(handler, shouldHandle, messageType));

    protected void Recover(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        ForRecovery().Add(new ActionHandler<object>(handler, shouldHandle, messageType));

    protected void Recover(Type messageType, Func<object, bool> handler) => ForRecovery().Add(new FuncHandler<object>(handler, messageType));

    protected void RecoverAny(Action<object> handler) => ForRecovery().Add(new ActionHandler<object>(handler, null));

    protected void Command<T>(Action<T> handler, Predicate<T> shouldHandle = null) => ForCommands().Add(new ActionHandler<T>(handler, shouldHandle));

    protected void Command<T>(Predicate<T> shouldHandle, Action<T> handler) => ForCommands().Add(new ActionHandler<T>(handler, shouldHandle));

    protected void Command<T>(Func<T, bool> handler) => ForCommands().Add(new FuncHandler<T>(handler));

    protected void Command(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        ForCommands().Add(new ActionHandler<object>(handler, shouldHandle, messageType));

    protected void Command(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        ForCommands().Add(new ActionHandler<object>(handler, shouldHandle, messageType));

    protected void Command(Type messageType, Func<object, bool> handler) => ForCommands().Add(new FuncHandler<object>(handler, messageType));

    protected void Command(Action<object> handler) => ForCommands().Add(new ActionHandler<object>(handler, null));

    protected void CommandAny(Action<object> handler) => ForCommands().Add(new ActionHandler<object>(handler, null));

    protected void CommandAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null) =>
        ForCommands().Add(new ActionHandler<T>(message => RunTask(() => handler(message)), shouldHandle));

    protected void CommandAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => CommandAsync(handler, shouldHandle);

    protected void CommandAsync(Type messageType, Func<object, Task> handler, Predicate<object> shouldHandle = null) =>
        ForCommands().Add(new ActionHandler<object>(message => RunTask(() => handler(message)), shouldHandle, messageType));

    protected void CommandAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        CommandAsync(messageType, handler, shouldHandle);

    protected void CommandAnyAsync(Func<object, Task> handler) =>
        ForCommands().Add(new ActionHandler<object>(message => RunTask(() => handler(message)), null));

    private void Execute(MessageHandlers handlers, object message)
    {
        if (!handlers.TryHandle(message))
            Unhandled(message);
    }

    private MessageHandlers Configure(Action configure)
    {
        var outer = _configured;
        var handlers = new MessageHandlers();
        _configured = handlers;
        try
        {
            configure();
        }
        finally
        {
            _configured = outer;
        }

        return handlers;
    }

    private MessageHandlers ForCommands() => _configured ?? throw NotNow("Command");

    private MessageHandlers ForRecovery() =>
        ReferenceEquals(_configured, _initialCommandHandlers) ? _recoverHandlers : throw NotNow("Recover");

    private static InvalidOperationException NotNow(string method) => new(
        $"{method} declares a handler, which is possible in the constructor"
        + (method == "Command" ? " and inside Become" : string.Empty) + " only.");
}
