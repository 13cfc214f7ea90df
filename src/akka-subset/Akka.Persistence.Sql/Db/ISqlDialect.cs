using Akka.Persistence.Sql.Config;

namespace Akka.Persistence.Sql.Db;

/// <summary>
/// The seam between the plugins and a database product. Everything that is not here is standard SQL with named
/// parameters, which <see cref="SqlSession"/> runs through ADO.NET.
/// </summary>
internal interface ISqlDialect
{
    string Name { get; }

    /// <summary>The literals of the column that marks deleted events.</summary>
    string False { get; }

    string True { get; }

    /// <summary>Checks and completes a connection string; equal results mean the same database.</summary>
    string Normalize(string connectionString);

    /// <summary>Whether the database lives in one connection only, so that reads and writes have to share it.</summary>
    bool NeedsSingleConnection(string connectionString);

    SqlSession Open(string connectionString, bool forWriting);

    string Quote(string schema, string table);

    string Quote(string column);

    /// <summary>Statements that create the tables unless they exist.</summary>
    IReadOnlyList<string> CreateJournal(JournalSettings journal);

    IReadOnlyList<string> CreateSnapshots(SnapshotSettings snapshots);

    /// <summary>Whether the statement, and not the database or the connection, is at fault: a repetition alone makes sense.</summary>
    bool IsConstraintViolation(Exception exception);
}
