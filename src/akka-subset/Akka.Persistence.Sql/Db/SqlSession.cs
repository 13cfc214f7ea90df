using System.Data.Common;
using Akka.Persistence.Sql.Config;
using Akka.Persistence.Sql.Journal;

namespace Akka.Persistence.Sql.Db;

/// <summary>One connection with its prepared statements. Used by one thread at a time.</summary>
internal abstract class SqlSession : IDisposable
{
    private readonly Dictionary<string, DbCommand> _commands = new(StringComparer.Ordinal);
    private readonly Dictionary<JournalSettings, IJournalInserter> _inserters = [];

    protected SqlSession(DbConnection connection) => Connection = connection;

    protected DbConnection Connection { get; }

    public abstract void Begin();

    public abstract void Commit();

    public abstract void Rollback();

    public IJournalInserter InserterFor(JournalSettings journal)
    {
        if (!_inserters.TryGetValue(journal, out var inserter))
            _inserters[journal] = inserter = CreateInserter(journal);
        return inserter;
    }

    /// <summary>Runs the action in a transaction: all of it or nothing.</summary>
    public void InTransaction(Action action)
    {
        Begin();
        try
        {
            action();
            Commit();
        }
        catch
        {
            try
            {
                Rollback();
            }
            catch (DbException)
            {
                // The database rolls back on its own when it can no longer do what it is told.
            }

            throw;
        }
    }

    public int Execute(string sql, params ReadOnlySpan<(string Name, object Value)> parameters) =>
        Prepare(sql, parameters).ExecuteNonQuery();

    public object Scalar(string sql, params ReadOnlySpan<(string Name, object Value)> parameters) =>
        Prepare(sql, parameters).ExecuteScalar();

    public DbDataReader Query(string sql, params ReadOnlySpan<(string Name, object Value)> parameters) =>
        Prepare(sql, parameters).ExecuteReader();

    public void Dispose()
    {
        foreach (var inserter in _inserters.Values)
            inserter.Dispose();
        foreach (var command in _commands.Values)
            command.Dispose();
        DisposeStatements();
        Connection.Dispose();
    }

    protected virtual void DisposeStatements()
    {
    }

    protected abstract IJournalInserter CreateInserter(JournalSettings journal);

    protected abstract DbCommand CreateCommand(string sql);

    private DbCommand Prepare(string sql, ReadOnlySpan<(string Name, object Value)> parameters)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = CreateCommand(sql);
            foreach (var (name, _) in parameters)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                command.Parameters.Add(parameter);
            }

            _commands[sql] = command;
        }

        for (var i = 0; i < parameters.Length; i++)
            command.Parameters[i].Value = parameters[i].Value ?? DBNull.Value;
        return command;
    }
}

/// <summary>Appends rows to the journal table, and their tags to the tag table.</summary>
internal interface IJournalInserter : IDisposable
{
    void Insert(IReadOnlyList<JournalRow> rows);
}
