using Akka.Configuration;
using RaftActors.Journal;

namespace RaftActors.Node;

/// <summary>
/// Looks at the settings of the journal and the snapshot store before anything starts. Akka.Persistence makes its plugins when the first stream needs them: a wrong setting would only show then, as a stream that
/// does not get its journal, in a node that is up.
/// </summary>
internal static class PluginSettings
{
    private const string AkkaSnapshotFolders = "akka.persistence.snapshot-store.local";

    // What Akka.Persistence itself takes in any plugin's section.
    private static readonly HashSet<string> Common = new(StringComparer.Ordinal)
    {
        "class", "plugin-dispatcher", "replay-dispatcher", "stream-dispatcher", "circuit-breaker", "replay-filter", "event-adapters", "event-adapter-bindings", "recovery-event-timeout", "max-message-batch-size", "serializer",
    };

    /// <summary>The plugin of the streams' journal.</summary>
    /// <exception cref="RaftConfigurationException">There is no such plugin.</exception>
    public static string Journal(Config config) => Plugin(config, "raft-actors.journal.plugin", "akka.persistence.journal.plugin");

    /// <exception cref="RaftConfigurationException">A setting is wrong; says which, its value, and what is allowed.</exception>
    /// <exception cref="WalFilesException">A folder cannot be written.</exception>
    public static void Check(Config config)
    {
        string journal = Journal(config);
        string snapshots = Plugin(config, "raft-actors.journal.snapshot-plugin", "akka.persistence.snapshot-store.plugin");
        if (journal == RaftJournal.JournalPluginId)
        {
            CheckFolder(journal + ".directory", Read(config, journal, section => WalSettings.From(section).Directory));
        }

        if (snapshots == RaftJournal.SnapshotStorePluginId)
        {
            CheckFolder(snapshots + ".directory", Read(config, snapshots, section => FileSnapshotSettings.From(section).Directory));
        }
        else if (snapshots == AkkaSnapshotFolders && config.GetString(AkkaSnapshotFolders + ".dir", "") is { Length: > 0 } folder)
        {
            CheckFolder(AkkaSnapshotFolders + ".dir", folder);
        }
    }

    private static string Plugin(Config config, string own, string general)
    {
        string key = config.GetString(own, "") is { Length: > 0 } ? own : general;
        string plugin = config.GetString(key, "") ?? "";

        // Those of Akka have their sections in references that are read later.
        if (plugin.Length > 0 && !plugin.StartsWith("akka.persistence.", StringComparison.Ordinal) && !config.HasPath(plugin + ".class"))
        {
            throw new RaftConfigurationException(key, plugin, $"must be the path of a section that names a class, such as {(general.Contains("snapshot", StringComparison.Ordinal) ? RaftJournal.SnapshotStorePluginId : RaftJournal.JournalPluginId)}");
        }

        return plugin;
    }

    private static string Read(Config config, string plugin, Func<Config, string> read)
    {
        CheckKeys(config, plugin);
        try
        {
            return read(config.GetConfig(plugin));
        }
        catch (ConfigurationException e)
        {
            throw new RaftConfigurationException(plugin, null, e.Message, e);
        }
    }

    private static void CheckKeys(Config config, string plugin)
    {
        HashSet<string> known = [.. Common, .. RaftJournal.DefaultConfig().GetConfig(plugin).Root.GetObject().Items.Keys];
        foreach (string key in config.GetConfig(plugin).Root.GetObject().Items.Keys.Where(k => !known.Contains(k)))
        {
            throw new RaftConfigurationException($"{plugin}.{key}", config.GetString($"{plugin}.{key}", ""), $"there is no such setting; known are {string.Join(", ", known.Except(Common).Order(StringComparer.Ordinal))}");
        }
    }

    private static void CheckFolder(string key, string folder)
    {
        string full = Path.GetFullPath(folder);
        try
        {
            // Making it is up to the plugin, which knows who may look into it.
            string existing = full;
            while (!Directory.Exists(existing) && !File.Exists(existing))
            {
                existing = Path.GetDirectoryName(existing) ?? "/";
            }

            string probe = Path.Combine(existing, $".probe-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WalFilesException($"The folder {full} ({key}) cannot be used: {e.Message} It must be a folder that this process can write to.", e);
        }
    }
}
