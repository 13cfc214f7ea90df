using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Persistence.Journal;

public interface IWriteEventAdapter
{
    /// <summary>Stored beside the event and given back to the read adapter; empty when none is needed.</summary>
    string Manifest(object evt);

    /// <summary>The form in which the event is stored.</summary>
    object ToJournal(object evt);
}

public interface IReadEventAdapter
{
    /// <summary>What a stored event is replayed as: nothing, one event or several.</summary>
    IEventSequence FromJournal(object evt, string manifest);
}

public interface IEventAdapter : IWriteEventAdapter, IReadEventAdapter
{
}

public sealed class IdentityEventAdapter : IEventAdapter
{
    private IdentityEventAdapter()
    {
    }

    public static IdentityEventAdapter Instance { get; } = new();

    public string Manifest(object evt) => string.Empty;

    public object ToJournal(object evt) => evt;

    public IEventSequence FromJournal(object evt, string manifest) => EventSequence.Single(evt);
}

/// <summary>Several adapters for one type: the first writes, all of them read.</summary>
public sealed class CombinedReadEventAdapter : IEventAdapter
{
    private readonly IEventAdapter[] _adapters;

    public CombinedReadEventAdapter(IEnumerable<IEventAdapter> adapters) => _adapters = [.. adapters];

    public IEnumerable<IEventAdapter> Adapters => _adapters;

    public string Manifest(object evt) => throw OnlyReads();

    public object ToJournal(object evt) => throw OnlyReads();

    public IEventSequence FromJournal(object evt, string manifest) =>
        EventSequence.Create(_adapters.SelectMany(adapter => adapter.FromJournal(evt, manifest).Events));

    private static NotSupportedException OnlyReads() =>
        new("Several read adapters are bound to this type and none of them can write.");
}

/// <summary>Lets a class that only reads or only writes stand where both are asked for.</summary>
internal sealed class OneWayEventAdapter(IWriteEventAdapter writer, IReadEventAdapter reader) : IEventAdapter
{
    public string Manifest(object evt) => writer is null ? string.Empty : writer.Manifest(evt);

    public object ToJournal(object evt) => writer is null ? evt : writer.ToJournal(evt);

    public IEventSequence FromJournal(object evt, string manifest) =>
        reader is null ? EventSequence.Single(evt) : reader.FromJournal(evt, manifest);
}

/// <summary>The event adapters of one journal, by event type, from its <c>event-adapters</c> and <c>event-adapter-bindings</c>.</summary>
public class EventAdapters
{
    private readonly ConcurrentDictionary<Type, IEventAdapter> _byType;
    private readonly KeyValuePair<Type, IEventAdapter>[] _bindings;
    private readonly ILoggingAdapter _log;

    protected EventAdapters(
        ConcurrentDictionary<Type, IEventAdapter> map, IEnumerable<KeyValuePair<Type, IEventAdapter>> bindings, ILoggingAdapter log)
    {
        _byType = map;
        _bindings = [.. bindings];
        _log = log;
    }

    internal bool IsIdentity => _bindings.Length == 0;

    public static EventAdapters Create(ExtendedActorSystem system, Config config)
    {
        var names = ReadSection(config, "event-adapters").ToDictionary(e => e.Key, e => e.Values.Single());
        var adapters = names.ToDictionary(n => n.Key, n => Instantiate(n.Key, n.Value, system));
        var bindings = new List<KeyValuePair<Type, IEventAdapter>>();
        foreach (var (typeName, adapterNames) in ReadSection(config, "event-adapter-bindings"))
        {
            var type = Type.GetType(typeName, throwOnError: false)
                ?? throw new ConfigurationException($"[event-adapter-bindings] binds [{typeName}], which is no type that can be loaded.");
            var bound = adapterNames
                .Select(name => adapters.TryGetValue(name, out var adapter)
                    ? adapter
                    : throw new ConfigurationException($"[event-adapter-bindings] binds [{typeName}] to [{name}], which [event-adapters] does not define."))
                .ToArray();
            bindings.Add(new KeyValuePair<Type, IEventAdapter>(type, bound.Length == 1 ? bound[0] : new CombinedReadEventAdapter(bound)));
        }

        // The closest type first: a binding is found before those of its base types.
        bindings = [.. bindings
            .Select((binding, index) => (binding, index))
            .OrderByDescending(b => Depth(b.binding.Key))
            .ThenBy(b => b.index)
            .Select(b => b.binding)];
        return new EventAdapters(new ConcurrentDictionary<Type, IEventAdapter>(), bindings, Logging.GetLogger(system, typeof(EventAdapters)));
    }

    public IEventAdapter Get<T>() => Get(typeof(T));

    public virtual IEventAdapter Get(Type type)
    {
        if (_bindings.Length == 0)
            return IdentityEventAdapter.Instance;
        if (_byType.TryGetValue(type, out var adapter))
            return adapter;

        adapter = IdentityEventAdapter.Instance;
        foreach (var binding in _bindings)
        {
            if (binding.Key.IsAssignableFrom(type))
            {
                adapter = binding.Value;
                break;
            }
        }

        if (_byType.TryAdd(type, adapter) && _log.IsDebugEnabled)
            _log.Debug("Events of type [{0}] use the adapter [{1}].", type, adapter);
        return adapter;
    }

    private static int Depth(Type type)
    {
        if (type.IsInterface)
            return type.GetInterfaces().Length > 0 ? 0 : -1;
        var depth = 1;
        for (var t = type.BaseType; t is not null; t = t.BaseType)
            depth++;
        return depth;
    }

    private static IEnumerable<(string Key, IList<string> Values)> ReadSection(Config config, string path)
    {
        if (!config.HasPath(path))
            yield break;
        foreach (var (key, value) in config.GetConfig(path).AsEnumerable())
            yield return (key, value.IsArray() ? value.GetStringList() : [value.GetString()]);
    }

    private static IEventAdapter Instantiate(string name, string className, ExtendedActorSystem system)
    {
        var type = Type.GetType(className, throwOnError: false)
            ?? throw new ConfigurationException($"[event-adapters.{name}] is [{className}], which is no type that can be loaded.");
        var instance = type.GetConstructor([typeof(ExtendedActorSystem)]) is not null
            ? Activator.CreateInstance(type, system)
            : Activator.CreateInstance(type);
        return instance switch
        {
            IEventAdapter both => both,
            IWriteEventAdapter writer => new OneWayEventAdapter(writer, null),
            IReadEventAdapter reader => new OneWayEventAdapter(null, reader),
            _ => throw new ConfigurationException($"[event-adapters.{name}] is [{className}], which is no event adapter."),
        };
    }
}
