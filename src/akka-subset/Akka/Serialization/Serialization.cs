using System.Collections.Concurrent;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Util;
using Akka.Util.Reflection;

namespace Akka.Serialization;

/// <summary>The serializers of an actor system: which one takes a type, and which one wrote some bytes.</summary>
public class Serialization
{
    private const string SerializersSection = "akka.actor.serializers";
    private const string BindingsSection = "akka.actor.serialization-bindings";
    private const string SettingsSection = "akka.actor.serialization-settings";

    [ThreadStatic]
    private static Information _currentTransport;

    private readonly ConcurrentDictionary<Type, Serializer> _bindings = new();
    private readonly ConcurrentDictionary<Type, Serializer> _found = new();
    private readonly ConcurrentDictionary<int, Serializer> _byId = new();
    private readonly ConcurrentDictionary<string, Serializer> _byName = new(StringComparer.Ordinal);
    private readonly NullSerializer _null;

    public Serialization(ExtendedActorSystem system)
    {
        System = system;
        _null = new NullSerializer(system);
        AddSerializer("null", _null);
        var config = system.Settings.Config;
        foreach (var (name, value) in Section(config, SerializersSection))
        {
            if (Create(name, value.GetString(), config.GetConfig($"{SettingsSection}.{name}")) is { } serializer)
                AddSerializer(name, serializer);
        }

        foreach (var (typeName, value) in Section(config, BindingsSection))
            Bind(typeName, value.GetString());
    }

    public ExtendedActorSystem System { get; }

    /// <exception cref="InvalidOperationException">Nothing is being serialized on this thread.</exception>
    public static Information GetCurrentTransportInformation() =>
        _currentTransport ?? throw new InvalidOperationException(
            "The transport is known only while something is serialized within WithTransport.");

    public static T WithTransport<T>(ActorSystem system, Address address, Func<T> action) =>
        WithTransport(new Information(address, system), action, static run => run());

    public static T WithTransport<T>(ExtendedActorSystem system, Func<T> action) =>
        WithTransport(system.Provider.SerializationInformation, action, static run => run());

    public static T WithTransport<TState, T>(ExtendedActorSystem system, TState state, Func<TState, T> action) =>
        WithTransport(system.Provider.SerializationInformation, state, action);

    public static string ManifestFor(Serializer s, object msg)
    {
        if (s is SerializerWithStringManifest named)
            return named.Manifest(msg);
        return s.IncludeManifest ? msg.GetType().TypeQualifiedName() : string.Empty;
    }

    /// <summary>The path by which the other side of the current transport can reach the actor.</summary>
    public static string SerializedActorPath(IActorRef actorRef)
    {
        if (actorRef is null)
            return string.Empty;
        var path = actorRef.Path;
        var owner = (actorRef as ActorRefWithCell)?.Underlying.System as ExtendedActorSystem;
        var transport = _currentTransport;
        if (transport is null)
        {
            return owner is null
                ? path.ToSerializationFormat()
                : path.ToSerializationFormatWithAddress(owner.Provider.DefaultAddress);
        }

        if (owner is null || owner == transport.System)
            return path.ToSerializationFormatWithAddress(transport.Address);
        var provider = owner.Provider;
        return path.ToSerializationFormatWithAddress(provider.GetExternalAddressFor(transport.Address) ?? provider.DefaultAddress);
    }

    public void AddSerializer(Serializer serializer)
    {
        if (!_byId.TryAdd(serializer.Identifier, serializer) && _byId[serializer.Identifier] != serializer)
            throw new ArgumentException($"There is a serializer with the id {serializer.Identifier} already: [{_byId[serializer.Identifier].GetType()}].", nameof(serializer));
    }

    public void AddSerializer(string name, Serializer serializer)
    {
        AddSerializer(serializer);
        _byName[name] = serializer;
    }

    public void AddSerializationMap(Type type, Serializer serializer)
    {
        if (_bindings.TryGetValue(type, out var known) && known != serializer && System.Settings.LogSerializerOverrideOnStart)
            System.Log.Warning("The serializer of [{0}] was [{1}] and is now [{2}].", type, known.GetType(), serializer.GetType());
        _bindings[type] = serializer;
        _found.Clear();
    }

    public byte[] Serialize(object o) =>
        WithTransport(System, (FindSerializerFor(o), o), static work => work.Item1.ToBinary(work.o));

    public object Deserialize(byte[] bytes, int serializerId, Type type) =>
        WithTransport(System, (SerializerOf(serializerId, type?.FullName), bytes, type), static work => work.Item1.FromBinary(work.bytes, work.type));

    public object Deserialize(byte[] bytes, int serializerId, string manifest)
    {
        var serializer = SerializerOf(serializerId, manifest);
        if (serializer is SerializerWithStringManifest named)
            return Deserialize(named, bytes, manifest);
        if (string.IsNullOrEmpty(manifest))
            return Deserialize(bytes, serializerId, (Type)null);
        Type type;
        try
        {
            type = TypeCache.GetType(manifest);
        }
        catch (Exception problem)
        {
            throw new SerializationException(
                $"The bytes name the class [{manifest}] for the serializer with id [{serializerId}], but it cannot be found.", problem);
        }

        return Deserialize(bytes, serializerId, type);
    }

    private object Deserialize(SerializerWithStringManifest serializer, byte[] bytes, string manifest)
    {
        using var scope = new TransportScope(System.Provider.SerializationInformation);
        return serializer.FromBinary(bytes, manifest);
    }

    public IActorRef DeserializeActorRef(string path) => System.Provider.ResolveActorRef(path);

    public Serializer FindSerializerFor(object obj, string defaultSerializerName = null) =>
        obj is null ? _null : FindSerializerForType(obj.GetType(), defaultSerializerName);

    /// <summary>The serializer of the nearest binding; for types that only the binding of all objects covers, the default first.</summary>
    public Serializer FindSerializerForType(Type objectType, string defaultSerializerName = null)
    {
        if (_found.TryGetValue(objectType, out var known))
            return known;
        var serializer = Nearest(objectType);
        if (serializer is null && defaultSerializerName is not null)
            return SerializerNamed(defaultSerializerName);
        if (serializer is null && !_bindings.TryGetValue(typeof(object), out serializer))
            throw new SerializationException($"No serializer is bound to the type [{objectType}] or a base of it.");
        // What has no binding of its own is not remembered: the next caller may bring another default.
        if (_bindings.ContainsKey(objectType) || Nearest(objectType) is not null)
            _found.TryAdd(objectType, serializer);
        return serializer;
    }

    internal Serializer SerializerNamed(string name) =>
        _byName.TryGetValue(name, out var serializer)
            ? serializer
            : throw new SerializationException($"[{SerializersSection}] has no serializer [{name}].");

    /// <summary>The serializer with an id, or null.</summary>
    internal Serializer SerializerWithId(int id) => _byId.GetValueOrDefault(id);

    private static IEnumerable<KeyValuePair<string, Configuration.Hocon.HoconValue>> Section(Config config, string path) =>
        config.GetConfig(path)?.AsEnumerable() ?? [];

    private static T WithTransport<TState, T>(Information information, TState state, Func<TState, T> action)
    {
        using var scope = new TransportScope(information);
        return action(state);
    }

    private Serializer SerializerOf(int id, string manifest) =>
        _byId.TryGetValue(id, out var serializer)
            ? serializer
            : throw new SerializationException(
                $"There is no serializer with id [{id}] for [{manifest}]. Both sides need the same [{SerializersSection}] and identifiers.");

    private Serializer Nearest(Type type)
    {
        if (_bindings.TryGetValue(type, out var exact))
            return exact;
        Type nearest = null;
        foreach (var candidate in _bindings.Keys)
        {
            if (candidate == typeof(object) || !candidate.IsAssignableFrom(type))
                continue;
            if (nearest is null || nearest.IsAssignableFrom(candidate)
                || (!candidate.IsAssignableFrom(nearest) && IsPreferred(candidate, nearest)))
            {
                nearest = candidate;
            }
        }

        return nearest is null ? null : _bindings[nearest];
    }

    // Neither derives from the other: a class says more about an object than an interface, and names settle the rest.
    private static bool IsPreferred(Type candidate, Type other) => candidate.IsInterface == other.IsInterface
        ? string.CompareOrdinal(candidate.FullName, other.FullName) < 0
        : other.IsInterface;

    private Serializer Create(string name, string typeName, Config settings)
    {
        var type = Type.GetType(typeName, throwOnError: false);
        if (type is null)
        {
            System.Log.Warning("The class [{0}] of the serializer [{1}] cannot be found.", typeName, name);
            return null;
        }

        var takesConfig = settings is not null && type.GetConstructor([typeof(ExtendedActorSystem), typeof(Config)]) is not null;
        return (Serializer)(takesConfig
            ? Activator.CreateInstance(type, System, settings)
            : Activator.CreateInstance(type, System));
    }

    private void Bind(string typeName, string serializerName)
    {
        var type = Type.GetType(typeName, throwOnError: false);
        if (type is null)
            System.Log.Warning("The type [{0}], bound to the serializer [{1}], cannot be found.", typeName, serializerName);
        else if (!_byName.TryGetValue(serializerName, out var serializer))
            System.Log.Warning("The type [{0}] is bound to the serializer [{1}], which does not exist.", typeName, serializerName);
        else
            AddSerializationMap(type, serializer);
    }

    /// <summary>The transport for which something is serialized on this thread, until it is disposed.</summary>
    internal readonly ref struct TransportScope
    {
        private readonly Information _outer = _currentTransport;

        public TransportScope(Information information)
        {
            // Nearly always it is the same already, and a thread's own field costs more to set than to compare.
            if (!ReferenceEquals(_outer, information))
                _currentTransport = information;
        }

        public void Dispose()
        {
            if (!ReferenceEquals(_currentTransport, _outer))
                _currentTransport = _outer;
        }
    }
}
