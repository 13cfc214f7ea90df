namespace Akka.TestKit;

/// <summary>What to do with the log events that a filter picks. A timeout left out is akka.test.filter-leeway.</summary>
public interface IEventFilterApplier
{
    /// <summary>Adds a further filter: events that either picks count.</summary>
    EventFilterFactory And { get; }

    /// <summary>Runs the action; exactly one event must be picked.</summary>
    void ExpectOne(Action action, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly one event must be picked within the timeout.</summary>
    void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default);

    /// <summary>Runs the function; exactly one event must be picked.</summary>
    T ExpectOne<T>(Func<T> func, CancellationToken cancellationToken = default);

    /// <summary>Runs the function; exactly one event must be picked within the timeout.</summary>
    T ExpectOne<T>(TimeSpan timeout, Func<T> func, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly one event must be picked.</summary>
    Task ExpectOneAsync(Action action, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly one event must be picked.</summary>
    Task ExpectOneAsync(Func<Task> actionAsync, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly one event must be picked within the timeout.</summary>
    Task ExpectOneAsync(TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default);

    /// <summary>Runs the function; exactly one event must be picked.</summary>
    Task<T> ExpectOneAsync<T>(Func<Task<T>> func, CancellationToken cancellationToken = default);

    /// <summary>Runs the function; exactly one event must be picked within the timeout.</summary>
    Task<T> ExpectOneAsync<T>(TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly so many events must be picked.</summary>
    void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly so many events must be picked within the timeout.</summary>
    void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default);

    /// <summary>Runs the function; exactly so many events must be picked.</summary>
    T Expect<T>(int expectedCount, Func<T> func, CancellationToken cancellationToken = default);

    /// <summary>Runs the function; exactly so many events must be picked within the timeout.</summary>
    T Expect<T>(int expectedCount, TimeSpan timeout, Func<T> func, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly so many events must be picked.</summary>
    Task ExpectAsync(int expectedCount, Func<Task> actionAsync, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly so many events must be picked within the timeout.</summary>
    Task ExpectAsync(int expectedCount, Func<Task> actionAsync, TimeSpan? timeout, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly so many events must be picked within the timeout.</summary>
    Task ExpectAsync(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default);

    /// <summary>Runs the action; exactly so many events must be picked within the timeout.</summary>
    Task ExpectAsync(int expectedCount, TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default);

    /// <summary>Runs the function; exactly so many events must be picked.</summary>
    Task<T> ExpectAsync<T>(int expectedCount, Func<Task<T>> func, CancellationToken cancellationToken = default);

    /// <summary>Runs the function; exactly so many events must be picked within the timeout.</summary>
    Task<T> ExpectAsync<T>(int expectedCount, TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default);

    /// <summary>Swallows picked events until the result is unmuted.</summary>
    IUnmutableFilter Mute();

    /// <summary>Runs the action and swallows picked events meanwhile.</summary>
    void Mute(Action action, CancellationToken cancellationToken = default);

    /// <summary>Runs the function and swallows picked events meanwhile.</summary>
    T Mute<T>(Func<T> func, CancellationToken cancellationToken = default);

    /// <summary>Runs the action and swallows picked events meanwhile.</summary>
    Task MuteAsync(Action action, CancellationToken cancellationToken = default);

    /// <summary>Runs the action and swallows picked events meanwhile.</summary>
    Task MuteAsync(Func<Task> action, CancellationToken cancellationToken = default);

    /// <summary>Runs the function and swallows picked events meanwhile.</summary>
    Task<T> MuteAsync<T>(Func<Task<T>> func, CancellationToken cancellationToken = default);
}

/// <summary>A filter that swallows events until it is unmuted or disposed.</summary>
public interface IUnmutableFilter : IDisposable
{
    /// <summary>Ends the filter.</summary>
    void Unmute();
}
