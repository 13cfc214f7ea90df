using System.Collections.Immutable;
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
        var prepared = ImmutableArray.CreateBuilder<IPersistentRepresentation>(events.Count);
        for (var i = 0; i < events.Count; i++)
        {
            var e = events[i];
            // Who sent the command is no part of the event and must not reach a serializer.
            prepared.Add(AdaptToJournal(e.Sender is null || e.Sender.IsNobody()
                ? e
                : e.Update(e.SequenceNr, e.PersistenceId, e.IsDeleted, ActorRefs.NoSender, e.WriterGuid)));
        }

        return new AtomicWrite(prepared.MoveToImmutable());
    }
}
