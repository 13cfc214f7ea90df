using Akka.Actor;
using Akka.Persistence.Snapshot;

namespace Akka.Persistence.TestKit;

/// <summary>Sets the behaviour of a test snapshot store.</summary>
public interface ITestSnapshotStore
{
    SnapshotStoreSaveBehavior OnSave { get; }

    SnapshotStoreLoadBehavior OnLoad { get; }

    SnapshotStoreDeleteBehavior OnDelete { get; }

    SnapshotStoreConnectionBehavior OnConnect { get; }
}

/// <summary>A snapshot store in memory that fails and delays as a test tells it to.</summary>
public class TestSnapshotStore : MemorySnapshotStore
{
    private ISnapshotStoreInterceptor _saveInterceptor = SnapshotStoreInterceptors.Noop.Instance;
    private ISnapshotStoreInterceptor _loadInterceptor = SnapshotStoreInterceptors.Noop.Instance;
    private ISnapshotStoreInterceptor _deleteInterceptor = SnapshotStoreInterceptors.Noop.Instance;
    private IConnectionInterceptor _connectionInterceptor = ConnectionInterceptors.Noop.Instance;

    public TestSnapshotStore()
    {
    }

    public static ITestSnapshotStore FromRef(IActorRef actor) => new Remote(actor);

    protected override async Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        var load = _loadInterceptor;
        await _connectionInterceptor.InterceptAsync().ConfigureAwait(false);
        await load.InterceptAsync(persistenceId, criteria).ConfigureAwait(false);
        return await base.LoadAsync(persistenceId, criteria).ConfigureAwait(false);
    }

    protected override async Task SaveAsync(SnapshotMetadata metadata, object snapshot)
    {
        var save = _saveInterceptor;
        await _connectionInterceptor.InterceptAsync().ConfigureAwait(false);
        await save.InterceptAsync(metadata.PersistenceId, CriteriaOf(metadata)).ConfigureAwait(false);
        await base.SaveAsync(metadata, snapshot).ConfigureAwait(false);
    }

    protected override async Task DeleteAsync(SnapshotMetadata metadata)
    {
        var delete = _deleteInterceptor;
        await _connectionInterceptor.InterceptAsync().ConfigureAwait(false);
        await delete.InterceptAsync(metadata.PersistenceId, CriteriaOf(metadata)).ConfigureAwait(false);
        await base.DeleteAsync(metadata).ConfigureAwait(false);
    }

    protected override async Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        var delete = _deleteInterceptor;
        await _connectionInterceptor.InterceptAsync().ConfigureAwait(false);
        await delete.InterceptAsync(persistenceId, criteria).ConfigureAwait(false);
        await base.DeleteAsync(persistenceId, criteria).ConfigureAwait(false);
    }

    protected override bool ReceivePluginInternal(object message)
    {
        switch (message)
        {
            case UseSaveInterceptor use:
                _saveInterceptor = use.Interceptor;
                break;
            case UseLoadInterceptor use:
                _loadInterceptor = use.Interceptor;
                break;
            case UseDeleteInterceptor use:
                _deleteInterceptor = use.Interceptor;
                break;
            case UseConnectionInterceptor use:
                _connectionInterceptor = use.Interceptor;
                break;
            default:
                return base.ReceivePluginInternal(message);
        }

        Sender.Tell(Ack.Instance);
        return true;
    }

    private static SnapshotSelectionCriteria CriteriaOf(SnapshotMetadata metadata) =>
        new(metadata.SequenceNr, metadata.Timestamp, metadata.SequenceNr, metadata.Timestamp);

    public sealed class UseSaveInterceptor
    {
        public UseSaveInterceptor(ISnapshotStoreInterceptor interceptor) => Interceptor = interceptor;

        public ISnapshotStoreInterceptor Interceptor { get; }
    }

    public sealed class UseLoadInterceptor
    {
        public UseLoadInterceptor(ISnapshotStoreInterceptor interceptor) => Interceptor = interceptor;

        public ISnapshotStoreInterceptor Interceptor { get; }
    }

    public sealed class UseDeleteInterceptor
    {
        public UseDeleteInterceptor(ISnapshotStoreInterceptor interceptor) => Interceptor = interceptor;

        public ISnapshotStoreInterceptor Interceptor { get; }
    }

    public sealed class UseConnectionInterceptor
    {
        public UseConnectionInterceptor(IConnectionInterceptor interceptor) => Interceptor = interceptor;

        public IConnectionInterceptor Interceptor { get; }
    }

    public sealed class Ack
    {
        public static readonly Ack Instance = new();
    }

    private sealed class Remote(IActorRef actor) : ITestSnapshotStore
    {
        public SnapshotStoreSaveBehavior OnSave => new(new Setter(actor, i => new UseSaveInterceptor(i)));

        public SnapshotStoreLoadBehavior OnLoad => new(new Setter(actor, i => new UseLoadInterceptor(i)));

        public SnapshotStoreDeleteBehavior OnDelete => new(new Setter(actor, i => new UseDeleteInterceptor(i)));

        public SnapshotStoreConnectionBehavior OnConnect => new(new ConnectionSetter(actor));
    }

    private sealed class Setter(IActorRef actor, Func<ISnapshotStoreInterceptor, object> message) : ISnapshotStoreBehaviorSetter
    {
        public Task SetInterceptorAsync(ISnapshotStoreInterceptor interceptor) => Set(actor, message(interceptor));
    }

    private sealed class ConnectionSetter(IActorRef actor) : ISnapshotStoreConnectionBehaviorSetter
    {
        public Task SetInterceptorAsync(IConnectionInterceptor interceptor) => Set(actor, new UseConnectionInterceptor(interceptor));
    }

    private static Task Set(IActorRef actor, object message) => actor.Ask<Ack>(message, TimeSpan.FromSeconds(3));
}
