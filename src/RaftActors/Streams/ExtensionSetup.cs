using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Serialization;
using RaftActors.Administration;
using RaftActors.Configuration;
using RaftActors.Persistence;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

/// <summary>What has to be arranged with the actor system before the first stream.</summary>
internal static class ExtensionSetup
{
    private const string DefaultJournalKey = "akka.persistence.journal.plugin";
    private const string FallbackFilterKey = "akka.persistence.journal-plugin-fallback.replay-filter.mode";

    public static void RegisterSerializers(ExtendedActorSystem system)
    {
        Serialization serialization = system.Serialization;
        SerializerRegistration.Register(serialization, "raft-peer-frame", new PeerFrameSerializer(system), typeof(PeerFrame));
        SerializerRegistration.Register(serialization, "raft-journal", new JournalSerializer(system), typeof(JournaledEntries), typeof(JournaledTermState), typeof(JournaledCompaction), typeof(JournaledIncarnation), typeof(JournaledRecovery), typeof(StoredSnapshotBlock), typeof(StoredSnapshotHeader));
        SerializerRegistration.Register(serialization, "raft-client", new ClientMessageSerializer(system), ClientMessageSerializer.Types);
        AdminSerialization.Register(system);
    }

    public static IPeerTransport MakeTransport(ExtendedActorSystem system, string className)
    {
        const string Key = "raft-actors.remoting.transport";
        Type type = FindType(className, Key);
        if (!typeof(IPeerTransport).IsAssignableFrom(type))
        {
            throw new RaftConfigurationException(Key, className, $"must implement {typeof(IPeerTransport)}");
        }

        return (IPeerTransport)Make(type, Key, className, [system]);
    }

    public static StreamDefinition Define(ConfiguredStream stream, RaftSettings settings, ExtendedActorSystem system)
    {
        ImmutableArray<Member> configured = MemberSettings.Read(stream.Section, stream.Path, [.. settings.Nodes.Select(n => new Member(n.Key, MemberKind.Voter, n.Value))]);
        (QuorumRule quorum, ImmutableArray<Member> members) = QuorumSettings.Read(stream.Section, stream.Path, configured);
        return DefineWithMajority(stream, settings, system) with { Members = members, Quorum = quorum };
    }

    private static StreamDefinition DefineWithMajority(ConfiguredStream stream, RaftSettings settings, ExtendedActorSystem system) => new()
    {
        Id = stream.Id,
        Name = stream.Name,
        NodeId = settings.NodeId,
        Members = [.. settings.Nodes.Select(n => new Member(n.Key, MemberKind.Voter, n.Value))],
        StateMachine = StateMachineOf(stream, system),
        Settings = stream.Settings,
        Join = stream.Section.HasPath("join") && new SettingsReader(stream.Section, stream.Path).Switch("join"),
    };

    /// <summary>
    /// A replay filter that repairs drops events silently when two writers have mixed theirs: it would make votes and acknowledged entries disappear. Where the user
    /// has not chosen, ours is <c>fail</c>; where the user has chosen otherwise, that must have been said twice.
    /// </summary>
    public static void CheckReplayFilter(ExtendedActorSystem system, RaftSettings settings, ILoggingAdapter log)
    {
        Config config = system.Settings.Config;
        string plugin = settings.JournalPlugin.Length > 0
            ? settings.JournalPlugin
            : (config.HasPath(DefaultJournalKey) ? config.GetString(DefaultJournalKey) : null) ?? "akka.persistence.journal.inmem";
        string key = $"{plugin}.replay-filter.mode";
        string? chosen = config.HasPath(key) ? config.GetString(key) : config.HasPath(FallbackFilterKey) && UserChose(config) ? config.GetString(FallbackFilterKey) : null;
        if (chosen is null)
        {
            system.Settings.InjectTopLevelFallback(ConfigurationFactory.ParseString($"{plugin}.replay-filter.mode = fail"));
            LogLines.ReplayFilterSet(log, plugin);
        }
        else if (chosen is not ("fail" or "off"))
        {
            if (!settings.AllowRepairingReplayFilter)
            {
                throw new RaftConfigurationException(key, chosen, "must be 'fail': a repair silently drops events, and with them votes and acknowledged entries (or set raft-actors.journal.allow-repairing-replay-filter = on)");
            }

            LogLines.ReplayFilterRepairs(log, plugin, chosen);
        }
    }

    // The fallback section holds Akka's own default as soon as Akka.Persistence is loaded; only something else was chosen by the user.
    private static bool UserChose(Config config) => config.GetString(FallbackFilterKey) is not ("repair-by-discard-old" or null);

    private static Func<IStateMachine> StateMachineOf(ConfiguredStream stream, ExtendedActorSystem system)
    {
        string key = $"{stream.Path}.state-machine";
        Type type = FindType(stream.StateMachine, key);
        if (typeof(IStateMachineFactory).IsAssignableFrom(type))
        {
            IStateMachineFactory factory = (IStateMachineFactory)Make(type, key, stream.StateMachine, []);
            return () => factory.Create(stream.Id, system);
        }

        if (!typeof(IStateMachine).IsAssignableFrom(type))
        {
            throw new RaftConfigurationException(key, stream.StateMachine, $"must implement {typeof(IStateMachine)} or {typeof(IStateMachineFactory)}");
        }

        object[] arguments = type.GetConstructor([typeof(Config)]) is null ? [] : [stream.Section];
        if (arguments.Length == 0 && type.GetConstructor([]) is null)
        {
            throw new RaftConfigurationException(key, stream.StateMachine, "must have a public constructor that takes nothing or an Akka.Configuration.Config");
        }

        return () => (IStateMachine)Activator.CreateInstance(type, arguments)!;
    }

    private static Type FindType(string name, string key) =>
        Type.GetType(name, throwOnError: false) ?? throw new RaftConfigurationException(key, name, "there is no such class; write \"Namespace.Type, Assembly\"");

    private static object Make(Type type, string key, string name, object[] arguments)
    {
        try
        {
            return Activator.CreateInstance(type, arguments)!;
        }
        catch (MissingMethodException e)
        {
            throw new RaftConfigurationException(key, name, $"has no public constructor with {arguments.Length} arguments", e);
        }
        catch (System.Reflection.TargetInvocationException e) when (e.InnerException is RaftConfigurationException inner)
        {
            throw inner;
        }
    }
}
