using System.Data.Common;
using Akka.Persistence.Sql.Config;
using Npgsql;

namespace Akka.Persistence.Sql.Db.PostgreSql;

internal sealed class PostgreSqlSession : SqlSession
{
    private readonly NpgsqlConnection _connection;
    private NpgsqlTransaction _transaction;

    public PostgreSqlSession(NpgsqlConnection connection, bool forWriting)
        : base(connection)
    {
        _connection = connection;
        if (forWriting)
        {
            // A server or role may have this off by default, and would then acknowledge what a crash loses.
            var commit = (string)Scalar("SHOW synchronous_commit");
            if (string.Equals(commit, "off", StringComparison.OrdinalIgnoreCase))
                Execute("SET synchronous_commit TO on");
        }
    }

    // Costs no round trip: the driver sends it with the first statement.
    public override void Begin() => _transaction = _connection.BeginTransaction();

    public override void Commit()
    {
        _transaction.Commit();
        End();
    }

    public override void Rollback()
    {
        try
        {
            _transaction?.Rollback();
        }
        catch (InvalidOperationException)
        {
            // A commit whose outcome is unknown has ended the transaction; the commit's own error is the one to report.
        }

        End();
    }

    protected override IJournalInserter CreateInserter(JournalSettings journal) => new PostgreSqlInserter(_connection, journal);

    protected override DbCommand CreateCommand(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    private void End()
    {
        _transaction?.Dispose();
        _transaction = null;
    }
}
