namespace Akka.Persistence.TestKit;

/// <summary>Sends an interceptor to a test journal; completes when the journal uses it.</summary>
public interface IJournalBehaviorSetter
{
    Task SetInterceptorAsync(IJournalInterceptor interceptor);
}

/// <summary>What a test journal does with the events that it replays.</summary>
public class JournalRecoveryBehavior
{
    private readonly IJournalBehaviorSetter _setter;

    internal JournalRecoveryBehavior(IJournalBehaviorSetter setter) => _setter = setter;

    public Task SetInterceptorAsync(IJournalInterceptor interceptor) => _setter.SetInterceptorAsync(interceptor);

    public Task Pass() => SetInterceptorAsync(JournalInterceptors.Noop.Instance);

    public Task PassWithDelay(TimeSpan delay) => SetInterceptorAsync(new JournalInterceptors.Delay(delay, JournalInterceptors.Noop.Instance));

    public Task Fail() => SetInterceptorAsync(JournalInterceptors.Failure.Instance);

    public Task FailWithDelay(TimeSpan delay) => SetInterceptorAsync(new JournalInterceptors.Delay(delay, JournalInterceptors.Failure.Instance));

    public Task FailIf(Func<IPersistentRepresentation, bool> predicate) => SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, JournalInterceptors.Failure.Instance));

    public Task FailIf(Func<IPersistentRepresentation, Task<bool>> predicate) => SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, JournalInterceptors.Failure.Instance));

    public Task FailIfWithDelay(TimeSpan delay, Func<IPersistentRepresentation, bool> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, new JournalInterceptors.Delay(delay, JournalInterceptors.Failure.Instance)));

    public Task FailIfWithDelay(TimeSpan delay, Func<IPersistentRepresentation, Task<bool>> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, new JournalInterceptors.Delay(delay, JournalInterceptors.Failure.Instance)));

    public Task FailUnless(Func<IPersistentRepresentation, bool> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, JournalInterceptors.Failure.Instance, negate: true));

    public Task FailUnless(Func<IPersistentRepresentation, Task<bool>> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, JournalInterceptors.Failure.Instance, negate: true));

    public Task FailUnlessWithDelay(TimeSpan delay, Func<IPersistentRepresentation, bool> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, new JournalInterceptors.Delay(delay, JournalInterceptors.Failure.Instance), negate: true));

    public Task FailUnlessWithDelay(TimeSpan delay, Func<IPersistentRepresentation, Task<bool>> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, new JournalInterceptors.Delay(delay, JournalInterceptors.Failure.Instance), negate: true));

    public Task FailOnType<TMessage>() => FailOnType(typeof(TMessage));

    public Task FailOnType(Type messageType) => SetInterceptorAsync(new JournalInterceptors.OnType(messageType, JournalInterceptors.Failure.Instance));

    public Task FailOnTypeWithDelay<TMessage>(TimeSpan delay) => FailOnTypeWithDelay(delay, typeof(TMessage));

    public Task FailOnTypeWithDelay(TimeSpan delay, Type messageType) =>
        SetInterceptorAsync(new JournalInterceptors.OnType(messageType, new JournalInterceptors.Delay(delay, JournalInterceptors.Failure.Instance)));
}
