using Akka.Configuration;
using Microsoft.Data.Sqlite;
using RaftActors.Protocol;

namespace RaftActors.Node;

/// <summary>
/// Looks at the SQLite files of the configured journal and snapshot store before Akka.Persistence opens them, so that a
/// locked, damaged or unwritable file is one clear line and not a failed stream.
/// </summary>
internal static class SqliteJournal
{
    /// <exception cref="DatabaseUnusableException">A file cannot be used; says which and why.</exception>
    public static async Task PrepareAsync(Config config, NodeId node, CancellationToken cancellationToken)
    {
        foreach ((string plugin, string connection) in SqlPlugins.Of(config, "SQLite"))
        {
            // SQLite's calls block; they belong on a pool thread.
            await Task.Run(() => Prepare(plugin, connection, node), cancellationToken).ConfigureAwait(false);
        }
    }

    private static void Prepare(string plugin, string connectionString, NodeId node)
    {
        string file = "";
        try
        {
            SqliteConnectionStringBuilder builder = new(connectionString) { DefaultTimeout = 2, Pooling = false };
            file = builder.DataSource;
            if (file is "" or ":memory:" || builder.Mode == SqliteOpenMode.Memory)
            {
                return;
            }

            file = Path.GetFullPath(file);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using SqliteConnection connection = new(builder.ConnectionString);
            connection.Open();
            if (ForeignJournal.Why(node, Writers(connection)) is { } foreign)
            {
                throw new DatabaseUnusableException($"The SQLite file {file} ({plugin}.connection-string) {foreign}.");
            }

            // Write-ahead logging is a property of the file: one fsync per commit instead of two or three, and readers
            // do not stop the writer. synchronous stays FULL, SQLite's default: an acknowledged write survives a power cut.
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; SELECT count(*) FROM sqlite_master; COMMIT;";
            command.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            string what = e.SqliteErrorCode switch
            {
                5 or 6 => "is locked by another process; a journal belongs to one process",
                8 => "cannot be written",
                11 or 26 => "is damaged or not a SQLite database; restore it from a copy, or remove the node's data and let it join as a new member",
                13 => "cannot grow: the disk is full",
                14 => "cannot be opened",
                _ => "cannot be used",
            };
            throw new DatabaseUnusableException($"The SQLite file {file} ({plugin}.connection-string) {what}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new DatabaseUnusableException($"The SQLite file {file} ({plugin}.connection-string) cannot be used: {e.Message}", e);
        }
    }

    // Who has events in the file. One look at the index for each of them, however long the journal is.
    private static List<string> Writers(SqliteConnection connection)
    {
        List<string> found = [];
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM pragma_table_info('journal') WHERE name = 'persistence_id'";
        if (command.ExecuteScalar() is not > 0L)
        {
            return found; // New, or with a table mapping of its own.
        }

        command.CommandText = "SELECT min(persistence_id) FROM journal WHERE persistence_id > $last";
        SqliteParameter last = command.Parameters.AddWithValue("$last", "");
        while (command.ExecuteScalar() is string next)
        {
            found.Add(next);
            last.Value = next;
        }

        return found;
    }
}
