namespace Akka.Persistence.TestKit;

/// <summary>Sends a connection interceptor to a test plugin; completes when the plugin uses it.</summary>
public interface IJournalConnectionBehaviorSetter
{
    Task SetInterceptorAsync(IConnectionInterceptor interceptor);
}

/// <summary>Whether the storage of a test plugin can be reached.</summary>
public class JournalConnectionBehavior
{
    private readonly IJournalConnectionBehaviorSetter _setter;

    internal JournalConnectionBehavior(IJournalConnectionBehaviorSetter setter) => _setter = setter;

    public Task SetInterceptorAsync(IConnectionInterceptor interceptor) => _setter.SetInterceptorAsync(interceptor);

    public Task Pass() => SetInterceptorAsync(ConnectionInterceptors.Noop.Instance);

    public Task PassWithDelay(TimeSpan delay) => SetInterceptorAsync(new ConnectionInterceptors.Delay(delay, ConnectionInterceptors.Noop.Instance));

    public Task Fail() => SetInterceptorAsync(ConnectionInterceptors.Failure.Instance);

    public Task FailWithDelay(TimeSpan delay) => SetInterceptorAsync(new ConnectionInterceptors.Delay(delay, ConnectionInterceptors.Failure.Instance));

    public Task FailIf(Func<bool> predicate) => SetInterceptorAsync(new ConnectionInterceptors.OnCondition(predicate, ConnectionInterceptors.Failure.Instance));

    public Task FailIf(Func<Task<bool>> predicate) => SetInterceptorAsync(new ConnectionInterceptors.OnCondition(predicate, ConnectionInterceptors.Failure.Instance));

    public Task FailIfWithDelay(TimeSpan delay, Func<bool> predicate) =>
        SetInterceptorAsync(new ConnectionInterceptors.OnCondition(predicate, new ConnectionInterceptors.Delay(delay, ConnectionInterceptors.Failure.Instance)));

    public Task FailIfWithDelay(TimeSpan delay, Func<Task<bool>> predicate) =>
        SetInterceptorAsync(new ConnectionInterceptors.OnCondition(predicate, new ConnectionInterceptors.Delay(delay, ConnectionInterceptors.Failure.Instance)));

    public Task FailUnless(Func<bool> predicate) =>
        SetInterceptorAsync(new ConnectionInterceptors.OnCondition(predicate, ConnectionInterceptors.Failure.Instance, negate: true));

    public Task FailUnless(Func<Task<bool>> predicate) =>
        SetInterceptorAsync(new ConnectionInterceptors.OnCondition(predicate, ConnectionInterceptors.Failure.Instance, negate: true));

    public Task FailUnlessWithDelay(TimeSpan delay, Func<bool> predicate) =>
        SetInterceptorAsync(new ConnectionInterceptors.OnCondition(predicate, new ConnectionInterceptors.Delay(delay, ConnectionInterceptors.Failure.Instance), negate: true));

    public Task FailUnlessWithDelay(TimeSpan delay, Func<Task<bool>> predicate) =>
        SetInterceptorAsync(new ConnectionInterceptors.OnCondition(predicate, new ConnectionInterceptors.Delay(delay, ConnectionInterceptors.Failure.Instance), negate: true));
}
