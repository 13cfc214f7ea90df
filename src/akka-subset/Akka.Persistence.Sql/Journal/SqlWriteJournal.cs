using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence.Journal;
using Akka.Persistence.Sql.Config;
using Akka.Serialization;

namespace Akka.Persistence.Sql.Journal;

/// <summary>
/// A journal in SQL tables. Configuration that makes no sense and a database that cannot be used are logged as
/// errors at the start, and every request is answered with the reason until it is gone.
/// </summary>
public class SqlWriteJournal : AsyncWriteJournal
{
    public static readonly Akka.Configuration.Config DefaultConfiguration = SqlPersistence.DefaultJournalConfiguration;

    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Akka.Configuration.Config _config;
    private JournalSettings _settings;
    private JournalStore _store;
    private Exception _misconfigured;

    public SqlWriteJournal(Akka.Configuration.Config journalConfig) => _config = journalConfig.WithFallback(DefaultConfiguration);

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr) =>
        await Store().ReadHighest(persistenceId).ConfigureAwait(false);

    public override async Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback)
    {
        var store = Store();
        var next = fromSequenceNr;
        var left = max;
        while (left > 0 && next <= toSequenceNr)
        {
            var page = await store.ReadPage(persistenceId, next, toSequenceNr, left).ConfigureAwait(false);
            foreach (var stored in page)
                recoveryCallback(Represent(persistenceId, stored));
            if (page.Count < Math.Min(left, store.PageSize))
                return;
            left -= page.Count;
            next = page[^1].SequenceNumber + 1;
        }
    }

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var store = Store();
        var (rows, rejections) = Akka.Serialization.Serialization.WithTransport(
            _system, (Journal: this, Messages: messages), static s => s.Journal.ToRows(s.Messages));
        if (rows.Count > 0)
            await store.Write(rows).ConfigureAwait(false);
        return rejections;
    }

    protected override async Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr) =>
        await Store().Delete(persistenceId, toSequenceNr).ConfigureAwait(false);

    protected override void PreStart()
    {
        base.PreStart();
        try
        {
            _settings = new JournalSettings(_config);
            _store = new JournalStore(_settings, _log);
        }
        catch (Exception cause)
        {
            _misconfigured = cause;
            _log.Error(cause, "SQL journal [{0}] cannot start: {1}", Self.Path.Name, cause.Message);
            return;
        }

        _ = ReportTrouble(_store.Settle(), _log, Self.Path.Name);
    }

    protected override void PostStop()
    {
        _store?.Dispose();
        base.PostStop();
    }

    private static async Task ReportTrouble(Task settled, ILoggingAdapter log, string pluginId)
    {
        try
        {
            await settled.ConfigureAwait(false);
        }
        catch (Exception cause)
        {
            log.Error(cause, "SQL journal [{0}] cannot use its database: {1}", pluginId, cause.Message);
        }
    }

    private JournalStore Store() =>
        _store ?? throw new InvalidOperationException($"The SQL journal could not start: {_misconfigured?.Message}", _misconfigured);

    private (List<JournalRow> Rows, IImmutableList<Exception> Rejections) ToRows(IEnumerable<AtomicWrite> writes)
    {
        var rows = new List<JournalRow>();
        ImmutableArray<Exception>.Builder rejections = null;
        var index = 0;
        var count = writes.TryGetNonEnumeratedCount(out var known) ? known : 4;
        foreach (var write in writes)
        {
            var before = rows.Count;
            try
            {
                foreach (var e in (IImmutableList<IPersistentRepresentation>)write.Payload)
                    rows.Add(ToRow(e));
                rejections?.Add(null);
            }
            catch (Exception cause)
            {
                // What cannot be serialized cannot be stored: this write is refused, the others are not concerned.
                rows.RemoveRange(before, rows.Count - before);
                if (rejections is null)
                {
                    rejections = ImmutableArray.CreateBuilder<Exception>(count);
                    for (var i = 0; i < index; i++)
                        rejections.Add(null);
                }

                rejections.Add(cause);
            }

            index++;
        }

        return (rows, rejections?.ToImmutable());
    }

    private JournalRow ToRow(IPersistentRepresentation e)
    {
        IReadOnlyCollection<string> tags = [];
        var payload = e.Payload;
        if (payload is Tagged tagged)
        {
            payload = tagged.Payload;
            tags = tagged.Tags;
        }

        var serializer = _system.Serialization.FindSerializerForType(payload.GetType(), _settings.DefaultSerializer);
        return new JournalRow
        {
            PersistenceId = e.PersistenceId,
            SequenceNumber = e.SequenceNr,
            Created = e.Timestamp > 0 ? e.Timestamp : DateTime.UtcNow.Ticks,
            Message = serializer.ToBinary(payload),
            Manifest = Akka.Serialization.Serialization.ManifestFor(serializer, payload) ?? string.Empty,
            SerializerId = serializer.Identifier,
            WriterUuid = e.WriterGuid,
            Tags = tags,
        };
    }

    private Persistent Represent(string persistenceId, StoredEvent stored)
    {
        object payload;
        if (stored.SerializerId is { } id)
        {
            payload = _system.Serialization.Deserialize(stored.Message, id, stored.Manifest);
        }
        else
        {
            var type = Type.GetType(stored.Manifest, throwOnError: true);
            payload = _system.Serialization.FindSerializerForType(type, _settings.DefaultSerializer).FromBinary(stored.Message, type);
        }

        return new Persistent(
            payload, stored.SequenceNumber, persistenceId, stored.Manifest, writerGuid: stored.WriterUuid, timestamp: stored.Created);
    }
}
