using Akka.Actor;
using Akka.Event;

namespace Akka.TestKit.Internal;

/// <summary>Installs filters around a piece of test code and compares the number of picked events with the expected one.</summary>
internal sealed class EventFilterApplier : IEventFilterApplier
{
    private readonly TestKitBase _testKit;
    private readonly ActorSystem _system;
    private readonly IReadOnlyList<LogEventFilter> _filters;

    public EventFilterApplier(TestKitBase testKit, ActorSystem system, IReadOnlyList<LogEventFilter> filters)
    {
        _testKit = testKit;
        _system = system;
        _filters = filters;
    }

    public EventFilterFactory And => new(_testKit, _system, _filters);

    public void ExpectOne(Action action, CancellationToken cancellationToken = default) => Expect(1, action, cancellationToken);

    public void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default) => Expect(1, timeout, action, cancellationToken);

    public T ExpectOne<T>(Func<T> func, CancellationToken cancellationToken = default) => Expect(1, func, cancellationToken);

    public T ExpectOne<T>(TimeSpan timeout, Func<T> func, CancellationToken cancellationToken = default) => Expect(1, timeout, func, cancellationToken);

    public Task ExpectOneAsync(Action action, CancellationToken cancellationToken = default) => InterceptAsync(true, Lift(action), null, 1, cancellationToken);

    public Task ExpectOneAsync(Func<Task> actionAsync, CancellationToken cancellationToken = default) => ExpectAsync(1, actionAsync, cancellationToken);

    public Task ExpectOneAsync(TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default) => ExpectAsync(1, timeout, action, cancellationToken);

    public Task<T> ExpectOneAsync<T>(Func<Task<T>> func, CancellationToken cancellationToken = default) => ExpectAsync(1, func, cancellationToken);

    public Task<T> ExpectOneAsync<T>(TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default) => ExpectAsync(1, timeout, func, cancellationToken);

    public void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default) =>
        InterceptAsync(false, Lift(action), null, expectedCount, cancellationToken).GetAwaiter().GetResult();

    public void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        InterceptAsync(false, Lift(action), timeout, expectedCount, cancellationToken).GetAwaiter().GetResult();

    public T Expect<T>(int expectedCount, Func<T> func, CancellationToken cancellationToken = default) =>
        InterceptAsync(false, () => Task.FromResult(func()), null, expectedCount, cancellationToken).GetAwaiter().GetResult();

    public T Expect<T>(int expectedCount, TimeSpan timeout, Func<T> func, CancellationToken cancellationToken = default) =>
        InterceptAsync(false, () => Task.FromResult(func()), timeout, expectedCount, cancellationToken).GetAwaiter().GetResult();

    public Task ExpectAsync(int expectedCount, Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        InterceptAsync(true, Lift(actionAsync), null, expectedCount, cancellationToken);

    public Task ExpectAsync(int expectedCount, Func<Task> actionAsync, TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        InterceptAsync(true, Lift(actionAsync), timeout, expectedCount, cancellationToken);

    public Task ExpectAsync(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        InterceptAsync(true, Lift(action), timeout, expectedCount, cancellationToken);

    public Task ExpectAsync(int expectedCount, TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default) =>
        InterceptAsync(true, Lift(action), timeout, expectedCount, cancellationToken);

    public Task<T> ExpectAsync<T>(int expectedCount, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        InterceptAsync(true, func, null, expectedCount, cancellationToken);

    public Task<T> ExpectAsync<T>(int expectedCount, TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        InterceptAsync(true, func, timeout, expectedCount, cancellationToken);

    public IUnmutableFilter Mute()
    {
        _system.EventStream.Publish(new MuteFilters(_filters));
        return new Muted(_system, _filters);
    }

    public void Mute(Action action, CancellationToken cancellationToken = default) =>
        InterceptAsync(false, Lift(action), null, null, cancellationToken).GetAwaiter().GetResult();

    public T Mute<T>(Func<T> func, CancellationToken cancellationToken = default) =>
        InterceptAsync(false, () => Task.FromResult(func()), null, null, cancellationToken).GetAwaiter().GetResult();

    public Task MuteAsync(Action action, CancellationToken cancellationToken = default) =>
        InterceptAsync(true, Lift(action), null, null, cancellationToken);

    public Task MuteAsync(Func<Task> action, CancellationToken cancellationToken = default) =>
        InterceptAsync(true, Lift(action), null, null, cancellationToken);

    public Task<T> MuteAsync<T>(Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        InterceptAsync(true, func, null, null, cancellationToken);

    private async Task<T> InterceptAsync<T>(bool async, Func<Task<T>> body, TimeSpan? timeout, int? expected, CancellationToken cancellationToken)
    {
        var count = 0;
        void Count(LogEvent logged) => Interlocked.Increment(ref count);

        foreach (var filter in _filters)
        {
            filter.Matched += Count;
        }

        _system.EventStream.Publish(new MuteFilters(_filters));
        try
        {
            var result = await body();
            if (expected is { } wanted)
            {
                await CheckAsync(async, () => Volatile.Read(ref count), wanted, timeout, cancellationToken);
            }

            return result;
        }
        finally
        {
            foreach (var filter in _filters)
            {
                filter.Matched -= Count;
            }

            _system.EventStream.Publish(new UnmuteFilters(_filters));
        }
    }

    private async Task CheckAsync(bool async, Func<int> count, int expected, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var leeway = _testKit.Dilated(timeout ?? _testKit.TestKitSettings.TestEventFilterLeeway);
        var interval = TimeSpan.FromMilliseconds(10);
        _ = async
            ? await _testKit.AwaitConditionNoThrowAsync(() => count() >= expected, leeway, interval, cancellationToken)
            : _testKit.AwaitConditionNoThrow(() => count() >= expected, leeway, interval, cancellationToken);
        var picked = count();
        if (picked < expected)
        {
            _testKit.Fail($"Only {picked} of {expected} log events came within {leeway} that [{string.Join(" or ", _filters)}] picks.");
        }

        if (picked > expected)
        {
            _testKit.Fail($"{picked} log events came that [{string.Join(" or ", _filters)}] picks; expected were {expected}.");
        }
    }

    private static Func<Task<object>> Lift(Action action) => () =>
    {
        action();
        return Task.FromResult<object>(null);
    };

    private static Func<Task<object>> Lift(Func<Task> action) => async () =>
    {
        await action();
        return null;
    };

    private sealed class Muted : IUnmutableFilter
    {
        private readonly ActorSystem _system;
        private readonly IReadOnlyList<LogEventFilter> _filters;

        public Muted(ActorSystem system, IReadOnlyList<LogEventFilter> filters)
        {
            _system = system;
            _filters = filters;
        }

        public void Unmute() => _system.EventStream.Publish(new UnmuteFilters(_filters));

        public void Dispose() => Unmute();
    }
}
