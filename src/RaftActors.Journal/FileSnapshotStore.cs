// The base class says nothing about null; what it expects is in the documentation of each method.
#nullable disable
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Snapshot;
using RaftActors.Journal.Snapshots;
using RaftActors.Journal.Storage;
using SnapshotEntry = RaftActors.Journal.Snapshots.SnapshotEntry;

namespace RaftActors.Journal;

/// <summary>
/// Akka.Persistence snapshot store in files (plugin id <c>raft-actors.snapshot-store.file</c>). A snapshot is written to a temporary file,
/// synced, and renamed; both ends carry checksums; a damaged file is told in the log and the one before it is taken.
/// </summary>
public sealed partial class FileSnapshotStore : SnapshotStore
{
    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly FileSnapshotSettings _settings;
    private readonly SnapshotDirectory _directory;
    private WorkThread _disk;

    /// <summary>Created by Akka.Persistence with the plugin's section of the configuration.</summary>
    /// <exception cref="ConfigurationException">A setting makes no sense.</exception>
    public FileSnapshotStore(Config snapshotConfig)
    {
        _settings = FileSnapshotSettings.From(snapshotConfig.WithFallback(RaftJournal.DefaultConfig().GetConfig(RaftJournal.SnapshotStorePluginId)));
        _directory = new SnapshotDirectory(FileSystem.Instance, _settings.Directory, _settings.Fsync);
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        _disk = new WorkThread("raft-snapshots");
        _ = SweepAsync(_disk, _directory, _log);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _disk.Dispose();
        base.PostStop();
    }

    private Task SaveOnDiskAsync(SnapshotMetadata metadata, object snapshot)
    {
        // Serialized here, in the actor's turn, as the snapshot may be mutable; the disk comes after.
        Akka.Serialization.Serializer serializer = _system.Serialization.FindSerializerForType(snapshot.GetType(), _settings.Serializer);
        byte[] payload = Akka.Serialization.Serialization.WithTransport(
            _system, (Serializer: serializer, Snapshot: snapshot), static s => s.Serializer.ToBinary(s.Snapshot));
        string manifest = Akka.Serialization.Serialization.ManifestFor(serializer, snapshot) ?? "";
        SnapshotHeader header = new(metadata.PersistenceId, metadata.SequenceNr, metadata.Timestamp.Ticks, serializer.Identifier, manifest, payload.Length);
        return _disk.Do(() =>
        {
            _directory.Save(header, payload);
            return true;
        });
    }

    private Task DeleteOnDiskAsync(SnapshotMetadata metadata) => _disk.Do(() =>
    {
        _directory.Delete(metadata.PersistenceId, entry =>
            entry.SequenceNr == metadata.SequenceNr && (metadata.Timestamp == DateTime.MinValue || entry.Ticks == metadata.Timestamp.Ticks));
        return true;
    });

    private Task DeleteOnDiskAsync(string persistenceId, SnapshotSelectionCriteria criteria) => _disk.Do(() =>
    {
        _directory.Delete(persistenceId, entry => Matches(criteria, entry));
        return true;
    });

    private static async Task SweepAsync(WorkThread disk, SnapshotDirectory directory, ILoggingAdapter log)
    {
        try
        {
            await disk.Do(() =>
            {
                directory.Sweep();
                return true;
            }).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            log.Warning("Temporary snapshot files could not be removed: {0}", e.Message);
        }
    }

    private static bool Matches(SnapshotSelectionCriteria criteria, SnapshotEntry entry) =>
        entry.SequenceNr <= criteria.MaxSequenceNr
        && entry.SequenceNr >= criteria.MinSequenceNr
        && entry.Ticks <= criteria.MaxTimeStamp.Ticks
        && (criteria.MinTimestamp is not { } least || entry.Ticks >= least.Ticks);

    private SelectedSnapshot Load(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        Exception last = null;
        int tried = 0;
        foreach (SnapshotEntry entry in _directory.Find(persistenceId).Where(e => Matches(criteria, e)).Take(_settings.MaxLoadAttempts))
        {
            tried++;
            try
            {
                (SnapshotHeader header, byte[] payload) = _directory.Load(persistenceId, entry);
                object snapshot = _system.Serialization.Deserialize(payload, header.SerializerId, header.Manifest);
                return new SelectedSnapshot(new SnapshotMetadata(persistenceId, entry.SequenceNr, new DateTime(entry.Ticks, DateTimeKind.Utc)), snapshot);
            }
            catch (Exception e)
            {
                _log.Error(e, "The snapshot {0} of [{1}] cannot be used, the one before it is tried: {2}", entry.Path, persistenceId, e.Message);
                last = e;
            }
        }

        // No snapshot at all is an answer; snapshots of which none is readable are not: the events before them may be deleted.
        return last is null
            ? null
            : throw new JournalException($"None of the {tried} newest snapshots of [{persistenceId}] in {_settings.Directory} can be used: {last.Message}", last);
    }
}
