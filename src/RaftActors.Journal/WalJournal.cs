// The base class says nothing about null; what it expects is in the documentation of each method.
#nullable disable
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Journal;
using RaftActors.Journal.Wal;

namespace RaftActors.Journal;

/// <summary>
/// Akka.Persistence journal on one write-ahead log for all persistent actors of the node (plugin id <c>raft-actors.journal.wal</c>).
/// What waits together is written and synced together; nothing is acknowledged before it is durable.
/// </summary>
public sealed partial class WalJournal : AsyncWriteJournal
{
    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly WalSettings _settings;
    private readonly string _defaultSerializer;
    private readonly PayloadBytes _bytes;
    private Task<WriteAheadLog> _opening;
    private volatile WriteAheadLog _opened;

    /// <summary>Created by Akka.Persistence with the plugin's section of the configuration.</summary>
    /// <exception cref="ConfigurationException">A setting makes no sense.</exception>
    public WalJournal(Config journalConfig)
    {
        Config config = journalConfig.WithFallback(RaftJournal.DefaultConfig().GetConfig(RaftJournal.JournalPluginId));
        _settings = WalSettings.From(config);
        _defaultSerializer = config.GetString("serializer", null);
        _bytes = new PayloadBytes(_system);
    }

    /// <inheritdoc/>
    public override async Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback)
    {
        WriteAheadLog log = await _opening.ConfigureAwait(false);
        await log.ReadAsync(persistenceId, fromSequenceNr, toSequenceNr, max, e => recoveryCallback(new Persistent(
            _system.Serialization.Deserialize(e.Payload, e.SerializerId, e.Manifest),
            e.SequenceNr,
            persistenceId,
            e.AdapterManifest,
            writerGuid: e.Writer,
            timestamp: e.Ticks))).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        _opening = WriteAheadLog.OpenAsync(_settings, null, Report);
        _ = ReportFailureAsync(_opening, _log);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _ = CloseAsync(_opening);
        base.PostStop();
    }

    private async Task<long> HighestAsync(string persistenceId)
    {
        WriteAheadLog log = await _opening.ConfigureAwait(false);
        return await log.HighestAsync(persistenceId).ConfigureAwait(false);
    }

    private Task<IImmutableList<Exception>> WriteAsync(IEnumerable<AtomicWrite> messages)
    {
        List<EventToWrite[]> writes = new(messages.TryGetNonEnumeratedCount(out int count) ? count : 0);
        string persistenceId = null;
        ImmutableArray<Exception>.Builder rejections = null;
        int index = 0;
        foreach (AtomicWrite message in messages)
        {
            persistenceId ??= message.PersistenceId;
            if (!string.Equals(persistenceId, message.PersistenceId, StringComparison.Ordinal))
            {
                return Task.FromException<IImmutableList<Exception>>(new JournalException($"One request writes for [{persistenceId}] and for [{message.PersistenceId}]."));
            }

            Exception rejection = null;
            try
            {
                writes.Add(Serialize(message));
            }
            catch (Exception e)
            {
                // What cannot be serialized cannot be stored: this write is rejected, the others are not concerned.
                rejection = e;
            }

            if (rejection is not null && rejections is null)
            {
                rejections = ImmutableArray.CreateBuilder<Exception>();
                for (int i = 0; i < index; i++)
                {
                    rejections.Add(null);
                }
            }

            rejections?.Add(rejection);
            index++;
        }

        if (writes.Count == 0)
        {
            return Task.FromResult<IImmutableList<Exception>>(rejections?.ToImmutable());
        }

        // Nearly always: then the log's own answer will do.
        return rejections is null && _opened is { } log
            ? log.AppendAsync(persistenceId, writes)
            : AppendAsync(persistenceId, writes, rejections?.ToImmutable());
    }

    private async Task<IImmutableList<Exception>> AppendAsync(string persistenceId, List<EventToWrite[]> writes, IImmutableList<Exception> rejections)
    {
        WriteAheadLog log = await _opening.ConfigureAwait(false);
        _opened = log;
        await log.AppendAsync(persistenceId, writes).ConfigureAwait(false);
        return rejections;
    }

    private async Task DeleteAsync(string persistenceId, long toSequenceNr)
    {
        WriteAheadLog log = await _opening.ConfigureAwait(false);
        await log.DeleteAsync(persistenceId, toSequenceNr).ConfigureAwait(false);
    }

    private static async Task ReportFailureAsync(Task opening, ILoggingAdapter log)
    {
        try
        {
            await opening.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Every request is answered with the same reason.
            log.Error(e, "{0}", e.Message);
        }
    }

    private static async Task CloseAsync(Task<WriteAheadLog> opening)
    {
        try
        {
            WriteAheadLog log = await opening.ConfigureAwait(false);
            await log.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It never opened, and said so then.
        }
    }

    private void Report(bool warning, string text)
    {
        if (warning)
        {
            _log.Warning("{0}", text);
        }
        else
        {
            _log.Info("{0}", text);
        }
    }

    private EventToWrite[] Serialize(AtomicWrite message)
    {
        IImmutableList<IPersistentRepresentation> events = (IImmutableList<IPersistentRepresentation>)message.Payload;
        EventToWrite[] writes = new EventToWrite[events.Count];
        long total = 0;
        for (int i = 0; i < writes.Length; i++)
        {
            IPersistentRepresentation e = events[i];
            object payload = e.Payload is Tagged tagged ? tagged.Payload : e.Payload;
            Akka.Serialization.Serializer serializer = _system.Serialization.FindSerializerForType(payload.GetType(), _defaultSerializer);
            ReadOnlyMemory<byte> bytes = _bytes.Of(serializer, payload);
            total += bytes.Length;
            writes[i] = new EventToWrite(
                e.SequenceNr,
                serializer.Identifier,
                Akka.Serialization.Serialization.ManifestFor(serializer, payload) ?? "",
                e.Manifest ?? "",
                e.WriterGuid ?? "",
                e.Timestamp > 0 ? e.Timestamp : DateTime.UtcNow.Ticks,
                bytes);
        }

        return total <= _settings.MaxAtomicWriteBytes
            ? writes
            : throw new JournalException(
                $"An atomic write of [{message.PersistenceId}] has {total} bytes; max-atomic-write-bytes is {_settings.MaxAtomicWriteBytes}.");
    }
}
