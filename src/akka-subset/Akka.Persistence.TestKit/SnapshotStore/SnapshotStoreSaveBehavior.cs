namespace Akka.Persistence.TestKit;

/// <summary>Sends an interceptor to a test snapshot store; completes when the store uses it.</summary>
public interface ISnapshotStoreBehaviorSetter
{
    Task SetInterceptorAsync(ISnapshotStoreInterceptor interceptor);
}

/// <summary>What a test snapshot store does when a snapshot is saved.</summary>
public class SnapshotStoreSaveBehavior
{
    protected readonly ISnapshotStoreBehaviorSetter Setter;

    public SnapshotStoreSaveBehavior(ISnapshotStoreBehaviorSetter setter) => Setter = setter;

    public Task SetInterceptorAsync(ISnapshotStoreInterceptor interceptor) => Setter.SetInterceptorAsync(interceptor);

    public Task Pass() => SetInterceptorAsync(SnapshotStoreInterceptors.Noop.Instance);

    public Task PassWithDelay(TimeSpan delay) => SetInterceptorAsync(new SnapshotStoreInterceptors.Delay(delay, SnapshotStoreInterceptors.Noop.Instance));

    public Task Fail() => SetInterceptorAsync(SnapshotStoreInterceptors.Failure.Instance);

    public Task FailWithDelay(TimeSpan delay) => SetInterceptorAsync(new SnapshotStoreInterceptors.Delay(delay, SnapshotStoreInterceptors.Failure.Instance));

    public Task FailIf(Func<string, SnapshotSelectionCriteria, bool> predicate) => SetInterceptorAsync(new SnapshotStoreInterceptors.OnCondition(predicate, SnapshotStoreInterceptors.Failure.Instance));

    public Task FailIf(Func<string, SnapshotSelectionCriteria, Task<bool>> predicate) => SetInterceptorAsync(new SnapshotStoreInterceptors.OnCondition(predicate, SnapshotStoreInterceptors.Failure.Instance));

    public Task FailIfWithDelay(TimeSpan delay, Func<string, SnapshotSelectionCriteria, bool> predicate) =>
        SetInterceptorAsync(new SnapshotStoreInterceptors.OnCondition(predicate, new SnapshotStoreInterceptors.Delay(delay, SnapshotStoreInterceptors.Failure.Instance)));

    public Task FailIfWithDelay(TimeSpan delay, Func<string, SnapshotSelectionCriteria, Task<bool>> predicate) =>
        SetInterceptorAsync(new SnapshotStoreInterceptors.OnCondition(predicate, new SnapshotStoreInterceptors.Delay(delay, SnapshotStoreInterceptors.Failure.Instance)));

    public Task FailUnless(Func<string, SnapshotSelectionCriteria, bool> predicate) =>
        SetInterceptorAsync(new SnapshotStoreInterceptors.OnCondition(predicate, SnapshotStoreInterceptors.Failure.Instance, negate: true));

    public Task FailUnless(Func<string, SnapshotSelectionCriteria, Task<bool>> predicate) =>
        SetInterceptorAsync(new SnapshotStoreInterceptors.OnCondition(predicate, SnapshotStoreInterceptors.Failure.Instance, negate: true));

    public Task FailUnlessWithDelay(TimeSpan delay, Func<string, SnapshotSelectionCriteria, bool> predicate) =>
        SetInterceptorAsync(new SnapshotStoreInterceptors.OnCondition(predicate, new SnapshotStoreInterceptors.Delay(delay, SnapshotStoreInterceptors.Failure.Instance), negate: true));

    public Task FailUnlessWithDelay(TimeSpan delay, Func<string, SnapshotSelectionCriteria, Task<bool>> predicate) =>
        SetInterceptorAsync(new SnapshotStoreInterceptors.OnCondition(predicate, new SnapshotStoreInterceptors.Delay(delay, SnapshotStoreInterceptors.Failure.Instance), negate: true));
}

/// <summary>What a test snapshot store does when a snapshot is loaded.</summary>
public class SnapshotStoreLoadBehavior : SnapshotStoreSaveBehavior
{
    public SnapshotStoreLoadBehavior(ISnapshotStoreBehaviorSetter setter)
        : base(setter)
    {
    }
}

/// <summary>What a test snapshot store does when snapshots are deleted.</summary>
public class SnapshotStoreDeleteBehavior : SnapshotStoreSaveBehavior
{
    public SnapshotStoreDeleteBehavior(ISnapshotStoreBehaviorSetter setter)
        : base(setter)
    {
    }
}
