using Akka.Actor;
using Akka.Pattern;

namespace Akka.Persistence.Snapshot;

/// <summary>Base of snapshot store plugins: speaks the protocol and guards the storage with a circuit breaker.</summary>
public abstract class SnapshotStore : ActorBase
{
    private readonly bool _publish;
    private readonly CircuitBreaker _breaker;

    protected SnapshotStore()
    {
        var persistence = Persistence.Instance.Apply(Context.System);
        _publish = persistence.Settings.Internal.PublishPluginCommands;
        PluginConfig = persistence.SnapshotStoreConfigOf(Self);
        _breaker = CircuitBreaker.Create(
            Context.System.Scheduler,
            PluginConfig.GetInt("circuit-breaker.max-failures"),
            PluginConfig.GetTimeSpan("circuit-breaker.call-timeout"),
            PluginConfig.GetTimeSpan("circuit-breaker.reset-timeout"));
    }

    internal Akka.Configuration.Config PluginConfig { get; }

    protected sealed override bool Receive(object message) => ReceiveSnapshotStore(message) || ReceivePluginInternal(message);

    /// <summary>The newest snapshot that matches, or null.</summary>
    protected abstract Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria);

    protected abstract Task SaveAsync(SnapshotMetadata metadata, object snapshot);

    protected abstract Task DeleteAsync(SnapshotMetadata metadata);

    protected abstract Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria);

    /// <summary>Messages of the plugin's own, and the outcome of each save and delete.</summary>
    protected virtual bool ReceivePluginInternal(object message) => false;

    private bool ReceiveSnapshotStore(object message)
    {
        var requester = Sender;
        switch (message)
        {
            case LoadSnapshot load:
                Load(load, requester);
                return true;

            case SaveSnapshot save:
                var metadata = save.Metadata.Timestamp == DateTime.MinValue
                    ? new SnapshotMetadata(save.Metadata.PersistenceId, save.Metadata.SequenceNr, DateTime.UtcNow)
                    : save.Metadata;
                Run(
                    () => SaveAsync(metadata, save.Snapshot),
                    () => new SaveSnapshotSuccess(metadata),
                    cause => new SaveSnapshotFailure(metadata, cause),
                    requester,
                    message);
                return true;

            case DeleteSnapshot delete:
                Run(
                    () => DeleteAsync(delete.Metadata),
                    () => new DeleteSnapshotSuccess(delete.Metadata),
                    cause => new DeleteSnapshotFailure(delete.Metadata, cause),
                    requester,
                    message);
                return true;

            case DeleteSnapshots delete:
                Run(
                    () => DeleteAsync(delete.PersistenceId, delete.Criteria),
                    () => new DeleteSnapshotsSuccess(delete.Criteria),
                    cause => new DeleteSnapshotsFailure(delete.Criteria, cause),
                    requester,
                    message);
                return true;

            // The outcome passes through this actor, so that the plugin sees it in its own order too.
            case SaveSnapshotSuccess or SaveSnapshotFailure or DeleteSnapshotSuccess or DeleteSnapshotFailure
                or DeleteSnapshotsSuccess or DeleteSnapshotsFailure:
                try
                {
                    ReceivePluginInternal(message);
                }
                finally
                {
                    requester.Tell(message, Self);
                }

                return true;

            default:
                return false;
        }
    }

    private void Load(LoadSnapshot message, IActorRef requester)
    {
        // Asking for nothing needs no storage, not even one that works.
        if (message.Criteria.Equals(SnapshotSelectionCriteria.None))
        {
            requester.Tell(new LoadSnapshotResult(null, message.ToSequenceNr), Self);
            return;
        }

        _ = LoadAndAnswer(message, requester, Self);
    }

    private async Task LoadAndAnswer(LoadSnapshot message, IActorRef requester, IActorRef self)
    {
        object answer;
        try
        {
            var found = await _breaker
                .WithCircuitBreaker((Store: this, Message: message),
                    static s => s.Store.LoadAsync(s.Message.PersistenceId, s.Message.Criteria.Limit(s.Message.ToSequenceNr)))
                .ConfigureAwait(false);
            answer = new LoadSnapshotResult(found, message.ToSequenceNr);
        }
        catch (Exception cause)
        {
            answer = new LoadSnapshotFailed(Unwrap(cause));
        }

        requester.Tell(answer, self);
    }

    private void Run(Func<Task> storage, Func<object> success, Func<Exception, object> failure, IActorRef requester, object command) =>
        _ = RunAndReport(storage, success, failure, requester, Self, Context.System, command);

    private async Task RunAndReport(
        Func<Task> storage, Func<object> success, Func<Exception, object> failure, IActorRef requester, IActorRef self, ActorSystem system, object command)
    {
        object outcome;
        try
        {
            await _breaker.WithCircuitBreaker(storage, static s => s()).ConfigureAwait(false);
            outcome = success();
        }
        catch (Exception cause)
        {
            outcome = failure(Unwrap(cause));
        }

        self.Tell(outcome, requester);
        if (_publish)
            system.EventStream.Publish(command);
    }

    private static Exception Unwrap(Exception e) =>
        e is AggregateException { InnerExceptions.Count: 1 } aggregate ? aggregate.InnerExceptions[0] : e;
}
