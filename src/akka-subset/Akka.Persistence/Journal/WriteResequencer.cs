using System.Collections.Immutable;
using Akka.Actor;

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
    public Slot Reserve(WriteMessages request)
    {
        var slot = new Slot(request);
        lock (_slots)
            _slots.Enqueue(slot);
        return slot;
    }

    public void Complete(Slot slot, IImmutableList<Exception> rejections, Exception failure)
    {
        lock (_slots)
        {
            slot.Rejections = rejections;
            slot.Failure = failure;
            slot.Done = true;
            // Whoever drains goes on until nothing is ready; a second drainer would mix up the order.
            if (_draining)
                return;
            _draining = true;
        }

        while (true)
        {
            Slot ready;
            lock (_slots)
            {
                if (!_slots.TryPeek(out ready) || !ready.Done)
                {
                    _draining = false;
                    return;
                }

                _slots.Dequeue();
            }

            Answer(ready);
        }
    }

    private void Answer(Slot slot)
    {
        var request = slot.Request;
        var target = request.PersistentActor;
        var instance = request.ActorInstanceId;
        if (slot.Failure is { } failure)
            target.Tell(new WriteMessagesFailed(failure, request.Messages.Count(m => m is AtomicWrite)), journal);
        else
            target.Tell(WriteMessagesSuccessful.Instance, journal);

        var index = 0;
        foreach (var envelope in request.Messages)
        {
            if (envelope is not AtomicWrite write)
            {
                target.Tell(new LoopMessageSuccess(envelope.Payload, instance), envelope.Sender);
                continue;
            }

            var rejection = slot.Rejections?[index];
            index++;
            var events = write.Events;
            for (var i = 0; i < events.Count; i++)
            {
                var e = events[i];
                object answer = slot.Failure is not null ? new WriteMessageFailure(e, slot.Failure, instance)
                    : rejection is not null ? new WriteMessageRejected(e, rejection, instance)
                    : new WriteMessageSuccess(e, instance);
                target.Tell(answer, e.Sender);
            }
        }
    }

    internal sealed class Slot(WriteMessages request)
    {
        public WriteMessages Request { get; } = request;

        public IImmutableList<Exception> Rejections { get; set; }

        public Exception Failure { get; set; }

        public bool Done { get; set; }
    }
}
