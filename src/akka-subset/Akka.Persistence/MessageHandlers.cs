namespace Akka.Persistence;

/// <summary>
/// Handlers in the order of their declaration. The first whose type and predicate fit gets the message; one that
/// returns false passes it on. Which handlers fit a message type is worked out once per type.
/// </summary>
internal sealed class MessageHandlers
{
    private readonly List<(Type Type, Func<object, bool> Handler)> _handlers = [];
    private readonly Dictionary<Type, Func<object, bool>[]> _byMessageType = [];

    public void Add<T>(Action<T> handler, Predicate<T> shouldHandle)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(typeof(T), message =>
        {
            var typed = (T)message;
            if (shouldHandle is not null && !shouldHandle(typed))
                return false;
            handler(typed);
            return true;
        });
    }

    public void Add<T>(Func<T, bool> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(typeof(T), message => handler((T)message));
    }

    public void Add(Type messageType, Action<object> handler, Predicate<object> shouldHandle)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(messageType, message =>
        {
            if (shouldHandle is not null && !shouldHandle(message))
                return false;
            handler(message);
            return true;
        });
    }

    public void Add(Type messageType, Func<object, bool> handler)
    {
        ArgumentNullException.ThrowIfNull(messageType);
        ArgumentNullException.ThrowIfNull(handler);
        _handlers.Add((messageType, handler));
        _byMessageType.Clear();
    }

    public bool TryHandle(object message)
    {
        var type = message.GetType();
        if (!_byMessageType.TryGetValue(type, out var fitting))
        {
            fitting = [.. _handlers.Where(h => h.Type.IsAssignableFrom(type)).Select(h => h.Handler)];
            _byMessageType[type] = fitting;
        }

        foreach (var handler in fitting)
        {
            if (handler(message))
                return true;
        }

        return false;
    }
}
