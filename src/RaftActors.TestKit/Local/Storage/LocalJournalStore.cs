using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using AkkaSerialization = Akka.Serialization.Serialization;

namespace RaftActors.TestKit.Local;

/// <summary>
/// The disk of one member: what is written survives a crash, what is still being written survives as far as the seed says, in the order of the writes. Holds bytes and not
/// objects, so every event goes through its serializer as it does in a real journal.
/// </summary>
internal sealed class LocalJournalStore(LocalCluster cluster, NodeId member, ClusterRandom random, LocalJournalOptions options)
{
    private readonly Dictionary<string, Events> _events = [];
    private readonly Dictionary<string, SortedDictionary<long, StoredSnapshot>> _snapshots = [];
    private readonly List<PendingWrite> _pending = [];
    private TimeSpan _busyUntil;

    public JournalFault Fault { get; set; }

    public TimeSpan ExtraDelay { get; set; }

    public int Pending => _pending.Count;

    public void Write(MemberRun run, WriteMessages request)
    {
        AkkaSerialization serialization = run.System!.Serialization;
        List<StoredEvent> events = [];
        try
        {
            foreach (AtomicWrite write in request.Messages.OfType<AtomicWrite>())
            {
                foreach (IPersistentRepresentation e in (IEnumerable<IPersistentRepresentation>)write.Payload)
                {
                    (byte[] bytes, int serializer, string manifest) = ToBytes(serialization, e.Payload);
                    events.Add(new StoredEvent(e.PersistenceId, e.SequenceNr, e.Manifest, e.WriterGuid, e.Timestamp, bytes, serializer, manifest));
                }
            }
        }
        catch (Exception e)
        {
            // A payload that cannot be serialized is what a rejection is for.
            Answer(request, JournalFault.Reject, e);
            return;
        }

        PendingWrite pending = new(request, events);
        _pending.Add(pending);
        cluster.Note(member, $"journal: write of {events.Count} events, {events.Sum(e => e.Bytes.Length)}B");
        TimeSpan start = _busyUntil > cluster.Now ? _busyUntil : cluster.Now;
        _busyUntil = start + ExtraDelay + random.Between(options.MinDelay, options.MaxDelay);
        cluster.Timeline.Add(run, _busyUntil - cluster.Now, () => Due(pending));
    }

    public void Replay(MemberRun run, ReplayMessages request)
    {
        Events stored = Of(request.PersistenceId);
        long sent = 0;
        foreach (StoredEvent e in stored.List.Where(e => e.SequenceNr >= request.FromSequenceNr && e.SequenceNr <= request.ToSequenceNr))
        {
            if (sent++ >= request.Max)
            {
                break;
            }

            object payload = run.System!.Serialization.Deserialize(e.Bytes, e.Serializer, e.PayloadManifest);
            Persistent persistent = new(payload, e.SequenceNr, e.PersistenceId, e.Manifest, false, ActorRefs.NoSender, e.Writer, e.Timestamp);
            request.PersistentActor.Tell(new ReplayedMessage(persistent), ActorRefs.NoSender);
        }

        request.PersistentActor.Tell(new RecoverySuccess(stored.Highest), ActorRefs.NoSender);
    }

    public void Delete(DeleteMessagesTo request)
    {
        Events stored = Of(request.PersistenceId);
        stored.List.RemoveAll(e => e.SequenceNr <= request.ToSequenceNr);
        request.PersistentActor.Tell(new DeleteMessagesSuccess(request.ToSequenceNr), ActorRefs.NoSender);
    }

    public void Save(MemberRun run, SaveSnapshot request, IActorRef sender)
    {
        if (Fault is JournalFault.Fail or JournalFault.Reject)
        {
            sender.Tell(new SaveSnapshotFailure(request.Metadata, new IOException($"The snapshot store of member {member} fails.")), ActorRefs.NoSender);
            return;
        }

        (byte[] bytes, int serializer, string manifest) = ToBytes(run.System!.Serialization, request.Snapshot);
        cluster.Note(member, $"snapshot store: save of {bytes.Length}B at {request.Metadata.SequenceNr}");
        cluster.Timeline.Add(run, ExtraDelay + random.Between(options.MinDelay, options.MaxDelay), () =>
        {
            Snapshots(request.Metadata.PersistenceId)[request.Metadata.SequenceNr] = new StoredSnapshot(request.Metadata, bytes, serializer, manifest);
            sender.Tell(new SaveSnapshotSuccess(request.Metadata), ActorRefs.NoSender);
        });
    }

    public void Load(MemberRun run, LoadSnapshot request, IActorRef sender)
    {
        StoredSnapshot? found = Snapshots(request.PersistenceId).Values
            .LastOrDefault(s => Matches(s.Metadata, request.Criteria) && s.Metadata.SequenceNr <= request.ToSequenceNr);
        SelectedSnapshot? selected = found is null
            ? null
            : new SelectedSnapshot(found.Metadata, run.System!.Serialization.Deserialize(found.Bytes, found.Serializer, found.Manifest));
        sender.Tell(new LoadSnapshotResult(selected!, request.ToSequenceNr), ActorRefs.NoSender);
    }

    public void Delete(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        SortedDictionary<long, StoredSnapshot> snapshots = Snapshots(persistenceId);
        foreach (StoredSnapshot snapshot in snapshots.Values.Where(s => Matches(s.Metadata, criteria)).ToList())
        {
            snapshots.Remove(snapshot.Metadata.SequenceNr);
        }
    }

    public void Delete(SnapshotMetadata metadata) => Snapshots(metadata.PersistenceId).Remove(metadata.SequenceNr);

    /// <summary>The process is gone: of what was not confirmed, the first few writes are on disk, and the seed says how many.</summary>
    public void Crash(bool loseUnconfirmed)
    {
        int kept = loseUnconfirmed || _pending.Count == 0 ? 0 : random.Below(_pending.Count + 1);
        foreach (PendingWrite write in _pending.Take(kept))
        {
            Store(write);
        }

        if (_pending.Count > 0)
        {
            cluster.Note(member, $"journal: {_pending.Count} unconfirmed writes, {kept} of them survive");
        }

        _pending.Clear();
        _busyUntil = TimeSpan.Zero;
    }

    /// <summary>An empty disk.</summary>
    public void Wipe()
    {
        _events.Clear();
        _snapshots.Clear();
    }

    /// <summary>What hung goes on.</summary>
    public void Heal(MemberRun? run)
    {
        bool stalled = Fault == JournalFault.Stall;
        Fault = JournalFault.None;
        ExtraDelay = TimeSpan.Zero;
        if (stalled && run is not null)
        {
            foreach (PendingWrite write in _pending.Where(p => p.Stalled).ToList())
            {
                cluster.Timeline.Add(run, TimeSpan.Zero, () => Due(write));
            }
        }
    }

    private static bool Matches(SnapshotMetadata m, SnapshotSelectionCriteria c) =>
        m.SequenceNr <= c.MaxSequenceNr && m.SequenceNr >= c.MinSequenceNr && m.Timestamp <= c.MaxTimeStamp && (c.MinTimestamp is not { } least || m.Timestamp >= least);

    private static (byte[] Bytes, int Serializer, string Manifest) ToBytes(AkkaSerialization serialization, object payload)
    {
        Akka.Serialization.Serializer serializer = serialization.FindSerializerFor(payload);
        return (serializer.ToBinary(payload), serializer.Identifier, AkkaSerialization.ManifestFor(serializer, payload));
    }

    private void Due(PendingWrite write)
    {
        if (Fault == JournalFault.Stall)
        {
            write.Stalled = true;
            return;
        }

        if (!_pending.Remove(write))
        {
            return;
        }

        JournalFault fault = Fault;
        if (fault == JournalFault.None || (fault == JournalFault.Fail && random.Chance(0.5)))
        {
            Store(write);
        }

        cluster.Note(member, fault == JournalFault.None ? "journal: written" : $"journal: {fault}");
        Answer(write.Request, fault, fault == JournalFault.None ? null : new IOException($"The journal of member {member} fails."));
    }

    private static void Answer(WriteMessages request, JournalFault fault, Exception? cause)
    {
        IActorRef actor = request.PersistentActor;
        int instance = request.ActorInstanceId;
        ImmutableArray<IPersistentEnvelope> envelopes = [.. request.Messages];
        actor.Tell(fault == JournalFault.Fail ? new WriteMessagesFailed(cause!, envelopes.Count(e => e is AtomicWrite)) : WriteMessagesSuccessful.Instance, ActorRefs.NoSender);
        foreach (IPersistentEnvelope envelope in envelopes)
        {
            if (envelope is not AtomicWrite write)
            {
                actor.Tell(new LoopMessageSuccess(envelope.Payload, instance), envelope.Sender);
                continue;
            }

            foreach (IPersistentRepresentation e in (IEnumerable<IPersistentRepresentation>)write.Payload)
            {
                actor.Tell(
                    fault switch
                    {
                        JournalFault.Fail => new WriteMessageFailure(e, cause!, instance),
                        JournalFault.Reject => new WriteMessageRejected(e, cause!, instance),
                        _ => new WriteMessageSuccess(e, instance),
                    },
                    e.Sender);
            }
        }
    }

    private void Store(PendingWrite write)
    {
        foreach (StoredEvent e in write.Events)
        {
            Events stored = Of(e.PersistenceId);
            stored.List.Add(e);
            stored.Highest = Math.Max(stored.Highest, e.SequenceNr);
        }
    }

    private Events Of(string persistenceId) => _events.TryGetValue(persistenceId, out Events? events) ? events : _events[persistenceId] = new Events();

    private SortedDictionary<long, StoredSnapshot> Snapshots(string persistenceId) =>
        _snapshots.TryGetValue(persistenceId, out SortedDictionary<long, StoredSnapshot>? found) ? found : _snapshots[persistenceId] = [];

    private sealed class Events
    {
        public List<StoredEvent> List { get; } = [];

        public long Highest { get; set; }
    }

    private sealed class PendingWrite(WriteMessages request, List<StoredEvent> events)
    {
        public WriteMessages Request { get; } = request;

        public List<StoredEvent> Events { get; } = events;

        public bool Stalled { get; set; }
    }

    private sealed record StoredEvent(
        string PersistenceId, long SequenceNr, string Manifest, string Writer, long Timestamp, byte[] Bytes, int Serializer, string PayloadManifest);

    private sealed record StoredSnapshot(SnapshotMetadata Metadata, byte[] Bytes, int Serializer, string Manifest);
}
