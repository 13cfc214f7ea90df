using System.Collections.Concurrent;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

public sealed class CoordinatedShutdownExtension : ExtensionIdProvider<CoordinatedShutdown>
{
    public override CoordinatedShutdown CreateExtension(ExtendedActorSystem system) => CoordinatedShutdown.Create(system);
}

/// <summary>
/// Runs tasks in phases when the system is to end. The phases, their order and their time limits are configured under
/// akka.coordinated-shutdown.phases; the tasks of a phase run at the same time, and the next phase waits for them.
/// </summary>
public sealed class CoordinatedShutdown : IExtension
{
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";
    public const string PhaseServiceUnbind = "service-unbind";
    public const string PhaseServiceRequestsDone = "service-requests-done";
    public const string PhaseServiceStop = "service-stop";
    public const string PhaseBeforeClusterShutdown = "before-cluster-shutdown";
    public const string PhaseClusterShardingShutdownRegion = "cluster-sharding-shutdown-region";
    public const string PhaseClusterLeave = "cluster-leave";
    public const string PhaseClusterExiting = "cluster-exiting";
    public const string PhaseClusterExitingDone = "cluster-exiting-done";
    public const string PhaseClusterShutdown = "cluster-shutdown";
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private readonly Dictionary<string, Phase> _phases;
    private readonly string[] _order;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<(string Name, Func<Task<Done>> Run)>> _tasks = new();
    private readonly TaskCompletionSource<Done> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Reason _reason;
    private volatile bool _exiting;

    private CoordinatedShutdown(ExtendedActorSystem system, Dictionary<string, Phase> phases)
    {
        System = system;
        _phases = phases;
        _order = Sort(phases);
    }

    public ExtendedActorSystem System { get; }

    /// <summary>Why the shutdown runs; null while it does not.</summary>
    public Reason ShutdownReason => Volatile.Read(ref _reason);

    public TimeSpan TotalTimeout => _order.Aggregate(TimeSpan.Zero, (sum, phase) => sum + Timeout(phase));

    public static CoordinatedShutdown Get(ActorSystem sys) => sys.WithExtension<CoordinatedShutdown, CoordinatedShutdownExtension>();

    internal static CoordinatedShutdown Create(ExtendedActorSystem system)
    {
        var config = system.Settings.Config.GetConfig("akka.coordinated-shutdown");
        var shutdown = new CoordinatedShutdown(system, ReadPhases(config));
        shutdown.AddTermination(config);
        if (config.GetBoolean("run-by-clr-shutdown-hook"))
            shutdown.RunAtExit();
        return shutdown;
    }

    private static Dictionary<string, Phase> ReadPhases(Config config)
    {
        var defaultTimeout = config.GetTimeSpan("default-phase-timeout");
        var phases = new Dictionary<string, Phase>();
        var section = config.GetConfig("phases");
        foreach (var name in section.AsEnumerable().Select(static pair => pair.Key).ToArray())
        {
            var phase = section.GetConfig(name) ?? Config.Empty;
            phases[name] = new Phase(
                [.. phase.GetStringList("depends-on") ?? []],
                phase.GetTimeSpan("timeout", defaultTimeout),
                phase.GetBoolean("recover", true),
                phase.GetBoolean("enabled", true));
        }

        return phases;
    }

    // Each phase after those it depends on; names that are only mentioned count as empty phases.
    private static string[] Sort(Dictionary<string, Phase> phases)
    {
        var sorted = new List<string>();
        var open = new HashSet<string>();

        void Visit(string name)
        {
            if (sorted.Contains(name))
                return;
            if (!open.Add(name))
                throw new ArgumentException($"The phase [{name}] of the coordinated shutdown depends, maybe through others, on itself");
            if (phases.TryGetValue(name, out var phase))
            {
                foreach (var before in phase.DependsOn)
                    Visit(before);
            }

            open.Remove(name);
            sorted.Add(name);
        }

        foreach (var name in phases.Keys)
            Visit(name);
        return [.. sorted];
    }

    private void AddTermination(Config config)
    {
        var terminate = config.GetBoolean("terminate-actor-system");
        var exit = config.GetBoolean("exit-clr");
        if (!terminate && !exit)
            return;
        AddTask(PhaseActorSystemTerminate, "terminate-system", async () =>
        {
            if (terminate)
            {
                var terminated = ((Internal.ActorSystemImpl)System).FinalTerminate();
                if (exit)
                    await Task.WhenAny(terminated, Task.Delay(Timeout(PhaseActorSystemTerminate))).ConfigureAwait(false);
                else
                    await terminated.ConfigureAwait(false);
            }

            // Not from within the exit itself, which would wait for this.
            if (exit && !_exiting)
                Environment.Exit(0);
            return Done.Instance;
        });
    }

    private void RunAtExit()
    {
        EventHandler handler = (_, _) =>
        {
            _exiting = true;
            Run(ClrExitReason.Instance).Wait(TotalTimeout);
        };
        AppDomain.CurrentDomain.ProcessExit += handler;
        System.RegisterOnTermination(() => AppDomain.CurrentDomain.ProcessExit -= handler);
    }

    /// <summary>Adds a task to a phase. Tasks of a phase that has begun already, and of one that begins later, may be added until then.</summary>
    public void AddTask(string phase, string taskName, Func<Task<Done>> task)
    {
        if (!_phases.ContainsKey(phase))
        {
            throw new ConfigurationException(
                $"There is no phase [{phase}] in akka.coordinated-shutdown.phases; there are {string.Join(", ", _order)}");
        }

        if (string.IsNullOrEmpty(taskName))
            throw new ArgumentException("A task needs a name", nameof(taskName));
        _tasks.GetOrAdd(phase, static _ => new ConcurrentQueue<(string, Func<Task<Done>>)>()).Enqueue((taskName, task));
    }

    public TimeSpan Timeout(string phase) =>
        _phases.TryGetValue(phase, out var found)
            ? found.Timeout
            : throw new ArgumentException($"There is no phase [{phase}] in akka.coordinated-shutdown.phases", nameof(phase));

    /// <summary>Runs the phases, once: later calls get the task of the first.</summary>
    public Task<Done> Run(Reason reason, string fromPhase = null)
    {
        ArgumentNullException.ThrowIfNull(reason);
        var from = fromPhase is null ? 0 : Array.IndexOf(_order, fromPhase);
        if (from < 0)
            throw new ArgumentException($"Unknown phase [{fromPhase}]", nameof(fromPhase));
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
            return _finished.Task;

        if (System.Settings.Config.GetBoolean("akka.coordinated-shutdown.log-shutdown-reason", true))
            Log(LogLevel.DebugLevel, null, $"Coordinated shutdown begins: {reason}");
        _ = Task.Run(async () =>
        {
            try
            {
                foreach (var phase in _order[from..])
                    await RunPhase(phase).ConfigureAwait(false);
                _finished.TrySetResult(Done.Instance);
            }
            catch (Exception e)
            {
                _finished.TrySetException(e);
            }
        });
        return _finished.Task;
    }

    private async Task RunPhase(string name)
    {
        if (!_tasks.TryGetValue(name, out var tasks))
            return;
        var phase = _phases[name];
        if (!phase.Enabled)
        {
            Log(LogLevel.DebugLevel, null, $"Phase [{name}] is switched off, its {tasks.Count} tasks are left out");
            return;
        }

        Log(LogLevel.DebugLevel, null, $"Phase [{name}] runs its {tasks.Count} tasks: [{string.Join(", ", tasks.Select(static task => task.Name))}]");
        var all = Task.WhenAll(tasks.Select(task => RunTask(name, phase, task.Name, task.Run)));
        using var stop = new CancellationTokenSource();
        var first = await Task.WhenAny(all, Task.Delay(phase.Timeout, stop.Token)).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        if (first == all)
        {
            await all.ConfigureAwait(false);
            return;
        }

        // Nobody waits for what is still running, but its failure is looked at.
        _ = all.ContinueWith(static task => task.Exception, TaskContinuationOptions.OnlyOnFaulted);
        var message = $"Phase [{name}] of the coordinated shutdown was not done in {phase.Timeout}";
        if (!phase.Recover)
            throw new TimeoutException(message);
        Log(LogLevel.WarningLevel, null, message);
    }

    private async Task RunTask(string phaseName, Phase phase, string name, Func<Task<Done>> run)
    {
        try
        {
            // On the pool: a task that blocks before its first await must not hold up the others.
            await Task.Run(run).ConfigureAwait(false);
        }
        catch (Exception e) when (phase.Recover)
        {
            Log(LogLevel.WarningLevel, e, $"Task [{name}] failed in phase [{phaseName}]: {e.Message}");
        }
    }

    private void Log(LogLevel level, Exception cause, string message)
    {
        if (System.Log.IsEnabled(level))
            System.Log.Log(level, cause, message);
    }

    private sealed record Phase(string[] DependsOn, TimeSpan Timeout, bool Recover, bool Enabled);

    /// <summary>Why the system ends. Subclass it for reasons of your own.</summary>
    public class Reason
    {
        protected Reason()
        {
        }

        public override string ToString() => GetType().Name;
    }

    public class UnknownReason : Reason
    {
        public static readonly Reason Instance = new UnknownReason();

        private UnknownReason()
        {
        }
    }

    public class ActorSystemTerminateReason : Reason
    {
        public static readonly Reason Instance = new ActorSystemTerminateReason();

        private ActorSystemTerminateReason()
        {
        }
    }

    public class ClrExitReason : Reason
    {
        public static readonly Reason Instance = new ClrExitReason();

        private ClrExitReason()
        {
        }
    }
}
