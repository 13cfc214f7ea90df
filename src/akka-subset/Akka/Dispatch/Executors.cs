using System.Collections.Concurrent;
using Akka.Configuration;
using RaftActors.Threads;

namespace Akka.Dispatch;

/// <summary>What runs the mailboxes of a dispatcher.</summary>
public abstract class ExecutorService
{
    protected ExecutorService(string id)
    {
        Id = id;
    }

    public string Id { get; }

    public abstract void Execute(IRunnable run);

    public abstract void Shutdown();
}

public abstract class ExecutorServiceFactory
{
    public abstract ExecutorService Produce(string id);
}

/// <summary>Named by "executor" of a dispatcher's configuration.</summary>
public abstract class ExecutorServiceConfigurator : ExecutorServiceFactory
{
    protected ExecutorServiceConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    {
        Config = config;
        Prerequisites = prerequisites;
    }

    public Config Config { get; }

    public IDispatcherPrerequisites Prerequisites { get; }
}

internal sealed class ThreadPoolExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new ThreadPoolExecutorService(id);
}

/// <summary>The .NET thread pool. A mailbox is a work item of it as it is: nothing is allocated to schedule one.</summary>
internal sealed class ThreadPoolExecutorService(string id) : ExecutorService(id)
{
    public override void Execute(IRunnable run) => ThreadPool.UnsafeQueueUserWorkItem(run, preferLocal: false);

    public override void Shutdown()
    {
    }
}

internal sealed class TaskExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new TaskSchedulerExecutorService(id, TaskScheduler.Default);
}

internal sealed class CurrentContextExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new TaskSchedulerExecutorService(
        id, SynchronizationContext.Current is null ? TaskScheduler.Default : TaskScheduler.FromCurrentSynchronizationContext());
}

internal sealed class TaskSchedulerExecutorService(string id, TaskScheduler scheduler) : ExecutorService(id)
{
    public override void Execute(IRunnable run) =>
        Task.Factory.StartNew(static state => ((IRunnable)state).Run(), run, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler);

    public override void Shutdown()
    {
    }
}

internal sealed class ForkJoinExecutorConfigurator : ExecutorServiceConfigurator
{
    private readonly int _threads;
    private readonly bool _background;

    public ForkJoinExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
        var pool = config.GetConfig("dedicated-thread-pool");
        if (pool.IsNullOrEmpty())
        {
            var factor = config.GetDouble("fork-join-executor.parallelism-factor", 1.0);
            var min = config.GetInt("fork-join-executor.parallelism-min", 8);
            var max = config.GetInt("fork-join-executor.parallelism-max", 64);
            _threads = Math.Clamp((int)Math.Ceiling(Environment.ProcessorCount * factor), min, Math.Max(min, max));
            _background = true;
            return;
        }

        _threads = pool.GetInt("thread-count", 0);
        if (_threads < 1)
            throw new ConfigurationException($"dedicated-thread-pool.thread-count must be at least 1, but is {_threads}");
        _background = pool.GetString("threadtype", "background") != "foreground";
    }

    public override ExecutorService Produce(string id) => new DedicatedThreadsExecutorService(id, _threads, _background);
}

/// <summary>Own threads, started with the first work, for actors that block or must not wait for the thread pool.</summary>
internal sealed class DedicatedThreadsExecutorService : ExecutorService
{
    private readonly ConcurrentQueue<IRunnable> _queue = new();
    private readonly IdleThreads _idle = new();
    private readonly int _threads;
    private readonly bool _background;
    private int _started;
    private volatile bool _stopping;

    public DedicatedThreadsExecutorService(string id, int threads, bool background)
        : base(id)
    {
        _threads = threads;
        _background = background;
    }

    public override void Execute(IRunnable run)
    {
        if (_stopping)
            throw new RejectedExecutionException($"The threads of dispatcher [{Id}] were shut down");
        _queue.Enqueue(run);
        if (Volatile.Read(ref _started) == 0 && Interlocked.Exchange(ref _started, 1) == 0)
            StartThreads();
        if (_idle.Any)
            _idle.WakeOne();
    }

    public override void Shutdown()
    {
        _stopping = true;
        _idle.WakeAll();
    }

    private void StartThreads()
    {
        for (var i = 0; i < _threads; i++)
        {
            var thread = new Thread(Work) { IsBackground = _background, Name = $"{Id}-{i + 1}" };
            thread.UnsafeStart();
        }
    }

    private void Work()
    {
        var self = new ThreadSignal();
        Func<bool> staysAwake = () => !_queue.IsEmpty || _stopping;
        while (true)
        {
            while (_queue.TryDequeue(out var run))
                Run(run);
            if (_stopping && _queue.IsEmpty)
                return;
            _idle.Sleep(self, staysAwake);
        }
    }

    private static void Run(IRunnable run)
    {
        try
        {
            run.Run();
        }
        catch (Exception e)
        {
            // Mailboxes do not throw; other work that does must not take the thread, and the process, with it.
            System.Diagnostics.Trace.TraceError(e.ToString());
        }
    }
}
