using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Xunit.Abstractions;

namespace Akka.Persistence.TestKit;

/// <summary>
/// A test kit whose actor system persists in memory, and whose storage fails on command. A behaviour lasts for the
/// execution that is passed with it; afterwards everything passes again.
/// </summary>
public class PersistenceTestKit : Akka.TestKit.Xunit2.TestKit
{
    public PersistenceTestKit(ActorSystem actorSystem, ITestOutputHelper output = null)
        : base(actorSystem, output)
    {
        (JournalActorRef, SnapshotsActorRef) = Plugins();
        Journal = TestJournal.FromRef(JournalActorRef);
        Snapshots = TestSnapshotStore.FromRef(SnapshotsActorRef);
    }

    public PersistenceTestKit(ActorSystemSetup setup, string actorSystemName = null, ITestOutputHelper output = null)
        : base(WithTestPlugins(setup), actorSystemName, output)
    {
        (JournalActorRef, SnapshotsActorRef) = Plugins();
        Journal = TestJournal.FromRef(JournalActorRef);
        Snapshots = TestSnapshotStore.FromRef(SnapshotsActorRef);
    }

    public PersistenceTestKit(Config config, string actorSystemName = null, ITestOutputHelper output = null)
        : base(WithTestPlugins(config), actorSystemName, output)
    {
        (JournalActorRef, SnapshotsActorRef) = Plugins();
        Journal = TestJournal.FromRef(JournalActorRef);
        Snapshots = TestSnapshotStore.FromRef(SnapshotsActorRef);
    }

    public PersistenceTestKit(string actorSystemName = null, ITestOutputHelper output = null)
        : this(Config.Empty, actorSystemName, output)
    {
    }

    public IActorRef JournalActorRef { get; }

    public IActorRef SnapshotsActorRef { get; }

    public ITestJournal Journal { get; }

    public ITestSnapshotStore Snapshots { get; }

    public Task WithJournalRecovery(Func<JournalRecoveryBehavior, Task> behaviorSelector, Func<Task> execution) =>
        During(Journal.OnRecovery, behaviorSelector, execution, behavior => behavior.Pass());

    public Task WithJournalRecovery(Func<JournalRecoveryBehavior, Task> behaviorSelector, Action execution) =>
        WithJournalRecovery(behaviorSelector, Async(execution));

    public Task WithJournalWrite(Func<JournalWriteBehavior, Task> behaviorSelector, Func<Task> execution) =>
        During(Journal.OnWrite, behaviorSelector, execution, behavior => behavior.Pass());

    public Task WithJournalWrite(Func<JournalWriteBehavior, Task> behaviorSelector, Action execution) =>
        WithJournalWrite(behaviorSelector, Async(execution));

    public Task WithSnapshotSave(Func<SnapshotStoreSaveBehavior, Task> behaviorSelector, Func<Task> execution) =>
        During(Snapshots.OnSave, behaviorSelector, execution, behavior => behavior.Pass());

    public Task WithSnapshotSave(Func<SnapshotStoreSaveBehavior, Task> behaviorSelector, Action execution) =>
        WithSnapshotSave(behaviorSelector, Async(execution));

    public Task WithSnapshotLoad(Func<SnapshotStoreLoadBehavior, Task> behaviorSelector, Func<Task> execution) =>
        During(Snapshots.OnLoad, behaviorSelector, execution, behavior => behavior.Pass());

    public Task WithSnapshotLoad(Func<SnapshotStoreLoadBehavior, Task> behaviorSelector, Action execution) =>
        WithSnapshotLoad(behaviorSelector, Async(execution));

    public Task WithSnapshotDelete(Func<SnapshotStoreDeleteBehavior, Task> behaviorSelector, Func<Task> execution) =>
        During(Snapshots.OnDelete, behaviorSelector, execution, behavior => behavior.Pass());

    public Task WithSnapshotDelete(Func<SnapshotStoreDeleteBehavior, Task> behaviorSelector, Action execution) =>
        WithSnapshotDelete(behaviorSelector, Async(execution));

    private static async Task During<TBehavior>(
        TBehavior behavior, Func<TBehavior, Task> select, Func<Task> execution, Func<TBehavior, Task> pass)
    {
        ArgumentNullException.ThrowIfNull(select);
        ArgumentNullException.ThrowIfNull(execution);
        try
        {
            await select(behavior);
            await execution();
        }
        finally
        {
            await pass(behavior);
        }
    }

    private static Func<Task> Async(Action execution)
    {
        ArgumentNullException.ThrowIfNull(execution);
        return () =>
        {
            execution();
            return Task.CompletedTask;
        };
    }

    private (IActorRef Journal, IActorRef Snapshots) Plugins()
    {
        var persistence = Akka.Persistence.Persistence.Instance.Apply(Sys);
        return (persistence.JournalFor(null), persistence.SnapshotStoreFor(null));
    }

    private static Config TestPlugins() => ConfigurationFactory.FromResource<TestJournal>("Akka.Persistence.TestKit.config.conf");

    private static Config WithTestPlugins(Config config) => config is null || config.IsEmpty ? TestPlugins() : TestPlugins().WithFallback(config);

    private static ActorSystemSetup WithTestPlugins(ActorSystemSetup setup)
    {
        var bootstrap = setup.Get<BootstrapSetup>();
        var own = bootstrap.HasValue ? bootstrap.Value : BootstrapSetup.Create();
        var config = own.Config.HasValue ? WithTestPlugins(own.Config.Value) : TestPlugins();
        return setup.WithSetup(own.WithConfig(config));
    }
}
