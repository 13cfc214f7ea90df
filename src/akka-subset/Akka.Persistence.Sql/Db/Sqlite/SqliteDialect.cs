using System.Text;
using Akka.Persistence.Sql.Config;
using Microsoft.Data.Sqlite;

namespace Akka.Persistence.Sql.Db.Sqlite;

internal sealed class SqliteDialect : ISqlDialect
{
    public static readonly SqliteDialect Instance = new();

    private const int ConstraintViolation = 19;

    // Below the circuit breaker's call timeout, so that a locked file is reported as just that.
    private const int BusyTimeoutSeconds = 5;

    private SqliteDialect() => SQLitePCL.Batteries_V2.Init();

    public string Name => "sqlite";

    public string False => "0";

    public string True => "1";

    public string Normalize(string connectionString)
    {
        var builder = new SqliteConnectionStringBuilder(connectionString);
        if (!IsInMemory(builder) && !builder.DataSource.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            builder.DataSource = Path.GetFullPath(builder.DataSource);
        if (!connectionString.Contains("Default Timeout", StringComparison.OrdinalIgnoreCase)
            && !connectionString.Contains("Command Timeout", StringComparison.OrdinalIgnoreCase))
        {
            builder.DefaultTimeout = BusyTimeoutSeconds;
        }

        // Pooled connections would keep the file open after the plugin has let go of it.
        builder.Pooling = false;
        return builder.ToString();
    }

    public bool NeedsSingleConnection(string connectionString) => IsInMemory(new SqliteConnectionStringBuilder(connectionString));

    public SqlSession Open(string connectionString, bool forWriting)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            return new SqliteSession(connection, connection.DefaultTimeout, forWriting);
        }
        catch (SqliteException cause)
        {
            connection.Dispose();
            // SQLite does not say which file.
            throw new SqliteException(
                $"{cause.Message.TrimEnd('.')}, database [{connection.DataSource}].", cause.SqliteErrorCode, cause.SqliteExtendedErrorCode);
        }
    }

    // SQLite has no schemas in this sense.
    public string Quote(string schema, string table) => Quote(table);

    public string Quote(string column) => "[" + column + "]";

    public IReadOnlyList<string> CreateJournal(JournalSettings journal)
    {
        const int typeWidth = 14;
        var columns = new List<string[]>
        {
            new[] { journal.Ordering, "INTEGER", "NOT NULL PRIMARY KEY AUTOINCREMENT" },
            new[] { journal.Created, "BigInt", "NOT NULL" },
            new[] { journal.Deleted, "Bit", "NOT NULL" },
            new[] { journal.PersistenceId, "NVarChar(255)", "NOT NULL" },
            new[] { journal.SequenceNumber, "BigInt", "NOT NULL" },
            new[] { journal.Message, "VarBinary", "NOT NULL" },
        };
        if (journal.WritesTagColumn)
            columns.Add([journal.Tags, "NVarChar(100)", "    NULL"]);
        columns.Add([journal.Manifest, "NVarChar(500)", "    NULL"]);
        columns.Add([journal.Identifier, "INTEGER", "    NULL"]);
        if (journal.WritesWriterUuid)
            columns.Add([journal.WriterUuid, "NVarChar(128)", "    NULL"]);

        var statements = new List<string>
        {
            CreateTable(journal.Table, columns, typeWidth, null),
            $"CREATE UNIQUE INDEX IF NOT EXISTS {journal.Table}_uq ON {journal.Table} ({journal.PersistenceId}, {journal.SequenceNumber})",
            $"CREATE INDEX IF NOT EXISTS {journal.Table}_{journal.SequenceNumber}_idx ON {journal.Table} ({journal.SequenceNumber})",
            $"CREATE INDEX IF NOT EXISTS {journal.Table}_{journal.Created}_idx ON {journal.Table} ({journal.Created})",
        };

        if (journal.WritesTagTable)
        {
            statements.Add(CreateTable(
                journal.TagTable,
                [
                    [journal.TagOrdering, "INTEGER", "NOT NULL"],
                    [journal.TagValue, "NVarChar(64)", "NOT NULL"],
                    [journal.TagSequenceNumber, "INTEGER", "NOT NULL"],
                    [journal.TagPersistenceId, "NVarChar(255)", "NOT NULL"],
                ],
                typeWidth - 1,
                [journal.TagOrdering, journal.TagValue]));
            statements.Add(
                $"CREATE INDEX IF NOT EXISTS {journal.TagTable}_{journal.TagPersistenceId}_{journal.TagSequenceNumber}_idx ON {journal.TagTable} ({journal.TagPersistenceId}, {journal.TagSequenceNumber})");
            statements.Add(
                $"CREATE INDEX IF NOT EXISTS {journal.TagTable}_{journal.TagValue}_idx ON {journal.TagTable} ({journal.TagValue})");
        }

        if (journal.KeepsMetadata)
        {
            statements.Add(CreateTable(
                journal.MetadataTable,
                [
                    [journal.MetadataPersistenceId, "NVarChar(255)", "NOT NULL"],
                    [journal.MetadataSequenceNumber, "BigInt", "NOT NULL"],
                ],
                typeWidth - 1,
                [journal.MetadataSequenceNumber, journal.MetadataPersistenceId]));
        }

        return statements;
    }

    public IReadOnlyList<string> CreateSnapshots(SnapshotSettings snapshots) =>
    [
        CreateTable(
            snapshots.Table,
            [
                [snapshots.PersistenceId, "NVarChar(255)", "NOT NULL"],
                [snapshots.SequenceNumber, "BigInt", "NOT NULL"],
                [snapshots.Created, "BigInt", "NOT NULL"],
                [snapshots.Snapshot, "VarBinary", "    NULL"],
                [snapshots.Manifest, "NVarChar(500)", "    NULL"],
                [snapshots.SerializerId, "INTEGER", "    NULL"],
            ],
            13,
            [snapshots.PersistenceId, snapshots.SequenceNumber]),
        $"CREATE INDEX IF NOT EXISTS {snapshots.Table}_{snapshots.SequenceNumber}_idx ON {snapshots.Table} ({snapshots.SequenceNumber})",
        $"CREATE INDEX IF NOT EXISTS {snapshots.Table}_{snapshots.Created}_idx ON {snapshots.Table} ({snapshots.Created})",
    ];

    public bool IsConstraintViolation(Exception exception) => exception is SqliteException { SqliteErrorCode: ConstraintViolation };

    // Laid out as the tables of a file written by the plugin that users know, down to the blanks, so that a
    // comparison of two schemas shows no difference.
    private static string CreateTable(string table, IReadOnlyList<string[]> columns, int typeWidth, string[] primaryKey)
    {
        var nameWidth = columns.Max(column => column[0].Length) + 2;
        var sql = new StringBuilder("CREATE TABLE IF NOT EXISTS [").Append(table).Append("]\n(\n");
        for (var i = 0; i < columns.Count; i++)
        {
            sql.Append('\t').Append(("[" + columns[i][0] + "]").PadRight(nameWidth)).Append(' ')
                .Append(columns[i][1].PadRight(typeWidth)).Append(' ').Append(columns[i][2]);
            if (i < columns.Count - 1 || primaryKey is not null)
                sql.Append(',');
            sql.Append('\n');
        }

        if (primaryKey is not null)
        {
            sql.Append("\n\tCONSTRAINT [PK_").Append(table).Append("] PRIMARY KEY (")
                .AppendJoin(", ", primaryKey.Select(column => "[" + column + "]")).Append(")\n");
        }

        return sql.Append(')').ToString();
    }

    private static bool IsInMemory(SqliteConnectionStringBuilder builder) =>
        builder.Mode == SqliteOpenMode.Memory
        || builder.DataSource.Length == 0
        || builder.DataSource.Contains(":memory:", StringComparison.OrdinalIgnoreCase)
        || builder.DataSource.Contains("mode=memory", StringComparison.OrdinalIgnoreCase);
}
