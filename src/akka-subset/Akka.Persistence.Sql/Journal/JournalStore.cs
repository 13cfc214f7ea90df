using System.Globalization;
using Akka.Event;
using Akka.Persistence.Sql.Config;
using Akka.Persistence.Sql.Db;

namespace Akka.Persistence.Sql.Journal;

/// <summary>The journal's tables: what is asked of them, as statements, on the threads of the database.</summary>
internal sealed class JournalStore : IDisposable
{
    private readonly JournalSettings _settings;
    private readonly ILoggingAdapter _log;
    private readonly SqlDatabase _database;
    private readonly string _highest;
    private readonly string _highestInMetadata;
    private readonly string _page;
    private int _initializedGeneration;
    private int _waiting;

    public JournalStore(JournalSettings settings, ILoggingAdapter log)
    {
        _settings = settings;
        _log = log;
        _database = SqlDatabase.Acquire(settings.Dialect, settings.ConnectionString);

        var d = settings.Dialect;
        var (pid, nr) = (d.Quote(settings.PersistenceId), d.Quote(settings.SequenceNumber));
        Table = d.Quote(settings.Schema, settings.Table);
        _highest = $"SELECT MAX({nr}) FROM {Table} WHERE {pid} = @pid";
        _highestInMetadata =
            $"SELECT MAX({d.Quote(settings.MetadataSequenceNumber)}) FROM {d.Quote(settings.Schema, settings.MetadataTable)} WHERE {d.Quote(settings.MetadataPersistenceId)} = @pid";
        _page =
            $"SELECT {nr}, {d.Quote(settings.Created)}, {d.Quote(settings.Message)}, {d.Quote(settings.Manifest)}, {d.Quote(settings.Identifier)}"
            + (settings.WritesWriterUuid ? $", {d.Quote(settings.WriterUuid)}" : string.Empty)
            + $" FROM {Table} WHERE {pid} = @pid AND {nr} >= @from AND {nr} <= @to AND {d.Quote(settings.Deleted)} = {d.False} ORDER BY {nr} LIMIT @count";
    }

    private string Table { get; }

    public void Dispose() => _database.Release();

    /// <summary>
    /// Completes when the tables are there and all writes queued so far are decided. A recovery starts with this: it
    /// must not miss a write of the actor's earlier incarnation that is still waiting for the disk.
    /// </summary>
    public Task Settle() => _database.Writer.Run(session =>
    {
        Initialize(session);
        return true;
    });

    public Task Write(IReadOnlyList<JournalRow> rows)
    {
        if (Interlocked.Increment(ref _waiting) > _settings.BufferSize)
        {
            Interlocked.Decrement(ref _waiting);
            return Task.FromException(new InvalidOperationException(
                $"More than {_settings.BufferSize} write requests wait for the database ([{_settings.PluginId}.buffer-size])."));
        }

        var work = new WriteWork(this, rows);
        _database.Writer.Enqueue(work);
        return work.Task;
    }

    public async Task<long> ReadHighest(string persistenceId)
    {
        await Settle().ConfigureAwait(false);
        return await _database.Reader.Run(session => ReadHighest(session, persistenceId)).ConfigureAwait(false);
    }

    /// <summary>Up to a page of rows from a sequence number on, in ascending order.</summary>
    public Task<List<StoredEvent>> ReadPage(string persistenceId, long from, long to, long max) => _database.Reader.Run(session =>
    {
        var page = new List<StoredEvent>();
        using var reader = session.Query(
            _page, ("@pid", persistenceId), ("@from", from), ("@to", to), ("@count", Math.Min(max, _settings.ReplayBatchSize)));
        while (reader.Read())
        {
            page.Add(new StoredEvent(
                reader.GetInt64(0),
                reader.GetInt64(1),
                reader.GetFieldValue<byte[]>(2),
                reader.IsDBNull(3) ? string.Empty : reader.GetString(3),
                reader.IsDBNull(4) ? null : reader.GetInt32(4),
                _settings.WritesWriterUuid && !reader.IsDBNull(5) ? reader.GetString(5) : string.Empty));
        }

        return page;
    });

    public int PageSize => _settings.ReplayBatchSize;

    public Task Delete(string persistenceId, long to) => _database.Writer.Run(session =>
    {
        Initialize(session);
        session.InTransaction(() => Delete(session, persistenceId, to));
        return true;
    });

    private void Delete(SqlSession session, string persistenceId, long to)
    {
        var d = _settings.Dialect;
        var (pid, nr) = (d.Quote(_settings.PersistenceId), d.Quote(_settings.SequenceNumber));
        var last = session.Scalar($"SELECT MAX({nr}) FROM {Table} WHERE {pid} = @pid AND {nr} <= @to", ("@pid", persistenceId), ("@to", to));
        if (last is null or DBNull)
            return;
        var lastNumber = Convert.ToInt64(last, CultureInfo.InvariantCulture);

        // The highest number has to outlive the events: the last one stays, marked, or its number goes elsewhere.
        if (_settings.KeepsMetadata)
        {
            var metadata = d.Quote(_settings.Schema, _settings.MetadataTable);
            var (metadataPid, metadataNr) = (d.Quote(_settings.MetadataPersistenceId), d.Quote(_settings.MetadataSequenceNumber));
            session.Execute($"DELETE FROM {metadata} WHERE {metadataPid} = @pid AND {metadataNr} <= @nr", ("@pid", persistenceId), ("@nr", lastNumber));
            session.Execute($"INSERT INTO {metadata} ({metadataPid}, {metadataNr}) VALUES (@pid, @nr)", ("@pid", persistenceId), ("@nr", lastNumber));
            session.Execute($"DELETE FROM {Table} WHERE {pid} = @pid AND {nr} <= @to", ("@pid", persistenceId), ("@to", lastNumber));
        }
        else
        {
            session.Execute(
                $"UPDATE {Table} SET {d.Quote(_settings.Deleted)} = {d.True} WHERE {pid} = @pid AND {nr} = @nr", ("@pid", persistenceId), ("@nr", lastNumber));
            session.Execute($"DELETE FROM {Table} WHERE {pid} = @pid AND {nr} < @nr", ("@pid", persistenceId), ("@nr", lastNumber));
        }

        if (_settings.WritesTagTable)
        {
            session.Execute(
                $"DELETE FROM {d.Quote(_settings.Schema, _settings.TagTable)} WHERE {d.Quote(_settings.TagPersistenceId)} = @pid AND {d.Quote(_settings.TagSequenceNumber)} <= @nr",
                ("@pid", persistenceId),
                ("@nr", lastNumber));
        }
    }

    private long ReadHighest(SqlSession session, string persistenceId)
    {
        var highest = Number(session.Scalar(_highest, ("@pid", persistenceId)));
        return _settings.KeepsMetadata ? Math.Max(highest, Number(session.Scalar(_highestInMetadata, ("@pid", persistenceId)))) : highest;

        static long Number(object value) => value is null or DBNull ? 0L : Convert.ToInt64(value, CultureInfo.InvariantCulture);
    }

    // Once per connection: after a failure the file may be another one.
    private void Initialize(SqlSession session)
    {
        var generation = _database.Writer.Generation;
        if (_initializedGeneration == generation)
            return;
        if (_settings.AutoInitialize)
        {
            try
            {
                session.InTransaction(() =>
                {
                    foreach (var statement in _settings.Dialect.CreateJournal(_settings))
                        session.Execute(statement);
                });
            }
            catch (Exception cause) when (_settings.WarnOnAutoInitializeFailure)
            {
                _log.Warning("[{0}] cannot create its tables: {1}", _settings.PluginId, cause.Message);
                throw;
            }
        }

        _initializedGeneration = generation;
    }

    private sealed class WriteWork(JournalStore store, IReadOnlyList<JournalRow> rows) : SqlWork
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _done.Task;

        public override bool CanTake(SqlWork next, List<SqlWork> batch)
        {
            if (next is not WriteWork write || !ReferenceEquals(write.Store, store))
                return false;
            var total = write.Rows.Count;
            foreach (var work in batch)
                total += ((WriteWork)work).Rows.Count;
            return total <= store._settings.BatchSize;
        }

        private JournalStore Store => store;

        private IReadOnlyList<JournalRow> Rows => rows;

        public override void Execute(SqlSession session, IReadOnlyList<SqlWork> batch)
        {
            store.Initialize(session);
            try
            {
                Write(session, batch);
            }
            catch (Exception cause) when (batch.Count > 1 && store._settings.Dialect.IsConstraintViolation(cause))
            {
                // One of them is at fault; the others must not pay for it.
                foreach (var work in batch)
                {
                    try
                    {
                        Write(session, [work]);
                    }
                    catch (Exception own) when (store._settings.Dialect.IsConstraintViolation(own))
                    {
                        work.Fail(own);
                    }
                }
            }
        }

        public override void Fail(Exception cause)
        {
            if (_done.TrySetException(cause))
                Interlocked.Decrement(ref store._waiting);
        }

        private void Write(SqlSession session, IReadOnlyList<SqlWork> batch)
        {
            session.InTransaction(() =>
            {
                var inserter = session.InserterFor(store._settings);
                foreach (var work in batch)
                    inserter.Insert(((WriteWork)work).Rows);
            });

            foreach (var work in batch)
                ((WriteWork)work).Succeed();
        }

        private void Succeed()
        {
            if (_done.TrySetResult())
                Interlocked.Decrement(ref store._waiting);
        }
    }
}

/// <summary>An event as read: its serializer's id is missing in rows of very old plugins, which kept a type name instead.</summary>
internal readonly record struct StoredEvent(
    long SequenceNumber, long Created, byte[] Message, string Manifest, int? SerializerId, string WriterUuid);
