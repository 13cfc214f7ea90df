using Akka.Configuration;

namespace RaftActors.Journal.Tests;

internal static class Plugins
{
    public static Config Config(string directory) => ConfigurationFactory.ParseString($$"""
        akka.loglevel = WARNING
        akka.persistence.journal.plugin = "{{RaftJournal.JournalPluginId}}"
        akka.persistence.snapshot-store.plugin = "{{RaftJournal.SnapshotStorePluginId}}"
        raft-actors.journal.wal { directory = "{{directory.Replace('\\', '/')}}/wal", segment-size = 256k }
        raft-actors.snapshot-store.file.directory = "{{directory.Replace('\\', '/')}}/snapshots"
        """).WithFallback(RaftJournal.DefaultConfig());
}
