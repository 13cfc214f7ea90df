using Akka.Actor;
using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>Runs mailboxes on an executor that they all share.</summary>
public class Dispatcher : MessageDispatcher
{
    private readonly Lazy<ExecutorService> _executor;

    public Dispatcher(
        MessageDispatcherConfigurator configurator,
        string id,
        int throughput,
        long? throughputDeadlineTime,
        ExecutorServiceFactory executorServiceFactory,
        TimeSpan shutdownTimeout)
        : base(configurator)
    {
        Id = id;
        Throughput = throughput;
        ThroughputDeadlineTime = throughputDeadlineTime;
        ShutdownTimeout = shutdownTimeout;
        _executor = new Lazy<ExecutorService>(() => executorServiceFactory.Produce(id));
    }

    protected override void ExecuteTask(IRunnable run) => _executor.Value.Execute(run);

    protected override void Shutdown()
    {
        if (_executor.IsValueCreated)
            _executor.Value.Shutdown();
    }
}

public sealed class DispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly MessageDispatcher _instance;

    public DispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
        _instance = new Dispatcher(this, config.GetString("id"), Throughput, ThroughputDeadline, ConfigureExecutor(), ShutdownTimeout);
    }

    public override MessageDispatcher Dispatcher() => _instance;
}

/// <summary>type = ForkJoinDispatcher, TaskDispatcher, SynchronizedDispatcher: a dispatcher that names its executor.</summary>
internal sealed class FixedExecutorConfigurator : MessageDispatcherConfigurator
{
    private readonly MessageDispatcher _instance;

    public FixedExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites, string executor)
        : base(config, prerequisites)
    {
        _instance = new Dispatcher(this, config.GetString("id"), Throughput, ThroughputDeadline, ConfigureExecutor(executor), ShutdownTimeout);
    }

    public override MessageDispatcher Dispatcher() => _instance;
}

/// <summary>Every actor has a thread of its own.</summary>
public sealed class PinnedDispatcher : Dispatcher
{
    private ActorCell _owner;

    public PinnedDispatcher(
        MessageDispatcherConfigurator configurator,
        string id,
        int throughput,
        long? throughputDeadlineTime,
        ExecutorServiceFactory executorServiceFactory,
        TimeSpan shutdownTimeout)
        : base(configurator, id, throughput, throughputDeadlineTime, executorServiceFactory, shutdownTimeout)
    {
    }

    internal override void Register(ActorCell cell)
    {
        var owner = Interlocked.CompareExchange(ref _owner, cell, null);
        if (owner is not null && !ReferenceEquals(owner, cell))
            throw new InvalidOperationException($"Cannot register {cell.Self}: the dispatcher is pinned to {owner.Self}");
        base.Register(cell);
    }

    // The thread finishes what it is running, which is this, and ends.
    private protected override void OnEmpty() => Shutdown();
}

internal sealed class PinnedDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : MessageDispatcherConfigurator(config, prerequisites)
{
    public override MessageDispatcher Dispatcher() =>
        new PinnedDispatcher(this, Config.GetString("id"), Throughput, ThroughputDeadline, new OneThread(), ShutdownTimeout);

    private sealed class OneThread : ExecutorServiceFactory
    {
        public override ExecutorService Produce(string id) => new DedicatedThreadsExecutorService(id, 1, background: true);
    }
}
