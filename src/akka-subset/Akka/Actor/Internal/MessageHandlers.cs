using Akka.Dispatch;

namespace Akka.Actor.Internal;

/// <summary>
/// The handlers of one behaviour, in the order they were given. Which of them come into question for a message depends on its
/// type only, so that is worked out once per type; the type of the message before is not even looked up.
/// </summary>
internal sealed class MessageHandlers
{
    private readonly List<MessageHandler> _handlers = new(4);
    private Dictionary<Type, MessageHandler[]> _byType;
    private Type _lastType;
    private MessageHandler[] _lastHandlers;
    private bool _closed;

    public void Add(MessageHandler handler)
    {
        if (_closed)
            throw new InvalidOperationException("The handler before this one takes all messages: none would reach this one");
        _closed = handler.CatchesAll;
        _handlers.Add(handler);
        _byType = null;
        _lastType = null;
    }

    public bool TryHandle(object message)
    {
        var type = message.GetType();
        var handlers = type == _lastType ? _lastHandlers : Find(type);
        foreach (var handler in handlers)
        {
            if (handler.TryHandle(message))
                return true;
        }

        return false;
    }

    private MessageHandler[] Find(Type type)
    {
        _byType ??= new Dictionary<Type, MessageHandler[]>();
        if (!_byType.TryGetValue(type, out var handlers))
        {
            handlers = _handlers.Where(handler => handler.MessageType.IsAssignableFrom(type)).ToArray();
            _byType.Add(type, handlers);
        }

        _lastType = type;
        _lastHandlers = handlers;
        return handlers;
    }
}

internal abstract class MessageHandler(Type messageType)
{
    public Type MessageType => messageType;

    public abstract bool CatchesAll { get; }

    /// <summary>Only with messages of <see cref="MessageType"/>.</summary>
    public abstract bool TryHandle(object message);
}

internal sealed class ActionHandler<T>(Action<T> handler, Predicate<T> shouldHandle, Type messageType = null)
    : MessageHandler(messageType ?? typeof(T))
{
    public override bool CatchesAll => MessageType == typeof(object) && shouldHandle is null;

    public override bool TryHandle(object message)
    {
        var typed = (T)message;
        if (shouldHandle is not null && !shouldHandle(typed))
            return false;
        handler(typed);
        return true;
    }
}

internal sealed class FuncHandler<T>(Func<T, bool> handler, Type messageType = null) : MessageHandler(messageType ?? typeof(T))
{
    public override bool CatchesAll => false;

    public override bool TryHandle(object message) => handler((T)message);
}

internal sealed class AsyncHandler<T>(Func<T, Task> handler, Predicate<T> shouldHandle, Type messageType = null)
    : MessageHandler(messageType ?? typeof(T))
{
    public override bool CatchesAll => MessageType == typeof(object) && shouldHandle is null;

    public override bool TryHandle(object message)
    {
        var typed = (T)message;
        if (shouldHandle is not null && !shouldHandle(typed))
            return false;
        ActorTaskScheduler.RunTask(() => handler(typed));
        return true;
    }
}
