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
    private readonly List<PendingWrite> _pending = [];
    private TimeSpan _busyUntil;
    private LocalSnapshotStore? _snapshots;

    public JournalFault Fault { get; private set; }

    public TimeSpan ExtraDelay { get; set; }

    public int Pending => _pending.Count;

    private LocalSnapshotStore Snapshots => _snapshots ??= new LocalSnapshotStore(cluster, member, ClusterRandom.For(cluster.Seed, 200 + member.Value), this);

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
                    events.Add(new StoredEvent(e.PersistenceId, e.SequenceNr, e.Manifest, e.WriterGuid, e.Timestamp, bytes, serializer, manifest, e.Payload));
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

    public Task<object> Ask(MemberRun run, object request, TimeSpan timeout) => Snapshots.Ask(run, request, timeout);

    public TimeSpan NextDelay(ClusterRandom source) => ExtraDelay + source.Between(options.MinDelay, options.MaxDelay);

    /// <summary>Flips a bit of one event that is on disk, or loses the event. The next recovery must notice.</summary>
    /// <returns>What was damaged, in words; null when there is nothing on disk.</returns>
    public string? Rot(bool lose)
    {
        Events? stored = _events.Values.FirstOrDefault(e => e.List.Count > 0);
        if (stored is null || (lose && stored.List.Count < 3))
        {
            return null;
        }

        // The first and the last event can be missing without a trace: journals delete from the front, and the tail may never have been written.
        int at = lose ? 1 + random.Below(stored.List.Count - 2) : random.Below(stored.List.Count);
        StoredEvent rotten = stored.List[at];
        if (lose)
        {
            stored.List.RemoveAt(at);
            return $"event {rotten.SequenceNr} of {rotten.PersistenceId} is lost";
        }

        byte[] bytes = [.. rotten.Bytes];
        int bit = random.Below(bytes.Length * 8);
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        stored.List[at] = rotten with { Bytes = bytes };
        return $"bit {bit} of event {rotten.SequenceNr} of {rotten.PersistenceId} is flipped";
    }

    public bool RotSnapshot() => Snapshots.Rot();

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
        Snapshots.Crash(loseUnconfirmed);
    }

    /// <summary>An empty disk.</summary>
    public void Wipe()
    {
        _events.Clear();
        Snapshots.Wipe();
    }

    /// <summary>What hung goes on.</summary>
    public void Heal(MemberRun? run)
    {
        ExtraDelay = TimeSpan.Zero;
        Set(JournalFault.None, run);
    }

    /// <summary>From now on writes fare like this; those that hang fare like the next ones.</summary>
    public void Set(JournalFault fault, MemberRun? run)
    {
        Fault = fault;
        if (fault != JournalFault.Stall && run is not null)
        {
            foreach (PendingWrite write in _pending.Where(p => p.Stalled).ToList())
            {
                write.Stalled = false;
                cluster.Timeline.Add(run, TimeSpan.Zero, () => Due(write));
            }
        }
    }

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
            cluster.Mirror.Durable(member, e.Written);
            stored.Highest = Math.Max(stored.Highest, e.SequenceNr);
        }
    }

    private Events Of(string persistenceId) => _events.TryGetValue(persistenceId, out Events? events) ? events : _events[persistenceId] = new Events();

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
        string PersistenceId, long SequenceNr, string Manifest, string Writer, long Timestamp, byte[] Bytes, int Serializer, string PayloadManifest, object Written);
}
