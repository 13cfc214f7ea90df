using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>What journals share: event adapters and the preparation of a batch for storage.</summary>
public abstract class WriteJournalBase : ActorBase
{
    private readonly EventAdapters _eventAdapters;

    protected WriteJournalBase()
    {
        var persistence = Persistence.Instance.Apply(Context.System);
        PluginConfig = persistence.JournalConfigOf(Self);
        _eventAdapters = EventAdapters.Create((ExtendedActorSystem)Context.System, PluginConfig);
    }

    internal Akka.Configuration.Config PluginConfig { get; }

    /// <summary>Whether events are stored as they are.</summary>
    internal bool AdaptsNothing => _eventAdapters.IsIdentity;

    /// <summary>The atomic writes among the envelopes, each with its events in the form in which they are stored.</summary>
    protected IEnumerable<AtomicWrite> PreparePersistentBatch(IEnumerable<IPersistentEnvelope> resequenceables)
    {
        foreach (var envelope in resequenceables)
        {
            if (envelope is AtomicWrite write)
                yield return Prepare(write);
        }
    }

    /// <summary>The same, at once and without an iterator: this is what every write goes through.</summary>
    internal AtomicWrite[] Prepare(IPersistentEnvelope[] envelopes)
    {
        var writes = new AtomicWrite[envelopes.Length];
        var count = 0;
        foreach (var envelope in envelopes)
        {
            if (envelope is AtomicWrite write)
                writes[count++] = Prepare(write);
        }

        return count == writes.Length ? writes : writes[..count];
    }

    protected IEnumerable<IPersistentRepresentation> AdaptFromJournal(IPersistentRepresentation representation)
    {
        if (_eventAdapters.IsIdentity)
            return [representation];

        return _eventAdapters.Get(representation.Payload.GetType())
            .FromJournal(representation.Payload, representation.Manifest)
            .Events
            .Select(adapted => ReferenceEquals(adapted, representation.Payload) ? representation : representation.WithPayload(adapted));
    }

    protected IPersistentRepresentation AdaptToJournal(IPersistentRepresentation representation)
    {
        if (_eventAdapters.IsIdentity)
            return representation;

        var payload = representation.Payload;
        var adapter = _eventAdapters.Get(payload.GetType());
        // Identity must not touch the manifest: it may come from somewhere else.
        if (ReferenceEquals(adapter, IdentityEventAdapter.Instance))
            return representation;
        return representation.WithPayload(adapter.ToJournal(payload)).WithManifest(adapter.Manifest(payload));
    }

    private AtomicWrite Prepare(AtomicWrite write)
    {
        var events = write.Events;
        var prepared = new IPersistentRepresentation[events.Length];
        for (var i = 0; i < events.Length; i++)
            prepared[i] = AdaptToJournal(WithoutSender(events[i]));
        return new AtomicWrite(prepared, write);
    }

    // Who sent the command is no part of the event and must not reach a serializer.
    private static IPersistentRepresentation WithoutSender(IPersistentRepresentation e)
    {
        var sender = e.Sender;
        return sender.IsNobody() ? e : e.Update(e.SequenceNr, e.PersistenceId, e.IsDeleted, ActorRefs.NoSender, e.WriterGuid);
    }
}
