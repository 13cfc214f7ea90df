using Akka.Actor;
using Akka.Persistence;
using RaftActors.Persistence;

namespace RaftActors.Runtime;

/// <summary>
/// Reads one range of entries back from the journal, by the same messages with which a persistent actor recovers, and ends. What was replaced by later events is left out.
/// </summary>
/// <remarks>A failure is reported with a delay: who hears of it asks again at once.</remarks>
internal sealed class JournalReader : UntypedActor
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(200);

    private readonly string _persistenceId;
    private readonly ReadJournal _read;
    private readonly IReadOnlyList<JournalPlace> _places;
    private readonly IActorRef _receiver;
    private readonly IActorRef _journal;
    private readonly List<EntryBatch> _batches = [];
    private readonly BatchJoiner _joiner;
    private readonly long _joinUpTo;
    private int _found;
    private JournalReadFailed? _failure;

    public JournalReader(IActorRef journal, string persistenceId, ReadJournal read, IReadOnlyList<JournalPlace> places, IActorRef receiver, BatchJoiner joiner, long joinUpTo)
    {
        _joiner = joiner;
        _joinUpTo = joinUpTo;
        _journal = journal;
        _persistenceId = persistenceId;
        _read = read;
        _places = places;
        _receiver = receiver;
    }

    public static Props Props(IActorRef journal, string persistenceId, ReadJournal read, IReadOnlyList<JournalPlace> places, IActorRef receiver, BatchJoiner joiner, long joinUpTo) =>
        Akka.Actor.Props.Create(() => new JournalReader(journal, persistenceId, read, places, receiver, joiner, joinUpTo)).WithDispatcher(NodeEnvironment.Consensus);

    protected override void PreStart()
    {
        if (_places.Count == 0)
        {
            Fail($"entry {_read.First} is no longer in the journal", null);
            return;
        }

        long from = _places[0].SequenceNr;
        long to = _places[^1].SequenceNr;
        _journal.Tell(new ReplayMessages(from, to, to - from + 1, _persistenceId, Self));
        Context.SetReceiveTimeout(Patience);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ReplayedMessage replayed when _failure is null:
                Take(replayed.Persistent);
                break;
            case RecoverySuccess when _failure is null:
                Finish();
                break;
            case ReplayMessagesFailure failure when _failure is null:
                Fail($"the journal could not read: {failure.Cause.Message}", failure.Cause);
                break;
            case ReceiveTimeout when _failure is null:
                Fail($"the journal has not answered for {Patience.TotalSeconds:0} s", null);
                break;
            case ReceiveTimeout:
                _receiver.Tell(_failure!);
                Context.Stop(Self);
                break;
        }
    }

    private void Take(IPersistentRepresentation stored)
    {
        if (_found == _places.Count || stored.SequenceNr != _places[_found].SequenceNr)
        {
            return;
        }

        JournalPlace place = _places[_found];
        switch (stored.Payload)
        {
            case JournaledEvent { Batch: EntryBatch batch } when batch.FirstIndex == place.First && batch.LastIndex >= place.Last:
                _found++;
                Add(batch.Slice(place.First, place.Last), stored.SequenceNr);
                break;
            case UnreadableEvent unreadable:
                Fail($"the event at sequence number {stored.SequenceNr} is damaged: {unreadable.Error}", null);
                break;
            default:
                Fail($"the event at sequence number {stored.SequenceNr} is not the one that was written there", null);
                break;
        }
    }

    private void Add(EntryBatch batch, long sequenceNr)
    {
        bool mayJoin = sequenceNr <= _joinUpTo;
        if (mayJoin && _joiner.TryAdd(batch))
        {
            return;
        }

        TakeJoined();
        if (!mayJoin || !_joiner.TryAdd(batch))
        {
            _batches.Add(batch);
        }
    }

    private void TakeJoined()
    {
        if (_joiner.Count > 0)
        {
            _batches.Add(_joiner.Take());
        }
    }

    private void Finish()
    {
        TakeJoined();
        if (_batches.Count == 0)
        {
            Fail($"the event at sequence number {_places[0].SequenceNr} is missing", null);
            return;
        }

        _receiver.Tell(new JournalRead(_read.Ticket, _batches));
        Context.Stop(Self);
    }

    private void Fail(string reason, Exception? cause)
    {
        _failure = new JournalReadFailed(_read.Ticket, _read.For, _read.First, reason, cause);
        Context.SetReceiveTimeout(RetryAfter);
    }
}
