namespace Akka.Persistence.Journal;

/// <summary>The events that a stored event is replayed as.</summary>
public interface IEventSequence
{
    IEnumerable<object> Events { get; }
}

public interface IEmptyEventSequence : IEventSequence
{
}

public sealed class EmptyEventSequence : IEmptyEventSequence
{
    public static readonly EmptyEventSequence Instance = new();

    private EmptyEventSequence()
    {
    }

    public IEnumerable<object> Events => [];
}

public class EventSequence<T> : IEventSequence
{
    public EventSequence(IEnumerable<object> events) => Events = [.. events];

    public IEnumerable<object> Events { get; private set; }
}

public struct SingleEventSequence : IEventSequence
{
    private readonly object[] _events;

    public SingleEventSequence(object e) => _events = [e];

    public IEnumerable<object> Events => _events;
}

public static class EventSequence
{
    public static IEventSequence Empty = EmptyEventSequence.Instance;

    public static IEventSequence Single(object e) => new SingleEventSequence(e);

    public static IEventSequence Create(params object[] events) => new EventSequence<object>(events);

    public static IEventSequence Create(IEnumerable<object> events) => new EventSequence<object>(events);
}
