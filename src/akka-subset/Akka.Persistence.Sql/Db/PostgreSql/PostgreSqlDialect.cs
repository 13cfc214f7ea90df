using Akka.Persistence.Sql.Config;
using Npgsql;

namespace Akka.Persistence.Sql.Db.PostgreSql;

internal sealed class PostgreSqlDialect : ISqlDialect
{
    public static readonly PostgreSqlDialect Instance = new();

    // Below the circuit breaker's call timeout, so that a server that hangs is reported as just that.
    private const int ConnectTimeoutSeconds = 5;
    private const int CommandTimeoutSeconds = 15;

    private const string IntegrityConstraintViolations = "23";

    private PostgreSqlDialect()
    {
    }

    public string Name => "postgresql";

    public string False => "FALSE";

    public string True => "TRUE";

    public string Normalize(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        if (!builder.ShouldSerialize("Timeout"))
            builder.Timeout = ConnectTimeoutSeconds;
        if (!builder.ShouldSerialize("Command Timeout"))
            builder.CommandTimeout = CommandTimeoutSeconds;
        if (!builder.ShouldSerialize("Max Auto Prepare"))
        {
            builder.MaxAutoPrepare = 32;
            builder.AutoPrepareMinUsages = 2;
        }

        // A worker keeps its one connection; a pool would hand a broken one out again.
        builder.Pooling = false;
        return builder.ConnectionString;
    }

    public bool NeedsSingleConnection(string connectionString) => false;

    public SqlSession Open(string connectionString, bool forWriting)
    {
        var connection = new NpgsqlConnection(connectionString);
        try
        {
            connection.Open();
            return new PostgreSqlSession(connection, forWriting);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public string Quote(string schema, string table) => schema is null ? Quote(table) : Quote(schema) + "." + Quote(table);

    public string Quote(string column) => "\"" + column.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public IReadOnlyList<string> CreateJournal(JournalSettings journal)
    {
        var columns = new List<string>
        {
            $"{Quote(journal.Ordering)} bigserial NOT NULL PRIMARY KEY",
            $"{Quote(journal.Created)} bigint NOT NULL",
            $"{Quote(journal.Deleted)} boolean NOT NULL",
            $"{Quote(journal.PersistenceId)} varchar(255) NOT NULL",
            $"{Quote(journal.SequenceNumber)} bigint NOT NULL",
            $"{Quote(journal.Message)} bytea NOT NULL",
        };
        if (journal.WritesTagColumn)
            columns.Add($"{Quote(journal.Tags)} varchar(100) NULL");
        columns.Add($"{Quote(journal.Manifest)} varchar(500) NULL");
        columns.Add($"{Quote(journal.Identifier)} integer NULL");
        if (journal.WritesWriterUuid)
            columns.Add($"{Quote(journal.WriterUuid)} varchar(128) NULL");
        var table = Quote(journal.Schema, journal.Table);

        var statements = new List<string>
        {
            CreateTable(table, columns),
            CreateIndex(journal.Schema, journal.Table, $"{journal.Table}_uq", unique: true, journal.PersistenceId, journal.SequenceNumber),
            CreateIndex(journal.Schema, journal.Table, $"{journal.Table}_{journal.SequenceNumber}_idx", unique: false, journal.SequenceNumber),
            CreateIndex(journal.Schema, journal.Table, $"{journal.Table}_{journal.Created}_idx", unique: false, journal.Created),
        };

        if (journal.WritesTagTable)
        {
            statements.Add(CreateTable(
                Quote(journal.Schema, journal.TagTable),
                [
                    $"{Quote(journal.TagOrdering)} bigint NOT NULL",
                    $"{Quote(journal.TagValue)} varchar(64) NOT NULL",
                    $"{Quote(journal.TagSequenceNumber)} bigint NOT NULL",
                    $"{Quote(journal.TagPersistenceId)} varchar(255) NOT NULL",
                    $"PRIMARY KEY ({Quote(journal.TagOrdering)}, {Quote(journal.TagValue)})",
                ]));
            statements.Add(CreateIndex(
                journal.Schema, journal.TagTable, $"{journal.TagTable}_{journal.TagPersistenceId}_{journal.TagSequenceNumber}_idx", unique: false, journal.TagPersistenceId, journal.TagSequenceNumber));
            statements.Add(CreateIndex(journal.Schema, journal.TagTable, $"{journal.TagTable}_{journal.TagValue}_idx", unique: false, journal.TagValue));
        }

        if (journal.KeepsMetadata)
        {
            statements.Add(CreateTable(
                Quote(journal.Schema, journal.MetadataTable),
                [
                    $"{Quote(journal.MetadataPersistenceId)} varchar(255) NOT NULL",
                    $"{Quote(journal.MetadataSequenceNumber)} bigint NOT NULL",
                    $"PRIMARY KEY ({Quote(journal.MetadataSequenceNumber)}, {Quote(journal.MetadataPersistenceId)})",
                ]));
        }

        return statements;
    }

    public IReadOnlyList<string> CreateSnapshots(SnapshotSettings snapshots) =>
    [
        CreateTable(
            Quote(snapshots.Schema, snapshots.Table),
            [
                $"{Quote(snapshots.PersistenceId)} varchar(255) NOT NULL",
                $"{Quote(snapshots.SequenceNumber)} bigint NOT NULL",
                $"{Quote(snapshots.Created)} bigint NOT NULL",
                $"{Quote(snapshots.Snapshot)} bytea NULL",
                $"{Quote(snapshots.Manifest)} varchar(500) NULL",
                $"{Quote(snapshots.SerializerId)} integer NULL",
                $"PRIMARY KEY ({Quote(snapshots.PersistenceId)}, {Quote(snapshots.SequenceNumber)})",
            ]),
        CreateIndex(snapshots.Schema, snapshots.Table, $"{snapshots.Table}_{snapshots.SequenceNumber}_idx", unique: false, snapshots.SequenceNumber),
        CreateIndex(snapshots.Schema, snapshots.Table, $"{snapshots.Table}_{snapshots.Created}_idx", unique: false, snapshots.Created),
    ];

    public bool IsConstraintViolation(Exception exception) =>
        exception is PostgresException { SqlState: { } state } && state.StartsWith(IntegrityConstraintViolations, StringComparison.Ordinal);

    private static string CreateTable(string table, IEnumerable<string> columns) =>
        $"CREATE TABLE IF NOT EXISTS {table} ({string.Join(", ", columns)})";

    // An index lives in its table's schema; only its bare name may stand here.
    private string CreateIndex(string schema, string table, string name, bool unique, params string[] columns) =>
        $"CREATE {(unique ? "UNIQUE " : string.Empty)}INDEX IF NOT EXISTS {Quote(name)} ON {Quote(schema, table)} ({string.Join(", ", columns.Select(Quote))})";
}
