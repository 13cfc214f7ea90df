using Akka.Actor;
using Akka.Persistence;
using AkkaSerialization = Akka.Serialization.Serialization;

namespace RaftActors.TestKit.Local;

/// <summary>
/// The snapshots of one member. Asked by method call and not by message: an answer to a message would wake whoever awaits it on a thread of its own. What is read is there at
/// once, so a state machine may also read synchronously; what is written takes its time on the cluster's clock.
/// </summary>
internal sealed class LocalSnapshotStore(LocalCluster cluster, NodeId member, ClusterRandom random, LocalJournalStore disk)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(20);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedDictionary<long, StoredSnapshot>> _snapshots = [];
    private readonly List<StoredSnapshot> _pending = [];

    public Task<object> Ask(MemberRun run, object request, TimeSpan timeout)
    {
        cluster.NoteThread();
        lock (_gate)
        {
            switch (request)
            {
                case LoadSnapshot load:
                    return Task.FromResult<object>(Load(run, load));
                case SaveSnapshot save:
                    return Save(run, save, timeout);
                case DeleteSnapshot delete:
                    Of(delete.Metadata.PersistenceId).Remove(delete.Metadata.SequenceNr);
                    return Task.FromResult<object>(new DeleteSnapshotSuccess(delete.Metadata));
                case DeleteSnapshots delete:
                    Delete(delete.PersistenceId, delete.Criteria);
                    return Task.FromResult<object>(new DeleteSnapshotsSuccess(delete.Criteria));
                default:
                    throw new ArgumentException($"The snapshot store does not know a {request.GetType().Name}.", nameof(request));
            }
        }
    }

    /// <summary>The process is gone: each block that was under way is on disk or not, as the seed says.</summary>
    public void Crash(bool loseUnconfirmed)
    {
        lock (_gate)
        {
            foreach (StoredSnapshot snapshot in _pending)
            {
                if (!loseUnconfirmed && random.Chance(0.5))
                {
                    Of(snapshot.Metadata.PersistenceId)[snapshot.Metadata.SequenceNr] = snapshot;
                }
            }

            _pending.Clear();
        }
    }

    public void Wipe()
    {
        lock (_gate)
        {
            _snapshots.Clear();
            _pending.Clear();
        }
    }

    /// <summary>Damages one stored piece of a snapshot.</summary>
    /// <returns>False when there is none.</returns>
    public bool Rot()
    {
        lock (_gate)
        {
            StoredSnapshot[] all = [.. _snapshots.OrderBy(s => s.Key, StringComparer.Ordinal).SelectMany(s => s.Value.Values)];
            if (all.Length == 0)
            {
                return false;
            }

            byte[] bytes = all[random.Below(all.Length)].Bytes;
            bytes[random.Below(bytes.Length)] ^= (byte)(1 << random.Below(8));
            return true;
        }
    }

    private LoadSnapshotResult Load(MemberRun run, LoadSnapshot request)
    {
        StoredSnapshot? found = Of(request.PersistenceId).Values
            .LastOrDefault(s => Matches(s.Metadata, request.Criteria) && s.Metadata.SequenceNr <= request.ToSequenceNr);
        SelectedSnapshot? selected = found is null
            ? null
            : new SelectedSnapshot(found.Metadata, run.System!.Serialization.Deserialize(found.Bytes, found.Serializer, found.Manifest));
        return new LoadSnapshotResult(selected!, request.ToSequenceNr);
    }

    private Task<object> Save(MemberRun run, SaveSnapshot request, TimeSpan timeout)
    {
        Akka.Serialization.Serializer serializer = run.System!.Serialization.FindSerializerFor(request.Snapshot);
        StoredSnapshot snapshot = new(
            request.Metadata, serializer.ToBinary(request.Snapshot), serializer.Identifier, AkkaSerialization.ManifestFor(serializer, request.Snapshot));
        _pending.Add(snapshot);
        cluster.Note(member, $"snapshot store: save of {snapshot.Bytes.Length}B at {request.Metadata.SequenceNr}");

        // Continuations run in the loop, within the turn that completes this.
        TaskCompletionSource<object> saved = new();
        TimeSpan latest = cluster.Now + timeout;
        cluster.Timeline.Add(run, disk.NextDelay(random), Due);
        return saved.Task;

        void Due()
        {
            if (disk.Fault == JournalFault.Stall && cluster.Now < latest)
            {
                cluster.Timeline.Add(run, Again, Due);
                return;
            }

            object? failure = null;
            lock (_gate)
            {
                _pending.Remove(snapshot);
                if (disk.Fault == JournalFault.None)
                {
                    Of(request.Metadata.PersistenceId)[request.Metadata.SequenceNr] = snapshot;
                }
                else
                {
                    failure = new SaveSnapshotFailure(request.Metadata, new IOException($"The snapshot store of member {member} fails."));
                }
            }

            if (disk.Fault == JournalFault.Stall)
            {
                saved.SetException(new AskTimeoutException($"the snapshot store of member {member} hangs"));
            }
            else
            {
                saved.SetResult(failure ?? new SaveSnapshotSuccess(request.Metadata));
            }
        }
    }

    private void Delete(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        SortedDictionary<long, StoredSnapshot> snapshots = Of(persistenceId);
        foreach (StoredSnapshot snapshot in snapshots.Values.Where(s => Matches(s.Metadata, criteria)).ToList())
        {
            snapshots.Remove(snapshot.Metadata.SequenceNr);
        }
    }

    private SortedDictionary<long, StoredSnapshot> Of(string persistenceId) =>
        _snapshots.TryGetValue(persistenceId, out SortedDictionary<long, StoredSnapshot>? found) ? found : _snapshots[persistenceId] = [];

    // Without the lower ends, as stores are that do not know them.
    private static bool Matches(SnapshotMetadata m, SnapshotSelectionCriteria c) => m.SequenceNr <= c.MaxSequenceNr;

    private sealed record StoredSnapshot(SnapshotMetadata Metadata, byte[] Bytes, int Serializer, string Manifest);
}
