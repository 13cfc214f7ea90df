using Akka.Actor;
using Akka.Configuration;

namespace RaftActors.Journal;

/// <summary>Names and defaults of this package's plugins.</summary>
public static class RaftJournal
{
    /// <summary>Id of the journal: the value for <c>akka.persistence.journal.plugin</c>.</summary>
    public const string JournalPluginId = "raft-actors.journal.wal";

    /// <summary>Id of the snapshot store: the value for <c>akka.persistence.snapshot-store.plugin</c>.</summary>
    public const string SnapshotStorePluginId = "raft-actors.snapshot-store.file";

    private static readonly Config Defaults = Load();

    /// <summary>
    /// The defaults of both plugins, including their class names. A user's configuration goes in front:
    /// <c>config.WithFallback(RaftJournal.DefaultConfig())</c>.
    /// </summary>
    public static Config DefaultConfig() => Defaults;

    private static Config Load()
    {
        using Stream stream = typeof(RaftJournal).Assembly.GetManifestResourceStream("RaftActors.Journal.reference.conf")
            ?? throw new InvalidOperationException("RaftActors.Journal.reference.conf is missing from the assembly.");
        using StreamReader reader = new(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}

/// <summary>
/// Adds <see cref="RaftJournal.DefaultConfig"/> below the configuration of an actor system, for applications that are configured by a
/// file alone: <c>akka.extensions = ["RaftActors.Journal.RaftJournalExtension, RaftActors.Journal"]</c>.
/// </summary>
public sealed class RaftJournalExtension : ExtensionIdProvider<RaftJournalDefaults>
{
    /// <inheritdoc/>
    public override RaftJournalDefaults CreateExtension(ExtendedActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        system.Settings.InjectTopLevelFallback(RaftJournal.DefaultConfig());
        return new RaftJournalDefaults();
    }
}

/// <summary>The mark that the defaults of this package are in an actor system's configuration.</summary>
public sealed class RaftJournalDefaults : IExtension
{
    internal RaftJournalDefaults()
    {
    }
}
