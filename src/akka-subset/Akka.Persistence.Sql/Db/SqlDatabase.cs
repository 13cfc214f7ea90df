namespace Akka.Persistence.Sql.Db;

/// <summary>
/// The writer and the reader of one database. All plugins of the process that name the same database share them: two
/// writers would only wait for each other's locks.
/// </summary>
internal sealed class SqlDatabase
{
    private static readonly Dictionary<(ISqlDialect, string), SqlDatabase> s_open = [];

    private readonly (ISqlDialect, string) _key;
    private int _users;

    private SqlDatabase(ISqlDialect dialect, string connectionString)
    {
        _key = (dialect, connectionString);
        Writer = new SqlWorker(dialect, connectionString, forWriting: true);
        Reader = dialect.NeedsSingleConnection(connectionString)
            ? Writer
            : new SqlWorker(dialect, connectionString, forWriting: false);
    }

    public SqlWorker Writer { get; }

    public SqlWorker Reader { get; }

    public static SqlDatabase Acquire(ISqlDialect dialect, string connectionString)
    {
        var key = (dialect, dialect.Normalize(connectionString));
        lock (s_open)
        {
            if (!s_open.TryGetValue(key, out var database))
                s_open[key] = database = new SqlDatabase(dialect, key.Item2);
            database._users++;
            return database;
        }
    }

    public void Release()
    {
        lock (s_open)
        {
            if (--_users > 0)
                return;
            s_open.Remove(_key);
        }

        Writer.Stop();
        Reader.Stop();
    }
}
