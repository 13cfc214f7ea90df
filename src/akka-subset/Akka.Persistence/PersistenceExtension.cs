using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence.Journal;
using Akka.Persistence.Serialization;

namespace Akka.Persistence;

/// <summary>Starts journal and snapshot store plugins by their HOCON path and hands out their actors.</summary>
public class PersistenceExtension : IExtension
{
    private const string NoSnapshotStorePluginId = "akka.persistence.no-snapshot-store";
    private const string JournalFallback = "akka.persistence.journal-plugin-fallback";
    private const string SnapshotStoreFallback = "akka.persistence.snapshot-store-plugin-fallback";

    private readonly ExtendedActorSystem _system;
    private readonly ILoggingAdapter _log;
    private readonly Lazy<string> _defaultJournalPluginId;
    private readonly Lazy<string> _defaultSnapshotPluginId;
    private readonly Lazy<IStashOverflowStrategy> _defaultStashOverflowStrategy;
    private readonly Lazy<IActorRef> _recoveryPermitter;
    private readonly ConcurrentDictionary<string, Lazy<Plugin>> _plugins = new(StringComparer.Ordinal);

    public PersistenceExtension(ExtendedActorSystem system)
    {
        _system = system;
        _system.Settings.InjectTopLevelFallback(Persistence.DefaultConfig());
        _log = Logging.GetLogger(system, this);
        Settings = new PersistenceSettings(system, system.Settings.Config.GetConfig("akka.persistence"));
        RegisterSerializers();

        var config = Settings.Config;
        _defaultJournalPluginId = new Lazy<string>(() => RequiredId(config.GetString("journal.plugin"), "akka.persistence.journal.plugin"));
        _defaultSnapshotPluginId = new Lazy<string>(() =>
        {
            var id = config.GetString("snapshot-store.plugin");
            if (!string.IsNullOrWhiteSpace(id))
                return id;
            _log.Warning("No default snapshot store is configured (akka.persistence.snapshot-store.plugin); snapshots are refused.");
            return NoSnapshotStorePluginId;
        });
        _defaultStashOverflowStrategy = new Lazy<IStashOverflowStrategy>(() => CreateOverflowStrategy(config));
        _recoveryPermitter = new Lazy<IActorRef>(() =>
            system.SystemActorOf(Props.Create<RecoveryPermitter>(Math.Max(1, config.GetInt("max-concurrent-recoveries", 50))), "recoveryPermitter"));

        foreach (var id in config.GetStringList("journal.auto-start-journals"))
        {
            _log.Info("Auto-starting journal plugin [{0}].", id);
            JournalFor(id);
        }

        foreach (var id in config.GetStringList("snapshot-store.auto-start-snapshot-stores"))
        {
            _log.Info("Auto-starting snapshot store plugin [{0}].", id);
            SnapshotStoreFor(id);
        }
    }

    public PersistenceSettings Settings { get; }

    public IStashOverflowStrategy DefaultInternalStashOverflowStrategy => _defaultStashOverflowStrategy.Value;

    internal IActorRef RecoveryPermitter => _recoveryPermitter.Value;

    /// <summary>The actor of the journal plugin at this configuration path; the default journal for null or an empty path.</summary>
    public IActorRef JournalFor(string journalPluginId) => JournalPlugin(journalPluginId).Ref;

    /// <summary>The actor of the snapshot store plugin at this configuration path; the default store for null or an empty path.</summary>
    public IActorRef SnapshotStoreFor(string snapshotPluginId)
    {
        var id = string.IsNullOrEmpty(snapshotPluginId) ? _defaultSnapshotPluginId.Value : snapshotPluginId;
        return Resolve(id, SnapshotStoreFallback).Ref;
    }

    public EventAdapters AdaptersFor(string journalPluginId) => JournalPlugin(journalPluginId).Adapters;

    public string PersistenceId(IActorRef actor) => actor.Path.ToStringWithoutAddress();

    internal Config JournalConfigFor(string journalPluginId) => JournalPlugin(journalPluginId).Config;

    // A plugin actor asks for its configuration while its own entry is still being made; its name is the
    // configuration path, which is all that is needed.
    internal Config JournalConfigOf(IActorRef journal) => PluginConfig(_system, journal.Path.Name, JournalFallback);

    internal Config SnapshotStoreConfigOf(IActorRef store) => PluginConfig(_system, store.Path.Name, SnapshotStoreFallback);

    private Plugin JournalPlugin(string journalPluginId)
    {
        var id = string.IsNullOrEmpty(journalPluginId) ? _defaultJournalPluginId.Value : journalPluginId;
        return Resolve(id, JournalFallback);
    }

    private Plugin Resolve(string id, string fallbackPath)
    {
        var plugin = _plugins.GetOrAdd(id, key => new Lazy<Plugin>(() => new Plugin(this, key, fallbackPath).Start()));
        try
        {
            return plugin.Value;
        }
        catch
        {
            // A failed start is not remembered: the reason may be gone at the next try.
            _plugins.TryRemove(new KeyValuePair<string, Lazy<Plugin>>(id, plugin));
            throw;
        }
    }

    private void RegisterSerializers()
    {
        // The extension may start after the serialization read its bindings.
        Bind("akka-persistence-message", new PersistenceMessageSerializer(_system), typeof(IMessage));
        Bind("akka-persistence-snapshot", new PersistenceSnapshotSerializer(_system), typeof(Akka.Persistence.Serialization.Snapshot));
    }

    private void Bind(string name, Akka.Serialization.Serializer serializer, Type type)
    {
        if (_system.Serialization.SerializerWithId(serializer.Identifier) is { } known)
            serializer = known;
        else
            _system.Serialization.AddSerializer(name, serializer);
        _system.Serialization.AddSerializationMap(type, serializer);
    }

    private static string RequiredId(string id, string key) =>
        string.IsNullOrWhiteSpace(id) ? throw new ConfigurationException($"[{key}] names no plugin.") : id;

    private static IStashOverflowStrategy CreateOverflowStrategy(Config config)
    {
        var typeName = config.GetString("internal-stash-overflow-strategy");
        var type = Type.GetType(typeName ?? string.Empty)
            ?? throw new ConfigurationException($"[akka.persistence.internal-stash-overflow-strategy] is [{typeName}], which is no type that can be loaded.");
        return ((IStashOverflowStrategyConfigurator)Activator.CreateInstance(type)).Create(config);
    }

    private static Config PluginConfig(ExtendedActorSystem system, string id, string fallbackPath)
    {
        var config = system.Settings.Config;
        if (string.IsNullOrEmpty(id) || !config.HasPath(id))
            throw new ArgumentException($"There is no configuration for the persistence plugin [{id}].");
        return config.GetConfig(id).WithFallback(config.GetConfig(fallbackPath));
    }

    private sealed class Plugin(PersistenceExtension extension, string id, string fallbackPath)
    {
        private readonly Lazy<EventAdapters> _adapters = new(() => EventAdapters.Create(extension._system, PluginConfig(extension._system, id, fallbackPath)));

        public IActorRef Ref { get; private set; }

        public Config Config { get; } = PluginConfig(extension._system, id, fallbackPath);

        public EventAdapters Adapters => _adapters.Value;

        public Plugin Start()
        {
            var className = Config.GetString("class");
            if (string.IsNullOrWhiteSpace(className))
                throw new ArgumentException($"Persistence plugin [{id}] has no class: set [{id}.class].");

            Type type;
            try
            {
                type = Type.GetType(className, throwOnError: true);
            }
            catch (Exception cause)
            {
                throw new ArgumentException($"Persistence plugin [{id}]: the class [{className}] of [{id}.class] cannot be loaded.", cause);
            }

            var dispatcher = Config.GetString("plugin-dispatcher");
            var props = type.GetConstructor([typeof(Config)]) is not null
                ? Props.Create(type, Config)
                : Props.Create(type);
            if (!string.IsNullOrEmpty(dispatcher))
                props = props.WithDispatcher(dispatcher);
            Ref = extension._system.SystemActorOf(props, id);
            return this;
        }
    }
}
