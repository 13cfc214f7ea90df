using Akka.Configuration;
using Akka.Persistence.Sql.Db.Sqlite;

namespace Akka.Persistence.Sql.Db;

internal static class SqlDialects
{
    /// <summary>The dialect for a <c>provider-name</c>. PostgreSQL joins here when its dialect is written.</summary>
    public static ISqlDialect Find(string providerName, string key) => providerName?.Trim() switch
    {
        "SQLite.MS" or "SQLite" or "Microsoft.Data.Sqlite" or "Sqlite" => SqliteDialect.Instance,
        _ => throw new ConfigurationException($"[{key}] is [{providerName}]; this build knows SQLite.MS and SQLite."),
    };
}
