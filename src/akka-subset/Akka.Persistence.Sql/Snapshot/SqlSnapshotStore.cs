using Akka.Actor;
using Akka.Event;
using Akka.Persistence.Snapshot;
using Akka.Persistence.Sql.Config;
using Akka.Persistence.Sql.Db;

namespace Akka.Persistence.Sql.Snapshot;

/// <summary>A snapshot store in a SQL table; failures are reported as by the SQL journal.</summary>
public class SqlSnapshotStore : SnapshotStore
{
    public static readonly Akka.Configuration.Config DefaultConfiguration = SqlPersistence.DefaultSnapshotConfiguration;

    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Akka.Configuration.Config _config;
    private SnapshotSettings _settings;
    private SqlDatabase _database;
    private Exception _misconfigured;
    private int _initializedGeneration;

    public SqlSnapshotStore(Akka.Configuration.Config snapshotConfig) => _config = snapshotConfig.WithFallback(DefaultConfiguration);

    protected override async Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        // The table has to be there, and what is being saved or deleted has to be done.
        await Settle().ConfigureAwait(false);
        var d = _settings.Dialect;
        var nr = d.Quote(_settings.SequenceNumber);
        var sql =
            $"SELECT {nr}, {d.Quote(_settings.Created)}, {d.Quote(_settings.Snapshot)}, {d.Quote(_settings.Manifest)}, {d.Quote(_settings.SerializerId)} FROM {Table} WHERE {Matches} ORDER BY {nr} DESC LIMIT 1";
        var row = await _database.Reader.Run(session =>
        {
            using var reader = session.Query(
                sql,
                ("@pid", persistenceId),
                ("@max", criteria.MaxSequenceNr),
                ("@before", criteria.MaxTimeStamp.Ticks));
            return reader.Read()
                ? (Row?)new Row(
                    reader.GetInt64(0),
                    reader.GetInt64(1),
                    reader.IsDBNull(2) ? [] : reader.GetFieldValue<byte[]>(2),
                    reader.IsDBNull(3) ? string.Empty : reader.GetString(3),
                    reader.IsDBNull(4) ? null : reader.GetInt32(4))
                : null;
        }).ConfigureAwait(false);

        return row is { } found
            ? new SelectedSnapshot(
                new SnapshotMetadata(persistenceId, found.SequenceNumber, new DateTime(found.Created, DateTimeKind.Utc)), Deserialize(found))
            : null;
    }

    protected override async Task SaveAsync(SnapshotMetadata metadata, object snapshot)
    {
        var database = Database();
        var serializer = _system.Serialization.FindSerializerForType(snapshot.GetType(), _settings.DefaultSerializer);
        var bytes = Akka.Serialization.Serialization.WithTransport(
            _system, (serializer, snapshot), static s => s.serializer.ToBinary(s.snapshot));
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, snapshot) ?? string.Empty;
        var d = _settings.Dialect;
        var (pid, nr) = (d.Quote(_settings.PersistenceId), d.Quote(_settings.SequenceNumber));
        var delete = $"DELETE FROM {Table} WHERE {pid} = @pid AND {nr} = @nr";
        var insert =
            $"INSERT INTO {Table} ({pid}, {nr}, {d.Quote(_settings.Created)}, {d.Quote(_settings.Snapshot)}, {d.Quote(_settings.Manifest)}, {d.Quote(_settings.SerializerId)}) VALUES (@pid, @nr, @created, @snapshot, @manifest, @serializer)";
        await database.Writer.Run(session =>
        {
            Initialize(session);
            session.InTransaction(() =>
            {
                session.Execute(delete, ("@pid", metadata.PersistenceId), ("@nr", metadata.SequenceNr));
                session.Execute(
                    insert,
                    ("@pid", metadata.PersistenceId),
                    ("@nr", metadata.SequenceNr),
                    ("@created", metadata.Timestamp.Ticks),
                    ("@snapshot", bytes),
                    ("@manifest", manifest),
                    ("@serializer", serializer.Identifier));
            });
            return true;
        }).ConfigureAwait(false);
    }

    protected override async Task DeleteAsync(SnapshotMetadata metadata)
    {
        var database = Database();
        var d = _settings.Dialect;
        var sql = $"DELETE FROM {Table} WHERE {d.Quote(_settings.PersistenceId)} = @pid AND {d.Quote(_settings.SequenceNumber)} = @nr";
        await database.Writer.Run(session =>
        {
            Initialize(session);
            return session.Execute(sql, ("@pid", metadata.PersistenceId), ("@nr", metadata.SequenceNr));
        }).ConfigureAwait(false);
    }

    protected override async Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        var database = Database();
        var sql = $"DELETE FROM {Table} WHERE {Matches}";
        await database.Writer.Run(session =>
        {
            Initialize(session);
            return session.Execute(
                sql,
                ("@pid", persistenceId),
                ("@max", criteria.MaxSequenceNr),
                ("@before", criteria.MaxTimeStamp.Ticks));
        }).ConfigureAwait(false);
    }

    protected override void PreStart()
    {
        base.PreStart();
        try
        {
            _settings = new SnapshotSettings(_config);
            _database = SqlDatabase.Acquire(_settings.Dialect, _settings.ConnectionString);
            var database = _database;
            Context.ActorOf(Props.Create(() => new DatabaseLease(database)), "database");
        }
        catch (Exception cause)
        {
            _misconfigured = cause;
            _log.Error(cause, "SQL snapshot store [{0}] cannot start: {1}", Self.Path.Name, cause.Message);
            return;
        }

        _ = ReportTrouble(Settle(), _log, Self.Path.Name);
    }

    private string Table => _settings.Dialect.Quote(_settings.Schema, _settings.Table);

    /// <summary>The lower ends of criteria do not count here: the table is asked for upper ones only.</summary>
    private string Matches
    {
        get
        {
            var d = _settings.Dialect;
            var (nr, created) = (d.Quote(_settings.SequenceNumber), d.Quote(_settings.Created));
            return $"{d.Quote(_settings.PersistenceId)} = @pid AND {nr} <= @max AND {created} <= @before";
        }
    }

    private static async Task ReportTrouble(Task settled, ILoggingAdapter log, string pluginId)
    {
        try
        {
            await settled.ConfigureAwait(false);
        }
        catch (Exception cause)
        {
            log.Error(cause, "SQL snapshot store [{0}] cannot use its database: {1}", pluginId, cause.Message);
        }
    }

    private SqlDatabase Database() =>
        _database ?? throw new InvalidOperationException($"The SQL snapshot store could not start: {_misconfigured?.Message}", _misconfigured);

    private Task Settle() => Database().Writer.Run(session =>
    {
        Initialize(session);
        return true;
    });

    private void Initialize(SqlSession session)
    {
        var generation = _database.Writer.Generation;
        if (_initializedGeneration == generation)
            return;
        if (_settings.AutoInitialize)
        {
            session.InTransaction(() =>
            {
                foreach (var statement in _settings.Dialect.CreateSnapshots(_settings))
                    session.Execute(statement);
            });
        }

        _initializedGeneration = generation;
    }

    private object Deserialize(Row row)
    {
        if (row.SerializerId is { } id)
            return _system.Serialization.Deserialize(row.Bytes, id, row.Manifest);
        var type = Type.GetType(row.Manifest, throwOnError: true);
        return _system.Serialization.FindSerializerForType(type, _settings.DefaultSerializer).FromBinary(row.Bytes, type);
    }

    private readonly record struct Row(long SequenceNumber, long Created, byte[] Bytes, string Manifest, int? SerializerId);
}
