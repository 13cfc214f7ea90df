using System.Collections.Immutable;
using System.Globalization;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using RaftActors.Dispatch;

namespace RaftActors.Configuration;

/// <summary>The section <c>raft-actors</c> of an actor system's configuration, checked. The text of reference.conf says what each setting trades.</summary>
public sealed class RaftSettings
{
    internal const string Root = "raft-actors";

    private readonly Config _streamDefaults;
    private readonly Config _referenceStreamDefaults;

    /// <summary>Reads and checks the settings.</summary>
    /// <param name="config">An actor system's configuration; what it does not set comes from <see cref="Reference"/>.</param>
    /// <exception cref="RaftConfigurationException">A key is unknown or a value impossible.</exception>
    public RaftSettings(Config config)
    {
        Config reference = Reference().GetConfig(Root);
        Config own = config.HasPath(Root) ? config.GetConfig(Root) : reference;
        if (own is null || config.GetValue(Root) is { } value && !value.IsObject())
        {
            throw new RaftConfigurationException(Root, config.GetString(Root), "must be a section { ... }");
        }

        SettingsKeys.Check(own, reference, Root);
        Config merged = own.WithFallback(reference);
        _streamDefaults = merged.GetConfig("stream-defaults");
        _referenceStreamDefaults = reference.GetConfig("stream-defaults");

        SettingsReader root = new(merged, Root);
        NodeId = ParseNodeId(merged.GetString("node-id"), $"{Root}.node-id", allowNone: true);
        AdministrationEnabled = new SettingsReader(merged.GetConfig("administration"), $"{Root}.administration").Switch("enabled");
        PublishCommits = root.Switch("publish-commits");
        CalendarClock = root.Text("clock") switch
        {
            "monotonic" => false,
            "calendar" => true,
            _ => throw root.Bad("clock", "must be monotonic or calendar"),
        };
        RandomSeed = ulong.TryParse(root.Text("random-seed"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed)
            ? seed
            : throw root.Bad("random-seed", "must be a whole number from 0 to 18446744073709551615");
        StreamDefaults = StreamSettings.Parse(_streamDefaults, $"{Root}.stream-defaults");
        Nodes = ParseNodes(merged);

        // Here too: from the making of a dispatcher the reason would come wrapped up in others.
        SettingsReader consensus = new(merged.GetConfig("dispatchers.consensus"), $"{Root}.dispatchers.consensus");
        if (consensus.Count("max-threads", least: 0) > ConsensusExecutor.MostThreads)
        {
            throw consensus.Bad("max-threads", $"must be from 0 (as many as there are processors) to {ConsensusExecutor.MostThreads}");
        }

        SettingsReader journal = new(merged.GetConfig("journal"), $"{Root}.journal");
        JournalPlugin = journal.Text("plugin");
        SnapshotPlugin = journal.Text("snapshot-plugin");
        AllowRepairingReplayFilter = journal.Switch("allow-repairing-replay-filter");

        Remoting = new RemotingSettings(merged.GetConfig("remoting"), $"{Root}.remoting");
        Remoting.CheckFits(StreamDefaults, $"{Root}.stream-defaults");
        Streams = ParseStreams(merged);
    }

    /// <summary><c>administration.enabled</c>.</summary>
    public bool AdministrationEnabled { get; }

    /// <summary><c>node-id</c>; none when not set.</summary>
    public NodeId NodeId { get; }

    /// <summary><c>random-seed</c>; 0 for the system's randomness.</summary>
    public ulong RandomSeed { get; }

    /// <summary><c>nodes</c>.</summary>
    public ImmutableSortedDictionary<NodeId, string> Nodes { get; }

    /// <summary><c>streams</c>.</summary>
    public ImmutableArray<ConfiguredStream> Streams { get; }

    /// <summary><c>publish-commits</c>.</summary>
    public bool PublishCommits { get; }

    /// <summary><c>clock</c>: true for <c>calendar</c>.</summary>
    public bool CalendarClock { get; }

    /// <summary><c>stream-defaults</c>.</summary>
    public StreamSettings StreamDefaults { get; }

    /// <summary><c>journal.plugin</c>.</summary>
    public string JournalPlugin { get; }

    /// <summary><c>journal.snapshot-plugin</c>.</summary>
    public string SnapshotPlugin { get; }

    /// <summary><c>journal.allow-repairing-replay-filter</c>.</summary>
    public bool AllowRepairingReplayFilter { get; }

    /// <summary><c>remoting</c>.</summary>
    public RemotingSettings Remoting { get; }

    /// <summary>The defaults of every setting: the embedded reference.conf.</summary>
    public static Config Reference() =>
        ConfigurationFactory.FromResource("RaftActors.reference.conf", typeof(RaftSettings).Assembly);

    /// <summary>
    /// The serializers of RaftActors, for an actor system to be created with: <c>ActorSystem.Create(name, config.WithFallback(RaftSettings.Serializers()))</c>. A node that comes back while its peers talk to it
    /// understands them at once then. Without it the extension adds the serializers, and frames that arrive between the opening of the port and that moment are logged as errors, and lost.
    /// </summary>
    public static Config Serializers() =>
        ConfigurationFactory.FromResource("RaftActors.serializers.conf", typeof(RaftSettings).Assembly);

    /// <summary>The settings of a stream: its own overrides over <c>stream-defaults</c>.</summary>
    /// <param name="overrides">The overrides; null for none.</param>
    /// <param name="section">Where they stand, for messages.</param>
    /// <exception cref="RaftConfigurationException">A key is unknown or a value impossible.</exception>
    public StreamSettings ForStream(Config? overrides, string section)
    {
        if (overrides is null || overrides.IsEmpty)
        {
            return StreamDefaults;
        }

        SettingsKeys.Check(overrides, _referenceStreamDefaults, section);
        StreamSettings settings = StreamSettings.Parse(overrides.WithFallback(_streamDefaults), section);
        Remoting.CheckFits(settings, section);
        return settings;
    }

    private static NodeId ParseNodeId(string? text, string key, bool allowNone)
    {
        if (!uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) || (id == 0 && !allowNone))
        {
            throw new RaftConfigurationException(key, text, "must be a number from 1 to 4294967295");
        }

        return new NodeId(id);
    }

    private static ImmutableSortedDictionary<NodeId, string> ParseNodes(Config merged)
    {
        ImmutableSortedDictionary<NodeId, string>.Builder nodes = ImmutableSortedDictionary.CreateBuilder<NodeId, string>();
        Config? section = merged.HasPath("nodes") ? merged.GetConfig("nodes") : null;
        foreach ((string key, HoconValue value) in SettingsKeys.Keys(section))
        {
            string path = $"{Root}.nodes.{key}";
            NodeId id = ParseNodeId(key, path, allowNone: false);
            string address = value.IsString() ? value.GetString() : string.Empty;
            if (!PeerAddress.IsValid(address))
            {
                throw new RaftConfigurationException(path, address, "must be host:port or akka.tcp://system@host:port");
            }

            if (nodes.FirstOrDefault(n => n.Value == address) is { Value: not null } twin)
            {
                throw new RaftConfigurationException(path, address, $"node {twin.Key} has the same address");
            }

            nodes.Add(id, address);
        }

        return nodes.ToImmutable();
    }

    private ImmutableArray<ConfiguredStream> ParseStreams(Config merged)
    {
        ImmutableArray<ConfiguredStream>.Builder streams = ImmutableArray.CreateBuilder<ConfiguredStream>();
        HoconValue list = merged.GetValue("streams");
        if (list is null || !list.IsArray())
        {
            throw new RaftConfigurationException($"{Root}.streams", list?.ToString(), "must be a list [ { id = 1, ... }, ... ]");
        }

        IList<HoconValue> elements = list.GetArray();
        for (int i = 0; i < elements.Count; i++)
        {
            string path = $"{Root}.streams[{i}]";
            if (!elements[i].IsObject())
            {
                throw new RaftConfigurationException(path, elements[i].ToString(), "must be a section { id = 1, state-machine = \"Type, Assembly\" }");
            }

            Config stream = elements[i].ToConfig();
            SettingsKeys.CheckStream(stream, _referenceStreamDefaults, path);
            string? idText = stream.HasPath("id") ? stream.GetString("id") : null;
            if (!uint.TryParse(idText, NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
            {
                throw new RaftConfigurationException($"{path}.id", idText, "must be a number from 0 to 4294967295");
            }

            if (streams.Any(s => s.Id.Value == id))
            {
                throw new RaftConfigurationException($"{path}.id", idText, "another stream has the same id");
            }

            string? machine = stream.HasPath("state-machine") ? stream.GetString("state-machine") : null;
            if (string.IsNullOrWhiteSpace(machine))
            {
                throw new RaftConfigurationException($"{path}.state-machine", machine, "must name a class, \"Type, Assembly\"");
            }

            Config? settings = stream.HasPath("settings") ? stream.GetConfig("settings") : null;
            ForStream(settings, $"{path}.settings");
            streams.Add(new ConfiguredStream(new StreamId(id), stream.HasPath("name") ? stream.GetString("name") : null, machine, settings, stream, path));
        }

        if (streams.Count > 0)
        {
            CheckMembers();
        }

        return streams.ToImmutable();
    }

    private void CheckMembers()
    {
        if (NodeId.IsNone)
        {
            throw new RaftConfigurationException($"{Root}.node-id", "0", "must be set when raft-actors.streams is not empty");
        }

        if (!Nodes.ContainsKey(NodeId))
        {
            throw new RaftConfigurationException($"{Root}.node-id", NodeId.ToString(), $"must be one of raft-actors.nodes ({string.Join(", ", Nodes.Keys)})");
        }
    }
}

/// <summary>One element of <c>raft-actors.streams</c>.</summary>
/// <param name="Id">The stream.</param>
/// <param name="Name">Its name; null for none.</param>
/// <param name="StateMachine">The class of its state machine, or of an <see cref="IStateMachineFactory"/>.</param>
/// <param name="Settings">Its overrides of <c>stream-defaults</c>; null for none.</param>
/// <param name="Section">The whole element.</param>
/// <param name="Path">Where it stands, for messages.</param>
public sealed record ConfiguredStream(StreamId Id, string? Name, string StateMachine, Config? Settings, Config Section, string Path);
