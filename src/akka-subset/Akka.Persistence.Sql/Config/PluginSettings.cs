using Akka.Configuration;
using Akka.Persistence.Sql.Db;

namespace Akka.Persistence.Sql.Config;

/// <summary>What journal and snapshot store settings have in common.</summary>
internal abstract class PluginSettings
{
    protected PluginSettings(Akka.Configuration.Config config)
    {
        PluginId = config.GetString("plugin-id");
        ConnectionString = config.GetString("connection-string");
        if (string.IsNullOrWhiteSpace(ConnectionString))
            throw new ConfigurationException($"[{PluginId}.connection-string] is empty; the SQL plugin needs one.");

        Dialect = SqlDialects.Find(config.GetString("provider-name"), $"{PluginId}.provider-name");
        AutoInitialize = config.GetBoolean("auto-initialize");
        WarnOnAutoInitializeFailure = config.GetBoolean("warn-on-auto-init-fail");
        DefaultSerializer = NullIfEmpty(config.GetString("serializer"));

        var mapping = config.GetString("table-mapping");
        Mapping = !string.IsNullOrEmpty(mapping) && config.HasPath(mapping)
            ? config.GetConfig(mapping)
            : throw new ConfigurationException(
                $"[{PluginId}.table-mapping] is [{mapping}]; allowed are default, sqlite, sql-server, postgresql, mysql, or the name of a section of your own.");
        Schema = NullIfEmpty(Mapping.GetString("schema-name"));
    }

    public string PluginId { get; }

    public string ConnectionString { get; }

    public ISqlDialect Dialect { get; }

    public bool AutoInitialize { get; }

    public bool WarnOnAutoInitializeFailure { get; }

    public string DefaultSerializer { get; }

    public string Schema { get; }

    protected Akka.Configuration.Config Mapping { get; }

    protected static string NullIfEmpty(string value) =>
        string.IsNullOrEmpty(value) || string.Equals(value, "null", StringComparison.Ordinal) ? null : value;
}
