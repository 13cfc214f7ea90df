using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence.Serialization;

namespace Akka.Persistence.Snapshot;

/// <summary>
/// Snapshots as files in a directory, one file each, named after persistence id, sequence number and time.
/// A file appears under its name only when it is complete and on disk.
/// </summary>
public class LocalSnapshotStore : SnapshotStore
{
    private const string Prefix = "snapshot-";

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly PersistenceSnapshotSerializer _serializer;
    private readonly DirectoryInfo _directory;
    private readonly int _maxLoadAttempts;

    public LocalSnapshotStore()
    {
        _directory = new DirectoryInfo(PluginConfig.GetString("dir"));
        _maxLoadAttempts = PluginConfig.GetInt("max-load-attempts");
        if (_maxLoadAttempts < 1)
            throw new ConfigurationException($"[{Self.Path.Name}.max-load-attempts] is {_maxLoadAttempts}; at least 1 is needed.");
        _serializer = new PersistenceSnapshotSerializer((ExtendedActorSystem)Context.System);
    }

    protected override void PreStart()
    {
        _directory.Create();
        base.PreStart();
    }

    // File access blocks: it is kept off the dispatcher, whichever the plugin runs on.
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria) =>
        Task.Run(() => Load(persistenceId, criteria));

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot) =>
        Task.Run(() => Save(metadata, snapshot));

    protected override Task DeleteAsync(SnapshotMetadata metadata) => Task.Run(() =>
    {
        foreach (var (file, found) in FilesOf(metadata.PersistenceId))
        {
            if (found.SequenceNr == metadata.SequenceNr && (metadata.Timestamp == DateTime.MinValue || found.Timestamp == metadata.Timestamp))
                file.Delete();
        }
    });

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria) => Task.Run(() =>
    {
        foreach (var (file, found) in FilesOf(persistenceId))
        {
            if (criteria.IsMatch(found))
                file.Delete();
        }
    });

    protected virtual void Save(SnapshotMetadata metadata, object snapshot)
    {
        _directory.Create();
        var name = FileName(metadata);
        var temporary = Path.Combine(_directory.FullName, name + "." + Guid.NewGuid().ToString("N") + ".tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                stream.Write(_serializer.ToBinary(new Akka.Persistence.Serialization.Snapshot(snapshot)));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, Path.Combine(_directory.FullName, name), overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private SelectedSnapshot Load(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        var candidates = FilesOf(persistenceId)
            .Where(candidate => criteria.IsMatch(candidate.Metadata))
            .OrderByDescending(candidate => candidate.Metadata, SnapshotMetadata.Comparer)
            .Take(_maxLoadAttempts)
            .ToArray();

        // A file that cannot be read costs only the replay since the one before it.
        Exception last = null;
        foreach (var (file, metadata) in candidates)
        {
            try
            {
                var snapshot = (Akka.Persistence.Serialization.Snapshot)_serializer.FromBinary(
                    File.ReadAllBytes(file.FullName), typeof(Akka.Persistence.Serialization.Snapshot));
                return new SelectedSnapshot(metadata, snapshot.Data);
            }
            catch (Exception cause)
            {
                _log.Error(cause, "Snapshot file [{0}] cannot be read; an older one is tried if there is one.", file.FullName);
                last = cause;
            }
        }

        return last is null
            ? null
            : throw new IOException($"None of the {candidates.Length} newest snapshots of [{persistenceId}] can be read.", last);
    }

    private IEnumerable<(FileInfo File, SnapshotMetadata Metadata)> FilesOf(string persistenceId)
    {
        _directory.Refresh();
        if (!_directory.Exists)
            return [];
        var prefix = Prefix + Uri.EscapeDataString(persistenceId) + "-";
        return _directory.EnumerateFiles(Prefix + "*")
            .Where(file => file.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(file => (File: file, Metadata: Parse(persistenceId, file.Name[prefix.Length..])))
            .Where(found => found.Metadata is not null)
            .ToArray();
    }

    private static string FileName(SnapshotMetadata metadata) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}{Uri.EscapeDataString(metadata.PersistenceId)}-{metadata.SequenceNr}-{metadata.Timestamp.Ticks}");

    // What follows the persistence id: number and ticks. Anything else belongs to an id that begins alike.
    private static SnapshotMetadata Parse(string persistenceId, string rest)
    {
        var dash = rest.IndexOf('-', StringComparison.Ordinal);
        return dash > 0
            && long.TryParse(rest.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(rest.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && ticks <= DateTime.MaxValue.Ticks
                ? new SnapshotMetadata(persistenceId, number, new DateTime(ticks, DateTimeKind.Utc))
                : null;
    }
}
