using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>The configuration of a system, and the part of it that the core reads.</summary>
public class Settings
{
    private readonly Config _userConfig;
    private readonly HashSet<Config> _injected = new(ReferenceEqualityComparer.Instance);
    private Config _fallback = Config.Empty;

    public Settings(ActorSystem system, Config config)
        : this(system, config, ActorSystemSetup.Empty)
    {
    }

    public Settings(ActorSystem system, Config config, ActorSystemSetup setup)
    {
        Setup = setup;
        System = system;
        _userConfig = config ?? Config.Empty;
        Rebuild();

        ConfigVersion = Config.GetString("akka.version");
        Home = Config.GetString("akka.home", "");
        ProviderSelectionType = setup.Get<BootstrapSetup>() is { HasValue: true, Value.ActorRefProvider: { HasValue: true } provider }
            ? provider.Value
            : ProviderSelection.GetProvider(Config.GetString("akka.actor.provider", "local"));
        SupervisorStrategyClass = Config.GetString("akka.actor.guardian-supervisor-strategy");
        AskTimeout = Config.GetTimeSpan("akka.actor.ask-timeout", Timeout.InfiniteTimeSpan);
        CreationTimeout = Config.GetTimeSpan("akka.actor.creation-timeout");
        UnstartedPushTimeout = Config.GetTimeSpan("akka.actor.unstarted-push-timeout");
        SerializeAllMessages = Config.GetBoolean("akka.actor.serialize-messages");
        SerializeAllCreators = Config.GetBoolean("akka.actor.serialize-creators");

        LogLevel = Config.GetString("akka.loglevel");
        StdoutLogLevel = Config.GetString("akka.stdout-loglevel");
        Loggers = Config.GetStringList("akka.loggers");
        LoggersDispatcher = Config.GetString("akka.loggers-dispatcher");
        LoggerStartTimeout = Config.GetTimeSpan("akka.logger-startup-timeout");
        LoggerAsyncStart = Config.GetBoolean("akka.logger-async-start");
        LogConfigOnStart = Config.GetBoolean("akka.log-config-on-start");
        LogSerializerOverrideOnStart = Config.GetBoolean("akka.log-serializer-override-on-start", true);
        LogDeadLetters = Config.GetString("akka.log-dead-letters")?.ToLowerInvariant() switch
        {
            "on" or "true" or "yes" => int.MaxValue,
            "off" or "false" or "no" => 0,
            _ => Config.GetInt("akka.log-dead-letters"),
        };
        LogDeadLettersDuringShutdown = Config.GetBoolean("akka.log-dead-letters-during-shutdown");
        LogDeadLettersSuspendDuration = Config.GetString("akka.log-dead-letters-suspend-duration") == "infinite"
            ? Timeout.InfiniteTimeSpan
            : Config.GetTimeSpan("akka.log-dead-letters-suspend-duration");

        StdoutLogger = Create<MinimalLogger>(Config.GetString("akka.stdout-logger-class", ""), "akka.stdout-logger-class") ?? new StandardOutLogger();
        LogFormatter = Create<ILogMessageFormatter>(Config.GetString("akka.logger-formatter", ""), "akka.logger-formatter")
            ?? DefaultLogMessageFormatter.Instance;

        AddLoggingReceive = Config.GetBoolean("akka.actor.debug.receive");
        DebugAutoReceive = Config.GetBoolean("akka.actor.debug.autoreceive");
        DebugLifecycle = Config.GetBoolean("akka.actor.debug.lifecycle");
        DebugEventStream = Config.GetBoolean("akka.actor.debug.event-stream");
        DebugUnhandledMessage = Config.GetBoolean("akka.actor.debug.unhandled");
        DebugTimerScheduler = Config.GetBoolean("akka.actor.debug.log-timers");

        SchedulerClass = Config.GetString("akka.scheduler.implementation");
        SchedulerShutdownTimeout = Config.GetTimeSpan("akka.scheduler.shutdown-timeout");
        CoordinatedShutdownTerminateActorSystem = Config.GetBoolean("akka.coordinated-shutdown.terminate-actor-system");
        CoordinatedShutdownRunByActorSystemTerminate = Config.GetBoolean("akka.coordinated-shutdown.run-by-actor-system-terminate");
        if (CoordinatedShutdownRunByActorSystemTerminate && !CoordinatedShutdownTerminateActorSystem)
        {
            throw new ConfigurationException(
                "akka.coordinated-shutdown: with run-by-actor-system-terminate = on, terminate-actor-system cannot be off, or the system would never end");
        }
    }

    public ActorSystemSetup Setup { get; }

    public ActorSystem System { get; }

    /// <summary>What the user gave, over what extensions added, over the defaults.</summary>
    public Config Config { get; private set; }

    public string ConfigVersion { get; }

    public string Home { get; }

    public ProviderSelection ProviderSelectionType { get; }

    public string ProviderClass => ProviderSelectionType.Fqn;

    public bool HasCluster => ProviderSelectionType.HasCluster;

    public string SupervisorStrategyClass { get; }

    public TimeSpan AskTimeout { get; }

    public TimeSpan CreationTimeout { get; }

    public TimeSpan UnstartedPushTimeout { get; }

    public bool SerializeAllMessages { get; }

    public bool SerializeAllCreators { get; }

    public string LogLevel { get; }

    public string StdoutLogLevel { get; }

    public IList<string> Loggers { get; }

    public string LoggersDispatcher { get; }

    public TimeSpan LoggerStartTimeout { get; }

    public bool LoggerAsyncStart { get; }

    public bool LogConfigOnStart { get; }

    public bool LogSerializerOverrideOnStart { get; }

    public int LogDeadLetters { get; }

    public bool LogDeadLettersDuringShutdown { get; }

    public TimeSpan LogDeadLettersSuspendDuration { get; }

    public MinimalLogger StdoutLogger { get; }

    public ILogMessageFormatter LogFormatter { get; }

    public bool AddLoggingReceive { get; }

    public bool DebugAutoReceive { get; }

    public bool DebugLifecycle { get; }

    public bool DebugEventStream { get; }

    public bool DebugUnhandledMessage { get; }

    public bool DebugTimerScheduler { get; }

    public string SchedulerClass { get; }

    public TimeSpan SchedulerShutdownTimeout { get; }

    public bool CoordinatedShutdownTerminateActorSystem { get; }

    public bool CoordinatedShutdownRunByActorSystemTerminate { get; }

    /// <summary>Adds defaults, of an extension say, below all that is set already but the core's own defaults.</summary>
    public void InjectTopLevelFallback(Config config)
    {
        if (config.IsNullOrEmpty())
            return;
        lock (_injected)
        {
            // Extensions and test kits come here as often as they are used.
            if (!_injected.Add(config))
                return;
            _fallback = _fallback.IsNullOrEmpty() ? config : config.WithFallback(_fallback);
            Rebuild();
        }
    }

    private static T Create<T>(string typeName, string key)
        where T : class
    {
        if (string.IsNullOrEmpty(typeName))
            return null;
        var type = TypeNames.Find(typeName) ?? throw new ConfigurationException($"{key}: there is no type [{typeName}]");
        if (type == typeof(DefaultLogMessageFormatter))
            return (T)(object)DefaultLogMessageFormatter.Instance;
        return Activator.CreateInstance(type) as T ?? throw new ConfigurationException($"{key}: [{typeName}] is no {typeof(T).Name}");
    }

    private void Rebuild()
    {
        var defaults = _fallback.IsNullOrEmpty() ? ConfigurationFactory.Default() : _fallback.WithFallback(ConfigurationFactory.Default());
        Config = _userConfig.IsNullOrEmpty() ? defaults : _userConfig.WithFallback(defaults);
    }

    public override string ToString() => Config.ToString();
}
