using Akka.Configuration;

namespace RaftActors.Node;

/// <summary>The configured journal and snapshot store as far as they are databases.</summary>
internal static class SqlPlugins
{
    private static readonly string[] Plugins = ["akka.persistence.journal.sql", "akka.persistence.snapshot-store.sql"];

    /// <summary>Each database of the providers whose names begin with <paramref name="provider"/> once, and the plugin that names it first.</summary>
    public static IEnumerable<(string Plugin, string ConnectionString)> Of(Config config, string provider)
    {
        HashSet<string> done = new(StringComparer.Ordinal);
        foreach (string plugin in Plugins)
        {
            string name = config.GetString(plugin + ".provider-name", "") ?? "";
            string connection = config.GetString(plugin + ".connection-string", "") ?? "";
            if (name.StartsWith(provider, StringComparison.OrdinalIgnoreCase) && connection.Length > 0 && done.Add(connection))
            {
                yield return (plugin, connection);
            }
        }
    }
}
