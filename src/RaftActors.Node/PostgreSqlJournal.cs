using System.Runtime.CompilerServices;
using Akka.Configuration;
using Npgsql;

namespace RaftActors.Node;

/// <summary>
/// Connects once to the PostgreSQL databases of the configured journal and snapshot store before Akka.Persistence does, so that a server that is
/// not there is one clear line and not a failed stream with a stack trace.
/// </summary>
internal static class PostgreSqlJournal
{
    /// <exception cref="DatabaseUnusableException">A database cannot be used; says which and why.</exception>
    public static async Task CheckAsync(Config config, CancellationToken cancellationToken)
    {
        foreach ((string plugin, string connection) in SqlPlugins.Of(config, "PostgreSQL"))
        {
            await CheckAsync(plugin, connection, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task CheckAsync(string plugin, string connectionString, CancellationToken cancellationToken)
    {
        // Without the password.
        string where = "";
        try
        {
            NpgsqlConnectionStringBuilder builder = new(connectionString) { Pooling = false };
            where = $"{builder.Host}:{builder.Port}, database {builder.Database}, user {builder.Username}";
            NpgsqlConnection connection = new(builder.ConnectionString);
            await using ConfiguredAsyncDisposable closing = connection.ConfigureAwait(false);
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            NpgsqlCommand fsync = new("SHOW fsync", connection);
            await using ConfiguredAsyncDisposable done = fsync.ConfigureAwait(false);
            if (await fsync.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is "off")
            {
                throw new DatabaseUnusableException(
                    $"The PostgreSQL server {where} ({plugin}.connection-string) runs with fsync = off: a crash would lose what a consensus log has acknowledged. Turn it on.");
            }
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException)
        {
            throw new DatabaseUnusableException($"The PostgreSQL server {where} ({plugin}.connection-string) cannot be used: {e.Message}", e);
        }
    }
}
