namespace Akka.Persistence.Sql.Db;

/// <summary>
/// A thread with a database connection. The drivers block, SQLite's fsync above all; that must not happen on a
/// thread that actors run on.
/// </summary>
internal sealed class SqlWorker
{
    private readonly ISqlDialect _dialect;
    private readonly string _connectionString;
    private readonly bool _forWriting;
    private readonly Queue<SqlWork> _queue = new();
    private SqlSession _session;
    private bool _stopping;

    public SqlWorker(ISqlDialect dialect, string connectionString, bool forWriting)
    {
        _dialect = dialect;
        _connectionString = connectionString;
        _forWriting = forWriting;
        new Thread(Loop)
        {
            IsBackground = true,
            Name = $"akka-sql-{dialect.Name}-{(forWriting ? "writer" : "reader")}",
        }.Start();
    }

    /// <summary>Counts the connections so far: what a plugin did on an earlier one may have to be done again.</summary>
    public int Generation { get; private set; }

    public void Enqueue(SqlWork work)
    {
        lock (_queue)
        {
            if (!_stopping)
            {
                _queue.Enqueue(work);
                Monitor.Pulse(_queue);
                return;
            }
        }

        work.Fail(new ObjectDisposedException(nameof(SqlWorker), "The SQL plugin is stopped."));
    }

    public Task<T> Run<T>(Func<SqlSession, T> function)
    {
        var work = new FunctionWork<T>(function);
        Enqueue(work);
        return work.Task;
    }

    /// <summary>Finishes what is queued, then closes the connection.</summary>
    public void Stop()
    {
        lock (_queue)
        {
            _stopping = true;
            Monitor.Pulse(_queue);
        }
    }

    private void Loop()
    {
        var batch = new List<SqlWork>();
        while (Take(batch))
        {
            try
            {
                _session ??= Open();
                batch[0].Execute(_session, batch);
            }
            catch (Exception cause)
            {
                foreach (var work in batch)
                    work.Fail(cause);

                // What state the connection is in is anybody's guess, unless it was only the statement that the
                // database did not like. The next work opens a new one: a full disk or a lock may be gone by then.
                if (!_dialect.IsConstraintViolation(cause))
                    Close();
            }

            batch.Clear();
        }

        Close();
    }

    // The next piece of work together with those behind it that it can be done with.
    private bool Take(List<SqlWork> batch)
    {
        lock (_queue)
        {
            while (_queue.Count == 0)
            {
                if (_stopping)
                    return false;
                Monitor.Wait(_queue);
            }

            var first = _queue.Dequeue();
            batch.Add(first);
            while (_queue.TryPeek(out var next) && first.CanTake(next, batch))
                batch.Add(_queue.Dequeue());
            return true;
        }
    }

    private SqlSession Open()
    {
        Generation++;
        return _dialect.Open(_connectionString, _forWriting);
    }

    private void Close()
    {
        try
        {
            _session?.Dispose();
        }
        catch (Exception)
        {
            // A broken connection may fail to close; what it held is lost to this process either way.
        }

        _session = null;
    }

    private sealed class FunctionWork<T>(Func<SqlSession, T> function) : SqlWork
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Task => _done.Task;

        public override void Execute(SqlSession session, IReadOnlyList<SqlWork> batch) => _done.SetResult(function(session));

        public override void Fail(Exception cause) => _done.TrySetException(cause);
    }
}

internal abstract class SqlWork
{
    /// <summary>Whether the next piece of work can be done in one go with those in the batch, of which this is the first.</summary>
    public virtual bool CanTake(SqlWork next, List<SqlWork> batch) => false;

    public abstract void Execute(SqlSession session, IReadOnlyList<SqlWork> batch);

    public abstract void Fail(Exception cause);
}
