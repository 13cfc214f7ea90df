using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace RaftActors.Configuration;

/// <summary>Finds keys that nobody reads. The keys of reference.conf are the only ones there are.</summary>
internal static class SettingsKeys
{
    // Sections whose keys are the user's or Akka's, not ours.
    private static readonly HashSet<string> OpenSections = ["raft-actors.nodes", "raft-actors.dispatchers", "raft-actors.mailboxes"];

    // Sections of packages that stand beside this one; they check their own keys.
    private static readonly HashSet<string> ForeignSections = ["raft-actors.journal.wal", "raft-actors.snapshot-store"];

    private static readonly string[] StreamKeys = ["id", "name", "state-machine", "settings", "join", "quorum", "members"];

    /// <exception cref="RaftConfigurationException">A key of <paramref name="config"/> is not in <paramref name="reference"/>.</exception>
    public static void Check(Config config, Config reference, string section)
    {
        Dictionary<string, HoconValue> known = Keys(reference);
        foreach ((string key, HoconValue value) in Keys(config))
        {
            string path = $"{section}.{key}";
            if (ForeignSections.Contains(path))
            {
                continue;
            }

            if (!known.TryGetValue(key, out HoconValue? standard))
            {
                throw Unknown(path, key, known.Keys);
            }

            if (OpenSections.Contains(path))
            {
                continue;
            }

            if (standard.IsObject())
            {
                if (!value.IsObject())
                {
                    throw new RaftConfigurationException(path, value.ToString(), "must be a section { ... }");
                }

                Check(config.GetConfig(key), reference.GetConfig(key), path);
            }
        }
    }

    /// <summary>Checks the keys of one element of <c>raft-actors.streams</c>.</summary>
    public static void CheckStream(Config stream, Config streamDefaults, string path)
    {
        foreach ((string key, HoconValue _) in Keys(stream))
        {
            if (!StreamKeys.Contains(key))
            {
                throw Unknown($"{path}.{key}", key, StreamKeys);
            }
        }

        if (stream.HasPath("settings"))
        {
            Check(stream.GetConfig("settings"), streamDefaults, $"{path}.settings");
        }
    }

    public static Dictionary<string, HoconValue> Keys(Config? config)
    {
        Dictionary<string, HoconValue> keys = [];
        if (config is null || config.IsEmpty)
        {
            return keys;
        }

        foreach ((string key, HoconValue value) in config.AsEnumerable())
        {
            keys.TryAdd(key.Trim('"'), value);
        }

        return keys;
    }

    private static RaftConfigurationException Unknown(string path, string key, IEnumerable<string> known)
    {
        string nearest = known.Order(StringComparer.Ordinal).MinBy(k => k.Contains(key, StringComparison.Ordinal) ? 0 : Distance(k, key)) ?? string.Empty;
        return new RaftConfigurationException(path, null, $"there is no such setting; the nearest is '{path[..^key.Length]}{nearest}'");
    }

    // Levenshtein: how many letters to change, add or drop.
    private static int Distance(string a, string b)
    {
        int[] row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
