namespace Akka.Persistence.TestKit;

/// <summary>What a test journal does with the events that it is asked to write. One event decides for its whole atomic write.</summary>
public class JournalWriteBehavior : JournalRecoveryBehavior
{
    internal JournalWriteBehavior(IJournalBehaviorSetter setter)
        : base(setter)
    {
    }

    public Task Reject() => SetInterceptorAsync(JournalInterceptors.Rejection.Instance);

    public Task RejectWithDelay(TimeSpan delay) => SetInterceptorAsync(new JournalInterceptors.Delay(delay, JournalInterceptors.Rejection.Instance));

    public Task RejectIf(Func<IPersistentRepresentation, bool> predicate) => SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, JournalInterceptors.Rejection.Instance));

    public Task RejectIf(Func<IPersistentRepresentation, Task<bool>> predicate) => SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, JournalInterceptors.Rejection.Instance));

    public Task RejectIfWithDelay(TimeSpan delay, Func<IPersistentRepresentation, bool> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, new JournalInterceptors.Delay(delay, JournalInterceptors.Rejection.Instance)));

    public Task RejectIfWithDelay(TimeSpan delay, Func<IPersistentRepresentation, Task<bool>> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, new JournalInterceptors.Delay(delay, JournalInterceptors.Rejection.Instance)));

    public Task RejectUnless(Func<IPersistentRepresentation, bool> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, JournalInterceptors.Rejection.Instance, negate: true));

    public Task RejectUnless(Func<IPersistentRepresentation, Task<bool>> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, JournalInterceptors.Rejection.Instance, negate: true));

    public Task RejectUnlessWithDelay(TimeSpan delay, Func<IPersistentRepresentation, bool> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, new JournalInterceptors.Delay(delay, JournalInterceptors.Rejection.Instance), negate: true));

    public Task RejectUnlessWithDelay(TimeSpan delay, Func<IPersistentRepresentation, Task<bool>> predicate) =>
        SetInterceptorAsync(new JournalInterceptors.OnCondition(predicate, new JournalInterceptors.Delay(delay, JournalInterceptors.Rejection.Instance), negate: true));

    public Task RejectOnType<TMessage>() => RejectOnType(typeof(TMessage));

    public Task RejectOnType(Type messageType) => SetInterceptorAsync(new JournalInterceptors.OnType(messageType, JournalInterceptors.Rejection.Instance));

    public Task RejectOnTypeWithDelay<TMessage>(TimeSpan delay) => RejectOnTypeWithDelay(delay, typeof(TMessage));

    public Task RejectOnTypeWithDelay(TimeSpan delay, Type messageType) =>
        SetInterceptorAsync(new JournalInterceptors.OnType(messageType, new JournalInterceptors.Delay(delay, JournalInterceptors.Rejection.Instance)));
}
