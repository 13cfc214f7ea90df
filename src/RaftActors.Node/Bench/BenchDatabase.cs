using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace RaftActors.Node.Bench;

/// <summary>A node's own database on a PostgreSQL server, made for a benchmark and dropped behind it. Its name follows from the node's folder, so that a node that starts again finds it.</summary>
internal static class BenchDatabase
{
    /// <summary>Makes the node's database if it is not there. Answers how to connect to it.</summary>
    /// <exception cref="BenchException">The server cannot be used; says why.</exception>
    public static async Task<string> MakeAsync(string server, string folder, CancellationToken cancellation)
    {
        string name = NameOf(folder);
        await RunAsync(server, $"CREATE DATABASE {name}", PostgresErrorCodes.DuplicateDatabase, cancellation).ConfigureAwait(false);
        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    /// <summary>Drops the node's database, whoever still uses it.</summary>
    /// <exception cref="BenchException">The server cannot be used; says why.</exception>
    public static Task DropAsync(string server, string folder, CancellationToken cancellation) =>
        RunAsync(server, $"DROP DATABASE IF EXISTS {NameOf(folder)} WITH (FORCE)", null, cancellation);

    private static string NameOf(string folder) =>
        $"raftactors_bench_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(folder))).AsSpan(0, 8))}";

    private static async Task RunAsync(string server, string statement, string? isFine, CancellationToken cancellation)
    {
        try
        {
            // Another database of the server: its own cannot be dropped, and none can be made in a transaction of it.
            NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(server) { Database = "postgres", Pooling = false }.ConnectionString);
            await using ConfiguredAsyncDisposable closing = connection.ConfigureAwait(false);
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            NpgsqlCommand command = new(statement, connection);
            await using ConfiguredAsyncDisposable done = command.ConfigureAwait(false);
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == isFine)
        {
            // It is there already.
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException)
        {
            throw new BenchException($"The PostgreSQL server of --postgresql cannot be used: {e.Message}", e);
        }
    }
}
