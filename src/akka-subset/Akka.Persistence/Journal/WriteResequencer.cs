using System.Collections.Immutable;
using Akka.Actor;
using Akka.Pattern;

namespace Akka.Persistence.Journal;

/// <summary>
/// Sends the answers to writes in the order in which the writes came in. Storage may complete them in any order
/// and on any thread; an answer waits until all earlier ones are out.
/// </summary>
internal sealed class WriteResequencer(IActorRef journal)
{
    private readonly Queue<Slot> _slots = new();
    private bool _draining;

    /// <summary>Called by the journal actor as requests come in.</summary>
    public void Reserve(Slot slot)
    {
        lock (_slots)
            _slots.Enqueue(slot);
    }

    public void Complete(Slot slot, IImmutableList<Exception> rejections, Exception failure)
    {
        Slot ready;
        lock (_slots)
        {
            slot.Rejections = rejections;
            slot.Failure = failure;
            slot.Done = true;
            // Whoever drains goes on until nothing is ready; a second drainer would mix up the order.
            if (_draining)
                return;
            ready = TakeReady();
        }

        while (ready is not null)
        {
            Answer(ready);
            lock (_slots)
                ready = TakeReady();
        }
    }

    // Under the lock.
    private Slot TakeReady()
    {
        _draining = _slots.TryPeek(out var first) && first.Done;
        return _draining ? _slots.Dequeue() : null;
    }

    private void Answer(Slot slot)
    {
        var request = slot.Request;
        var envelopes = slot.Envelopes;
        var target = request.PersistentActor;
        var instance = request.ActorInstanceId;
        if (slot.Failure is { } failure)
            target.Tell(new WriteMessagesFailed(failure, envelopes.Count(m => m is AtomicWrite)), journal);
        else
            target.Tell(WriteMessagesSuccessful.Instance, journal);

        var index = 0;
        foreach (var envelope in envelopes)
        {
            if (envelope is not AtomicWrite write)
            {
                target.Tell(new LoopMessageSuccess(envelope.Payload, instance), envelope.Sender);
                continue;
            }

            var rejection = slot.Rejections?[index];
            index++;
            foreach (var e in write.Events)
            {
                object answer = slot.Failure is not null ? new WriteMessageFailure(e, slot.Failure, instance)
                    : rejection is not null ? new WriteMessageRejected(e, rejection, instance)
                    : new WriteMessageSuccess(e, instance);
                target.Tell(answer, e.Sender);
            }
        }

        slot.Forget();
    }

    /// <summary>One request: its place in the order, its call of the storage and what came of it.</summary>
    internal abstract class Slot(WriteMessages request) : GuardedCall<IImmutableList<Exception>>
    {
        public WriteMessages Request { get; private set; } = request;

        public IPersistentEnvelope[] Envelopes { get; private set; } = request.Envelopes;

        public IImmutableList<Exception> Rejections { get; set; }

        public Exception Failure { get; set; }

        public bool Done { get; set; }

        /// <summary>Answered. The circuit breaker holds on to the call until its limit is over; the events need not stay so long.</summary>
        public virtual void Forget()
        {
            Request = null;
            Envelopes = null;
        }
    }
}
