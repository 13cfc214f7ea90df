using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Dispatch;

/// <summary>The dispatchers of a system, by the path of their configuration.</summary>
public sealed class Dispatchers
{
    public const string DefaultDispatcherId = "akka.actor.default-dispatcher";
    public const string DefaultBlockingDispatcherId = "akka.actor.default-blocking-io-dispatcher";
    public const string SynchronizedDispatcherId = "akka.actor.synchronized-dispatcher";
    internal const string InternalDispatcherId = "akka.actor.internal-dispatcher";

    private const int MaxAliasDepth = 20;

    private readonly ActorSystem _system;
    private readonly ConcurrentDictionary<string, MessageDispatcherConfigurator> _configurators = new();
    private readonly object _lock = new();
    private MessageDispatcher _default;

    public Dispatchers(ActorSystem system, IDispatcherPrerequisites prerequisites, ILoggingAdapter logger)
    {
        _system = system;
        Prerequisites = prerequisites;
    }

    public IDispatcherPrerequisites Prerequisites { get; }

    public Config DefaultDispatcherConfig => IdConfig(DefaultDispatcherId).WithFallback(_system.Settings.Config.GetConfig(DefaultDispatcherId));

    public MessageDispatcher DefaultGlobalDispatcher => _default ??= Lookup(DefaultDispatcherId);

    internal MessageDispatcher InternalDispatcher => Lookup(InternalDispatcherId);

    public MessageDispatcher Lookup(string dispatcherName) => Configurator(dispatcherName).Dispatcher();

    public bool HasDispatcher(string id) => _configurators.ContainsKey(id) || _system.Settings.Config.HasPath(id);

    public bool RegisterConfigurator(string id, MessageDispatcherConfigurator configurator) => _configurators.TryAdd(id, configurator);

    /// <summary>The configuration at <paramref name="id"/>; a plain string there is the id of another.</summary>
    public static Config GetConfig(Config config, string id, int depth = 0)
    {
        if (depth > MaxAliasDepth)
            throw new ConfigurationException($"Dispatcher [{id}] is an alias of an alias, more than {MaxAliasDepth} times over");
        if (!config.HasPath(id))
            throw new ConfigurationException($"Dispatcher [{id}] not configured");
        var value = config.GetValue(id);
        return value.IsObject() ? config.GetConfig(id) : GetConfig(config, value.GetString(), depth + 1);
    }

    private MessageDispatcherConfigurator Configurator(string id)
    {
        if (_configurators.TryGetValue(id, out var known))
            return known;
        lock (_lock)
        {
            if (_configurators.TryGetValue(id, out known))
                return known;
            var created = Create(id);
            _configurators.TryAdd(id, created);
            return created;
        }
    }

    private static Config IdConfig(string id) =>
        ConfigurationFactory.ParseString($"id = \"{id}\"\nname = \"{id[(id.LastIndexOf('.') + 1)..]}\"");

    private MessageDispatcherConfigurator Create(string id)
    {
        if (string.IsNullOrEmpty(id))
            throw new ConfigurationException("The id of a dispatcher is empty");
        var root = _system.Settings.Config;
        var config = IdConfig(id).WithFallback(GetConfig(root, id)).WithFallback(root.GetConfig(DefaultDispatcherId));
        var type = config.GetString("type", "");
        switch (type)
        {
            case "Dispatcher":
                return new DispatcherConfigurator(config, Prerequisites);
            case "TaskDispatcher":
                return new FixedExecutorConfigurator(config, Prerequisites, "task-executor");
            case "ForkJoinDispatcher":
                return new FixedExecutorConfigurator(config, Prerequisites, "fork-join-executor");
            case "SynchronizedDispatcher" or "CurrentSynchronizationContextDispatcher":
                return new FixedExecutorConfigurator(config, Prerequisites, "current-context-executor");
            case "PinnedDispatcher":
                return new PinnedDispatcherConfigurator(config, Prerequisites);
            case "" or null:
                throw new ConfigurationException($"Dispatcher [{id}] has no type");
        }

        var configurator = TypeNames.Find(type)
            ?? throw new ConfigurationException($"Dispatcher [{id}]: there is no type [{type}]");
        return (MessageDispatcherConfigurator)Activator.CreateInstance(configurator, config, Prerequisites);
    }

    /// <summary>Ends the threads that dispatchers own, after the last actor is gone.</summary>
    internal void Shutdown()
    {
        foreach (var configurator in _configurators.Values)
        {
            if (configurator is DispatcherConfigurator or FixedExecutorConfigurator)
                configurator.Dispatcher().ShutdownNow();
        }
    }
}
