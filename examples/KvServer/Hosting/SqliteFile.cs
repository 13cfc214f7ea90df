using Microsoft.Data.Sqlite;
using RaftActors;
using RaftActors.Protocol;

namespace KvServer.Hosting;

/// <summary>
/// Looks at the journal's SQLite file before Akka.Persistence opens it, so that a locked or damaged file is one clear line at
/// start, and sets what is a property of the file.
/// </summary>
internal static class SqliteFile
{
    /// <summary>Checks the file, creates it when it is missing.</summary>
    /// <param name="file">The file.</param>
    /// <param name="node">Whose it is.</param>
    /// <param name="mustExist">The node has been started in this folder before, so there has been a journal.</param>
    /// <param name="checkBelow">A smaller one is read and checked as a whole.</param>
    /// <exception cref="StartException">It cannot be used.</exception>
    public static void Prepare(string file, uint node, bool mustExist, long checkBelow)
    {
        try
        {
            long size = File.Exists(file) ? new FileInfo(file).Length : 0;
            if (size == 0 && mustExist)
            {
                throw new StartException(
                    ExitCode.Storage,
                    $"The journal {file} is {(File.Exists(file) ? "empty" : "missing")}, although this node has been started in this folder before. Without it the node has forgotten its votes and what it acknowledged. "
                    + "Restore the whole folder from a copy that was made while the node was stopped, or let the node join again as a new member, with an empty folder.");
            }

            SqliteConnectionStringBuilder builder = new() { DataSource = file, DefaultTimeout = 2, Pooling = false };
            using SqliteConnection connection = new(builder.ConnectionString);
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();

            // Reads the header, and finds out whether another process holds the file.
            command.CommandText = "BEGIN IMMEDIATE; SELECT count(*) FROM sqlite_master; COMMIT;";
            command.ExecuteNonQuery();
            if (size > 0 && size < checkBelow)
            {
                command.CommandText = "PRAGMA quick_check(1);";
                if (command.ExecuteScalar() is string found && found != "ok")
                {
                    throw Damaged(file, found);
                }
            }

            CheckOwner(connection, file, node);

            // Write-ahead logging stays set in the file: one fsync per commit instead of two or three, and readers do not hold up the
            // writer. synchronous stays FULL, SQLite's default: an acknowledged write survives a power cut.
            command.CommandText = "PRAGMA journal_mode = WAL;";
            command.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            throw e.SqliteErrorCode switch
            {
                5 or 6 => new StartException(ExitCode.Storage, $"The journal {file} is locked by another process. Only this node may have it open; close the other program and start again.", e),
                11 or 26 => Damaged(file, e.Message, e),
                13 => new StartException(ExitCode.Storage, $"The journal {file} cannot grow: the disk is full.", e),
                _ => new StartException(ExitCode.Storage, $"The journal {file} cannot be opened for writing: {e.Message}", e),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(ExitCode.Storage, $"The journal {file} cannot be used: {e.Message}", e);
        }
    }

    // Another node's journal holds nothing under this node's name: it would begin as if it had never voted.
    private static void CheckOwner(SqliteConnection connection, string file, uint node)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM pragma_table_info('journal') WHERE name = 'persistence_id'";
        if (command.ExecuteScalar() is not > 0L)
        {
            return;
        }

        command.CommandText = "SELECT persistence_id FROM journal ORDER BY ordering LIMIT 1";
        if (command.ExecuteScalar() is string writer && !JournalOwner.OtherThan(new NodeId(node), [writer]).IsNone)
        {
            throw new StartException(ExitCode.Storage, $"The journal {file} is that of '{writer}', not of node {node}. It was not changed. Every node has a journal of its own: restore this node's from a copy, or let the node join again as a new member.");
        }
    }

    private static StartException Damaged(string file, string found, Exception? inner = null) =>
        new(ExitCode.Storage, $"The journal {file} is damaged or no SQLite database ({found.ReplaceLineEndings(" ")}). It was not changed. Restore it from a copy, or let the node join again as a new member.", inner);
}
