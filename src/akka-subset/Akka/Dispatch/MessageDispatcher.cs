using System.Diagnostics;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Dispatch;

public interface IDispatcherPrerequisites
{
    EventStream EventStream { get; }

    IScheduler Scheduler { get; }

    Settings Settings { get; }

    Mailboxes Mailboxes { get; }
}

public sealed class DefaultDispatcherPrerequisites : IDispatcherPrerequisites
{
    public DefaultDispatcherPrerequisites(EventStream eventStream, IScheduler scheduler, Settings settings, Mailboxes mailboxes)
    {
        EventStream = eventStream;
        Scheduler = scheduler;
        Settings = settings;
        Mailboxes = mailboxes;
    }

    public EventStream EventStream { get; }

    public IScheduler Scheduler { get; }

    public Settings Settings { get; }

    public Mailboxes Mailboxes { get; }
}

/// <summary>Makes a dispatcher from its configuration. Named by "type" there.</summary>
public abstract class MessageDispatcherConfigurator
{
    protected MessageDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    {
        Config = config;
        Prerequisites = prerequisites;
    }

    public Config Config { get; }

    public IDispatcherPrerequisites Prerequisites { get; }

    public abstract MessageDispatcher Dispatcher();

    protected ExecutorServiceConfigurator ConfigureExecutor() => ConfigureExecutor(Config.GetString("executor", "default-executor"));

    private protected ExecutorServiceConfigurator ConfigureExecutor(string executor)
    {
        switch (executor)
        {
            case null or "" or "default-executor" or "thread-pool-executor" or "channel-executor":
                return new ThreadPoolExecutorConfigurator(Config, Prerequisites);
            case "fork-join-executor":
                return new ForkJoinExecutorConfigurator(Config, Prerequisites);
            case "task-executor":
                return new TaskExecutorConfigurator(Config, Prerequisites);
            case "current-context-executor":
                return new CurrentContextExecutorConfigurator(Config, Prerequisites);
            default:
                var type = TypeNames.Find(executor)
                    ?? throw new ConfigurationException($"Dispatcher [{Config.GetString("id", "")}]: there is no executor [{executor}]");
                return (ExecutorServiceConfigurator)Activator.CreateInstance(type, Config, Prerequisites);
        }
    }

    private protected int Throughput => Config.GetInt("throughput", 100);

    // In ticks of TimeSpan; 0 for "no deadline".
    private protected long? ThroughputDeadline => Config.GetTimeSpan("throughput-deadline-time", TimeSpan.Zero).Ticks;

    private protected TimeSpan ShutdownTimeout => Config.GetTimeSpan("shutdown-timeout", TimeSpan.FromSeconds(1));
}

/// <summary>Gives mailboxes their turns.</summary>
public abstract class MessageDispatcher
{
    public const int DefaultThroughput = 100;

    private long _inhabitants;
    private long? _deadline;

    protected MessageDispatcher(MessageDispatcherConfigurator configurator)
    {
        Configurator = configurator;
        Throughput = DefaultThroughput;
        EventStream = configurator.Prerequisites.EventStream;
        Mailboxes = configurator.Prerequisites.Mailboxes;
        ShutdownTimeout = TimeSpan.FromSeconds(1);
    }

    public MessageDispatcherConfigurator Configurator { get; }

    public EventStream EventStream { get; }

    public Mailboxes Mailboxes { get; }

    public string Id { get; protected set; }

    /// <summary>How many messages an actor processes before others get their turn.</summary>
    public int Throughput { get; set; }

    /// <summary>How long, in ticks, an actor goes on before others get their turn; none or 0: as long as Throughput allows.</summary>
    public long? ThroughputDeadlineTime
    {
        get => _deadline;
        protected set
        {
            _deadline = value;
            DeadlineTicks = (long)((value ?? 0) * ((double)Stopwatch.Frequency / TimeSpan.TicksPerSecond));
        }
    }

    public TimeSpan ShutdownTimeout { get; protected set; }

    internal long DeadlineTicks { get; private set; }

    protected long Inhabitants => Volatile.Read(ref _inhabitants);

    public void Schedule(Action run) => Schedule(new ActionRunnable(run));

    public void Schedule(IRunnable run) => ExecuteTask(run);

    protected abstract void ExecuteTask(IRunnable run);

    protected abstract void Shutdown();

    internal void ShutdownNow() => Shutdown();

    public virtual void Attach(ActorCell cell)
    {
        Register(cell);
        RegisterForExecution(cell.Mailbox, false, true);
    }

    internal virtual void Register(ActorCell cell) => Interlocked.Increment(ref _inhabitants);

    /// <summary>The actor is gone: closes its mailbox and turns what is in it into dead letters.</summary>
    public virtual void Detach(ActorCell cell)
    {
        var mailbox = cell.SwapMailbox(Mailboxes.DeadLetterMailbox);
        mailbox.BecomeClosed();
        mailbox.CleanUp();
        if (Interlocked.Decrement(ref _inhabitants) == 0)
            OnEmpty();
    }

    /// <summary>Nobody lives here any more. When that is still so after a while, the threads go, for good.</summary>
    private protected virtual void OnEmpty() => Configurator.Prerequisites.Scheduler?.Advanced.ScheduleOnce(ShutdownTimeout, () =>
    {
        if (Inhabitants == 0)
            Shutdown();
    });

    public virtual void Dispatch(ActorCell cell, Envelope envelope)
    {
        var mailbox = cell.Mailbox;
        mailbox.Enqueue(cell.Self, in envelope);
        RegisterForExecution(mailbox, true, false);
    }

    public virtual void SystemDispatch(ActorCell cell, SystemMessage message)
    {
        var mailbox = cell.Mailbox;
        if (mailbox.SystemEnqueue(message))
            RegisterForExecution(mailbox, false, true);
        else
            Mailboxes.DeadLetterMailbox.SystemEnqueue(cell.Self, message);
    }

    /// <summary>Has the mailbox run if it is idle and has something to do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool RegisterForExecution(Mailbox mailbox, bool hasMessageHint, bool hasSystemMessageHint)
    {
        if (mailbox.TrySchedule(hasMessageHint, hasSystemMessageHint))
        {
            ExecuteTask(mailbox);
            return true;
        }

        // The sender held on to a mailbox that was closed meanwhile: its message is not to vanish.
        if (mailbox.IsClosed && (hasMessageHint || hasSystemMessageHint))
            mailbox.CleanUp();
        return false;
    }

    protected void ReportFailure(Exception ex) =>
        EventStream.Publish(new Error(ex, GetType().FullName, GetType(), $"Dispatcher [{Id}] failed"));
}
