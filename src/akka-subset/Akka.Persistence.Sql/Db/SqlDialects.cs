using Akka.Configuration;
using Akka.Persistence.Sql.Db.PostgreSql;
using Akka.Persistence.Sql.Db.Sqlite;

namespace Akka.Persistence.Sql.Db;

internal static class SqlDialects
{
    /// <summary>The dialect for a <c>provider-name</c>.</summary>
    public static ISqlDialect Find(string providerName, string key) => providerName?.Trim() switch
    {
        "SQLite.MS" or "SQLite" or "Microsoft.Data.Sqlite" or "Sqlite" => SqliteDialect.Instance,
        "PostgreSQL" or "PostgreSQL.9.5" or "PostgreSQL.13" or "PostgreSQL.15" or "PostgreSQL.18" => PostgreSqlDialect.Instance,
        _ => throw new ConfigurationException($"[{key}] is [{providerName}]; this build knows SQLite.MS, SQLite and PostgreSQL."),
    };
}
