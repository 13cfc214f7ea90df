using System.Data.Common;
using Akka.Persistence.Sql.Config;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Akka.Persistence.Sql.Db.Sqlite;

internal sealed class SqliteSession : SqlSession
{
    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _begin;
    private readonly sqlite3_stmt _commit;
    private readonly sqlite3_stmt _rollback;

    public SqliteSession(SqliteConnection connection, int busyTimeoutSeconds, bool forWriting)
        : base(connection)
    {
        _connection = connection;
        // SQLite's own waiting is finer than the driver's, which sleeps between attempts.
        raw.sqlite3_busy_timeout(connection.Handle, busyTimeoutSeconds * 1000);
        if (forWriting)
        {
            // Readers and the writer do not lock each other out, and a commit is one fsync. FULL is that fsync:
            // what is acknowledged survives a loss of power.
            Pragma("journal_mode = WAL");
            Pragma("synchronous = FULL");
        }

        _begin = PrepareRaw("BEGIN IMMEDIATE");
        _commit = PrepareRaw("COMMIT");
        _rollback = PrepareRaw("ROLLBACK");
    }

    private sqlite3 Handle => _connection.Handle;

    public override void Begin() => RunRaw(_begin);

    public override void Commit() => RunRaw(_commit);

    public override void Rollback() => RunRaw(_rollback);

    protected override IJournalInserter CreateInserter(JournalSettings journal) => new SqliteInserter(Handle, journal);

    protected override DbCommand CreateCommand(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        // The waiting is done by SQLite; the driver has nothing to add.
        command.CommandTimeout = 1;
        return command;
    }

    private void Pragma(string pragma)
    {
        using var command = CreateCommand("PRAGMA " + pragma);
        command.ExecuteNonQuery();
    }

    private sqlite3_stmt PrepareRaw(string sql)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(Handle, sql, out var statement), Handle);
        return statement;
    }

    private void RunRaw(sqlite3_stmt statement)
    {
        var result = raw.sqlite3_step(statement);
        // The error text belongs to the connection and is gone after the reset.
        try
        {
            if (result != raw.SQLITE_DONE)
                SqliteException.ThrowExceptionForRC(result, Handle);
        }
        finally
        {
            raw.sqlite3_reset(statement);
        }
    }

    protected override void DisposeStatements()
    {
        _begin?.Dispose();
        _commit?.Dispose();
        _rollback?.Dispose();
    }
}
