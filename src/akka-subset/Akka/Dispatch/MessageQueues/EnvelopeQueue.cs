using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Akka.Actor;

namespace Akka.Dispatch.MessageQueues;

/// <summary>
/// The queue behind every unbounded mailbox: many producers, one consumer, no locks, first in first out.
/// A chain of arrays. A producer takes a slot with one interlocked increment and then fills it, so producers never
/// retry against each other, and nothing is allocated per message.
/// </summary>
/// <remarks>
/// A slot that is taken but not filled yet counts as "has messages" while <see cref="TryDequeue"/> does not see it. The
/// mailbox relies on that: taking the slot is the full fence that pairs with the fence of going idle, so
/// whoever comes second sees the other.
/// </remarks>
internal sealed class EnvelopeQueue
{
    private const int SmallestSegment = 8;
    private const int LargestSegment = 512;

    private Segment _tail;
    private ConsumerSide _consumer;

    public EnvelopeQueue()
    {
        var first = new Segment(SmallestSegment);
        _tail = first;
        _consumer.Segment = first;
    }

    public bool HasMessages
    {
        get
        {
            var segment = Volatile.Read(ref _consumer.Segment);
            var index = Volatile.Read(ref _consumer.Index);
            if (index < segment.Slots.Length)
                return Volatile.Read(ref segment.Taken) > index;
            return Volatile.Read(ref segment.Next) is { } next && Volatile.Read(ref next.Taken) > 0;
        }
    }

    /// <summary>Exact when nobody adds or takes at the same time.</summary>
    public int Count
    {
        get
        {
            var segment = Volatile.Read(ref _consumer.Segment);
            var count = -Volatile.Read(ref _consumer.Index);
            for (; segment is not null; segment = Volatile.Read(ref segment.Next))
                count += Math.Min(Volatile.Read(ref segment.Taken), segment.Slots.Length);
            return Math.Max(0, count);
        }
    }

    public void Enqueue(in Envelope envelope)
    {
        var segment = Volatile.Read(ref _tail);
        while (true)
        {
            var slots = segment.Slots;
            var index = Interlocked.Increment(ref segment.Taken) - 1;
            if ((uint)index < (uint)slots.Length)
            {
                ref var slot = ref slots[index];
                slot.Sender = envelope.Sender;
                Volatile.Write(ref slot.Message, envelope.Message);
                return;
            }

            segment = Grow(segment);
        }
    }

    // The first to come here makes the next segment.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Segment Grow(Segment full)
    {
        var next = Volatile.Read(ref full.Next);
        if (next is null)
        {
            // Far behind: larger segments. Keeping up: small ones, of which idle actors hold on to one.
            var length = full.Slots.Length;
            var behind = !ReferenceEquals(Volatile.Read(ref _consumer.Segment), full) || Volatile.Read(ref _consumer.Index) < length / 2;
            length = behind ? Math.Min(length * 2, LargestSegment) : Math.Max(length / 2, SmallestSegment);
            var created = new Segment(length);
            next = Interlocked.CompareExchange(ref full.Next, created, null) ?? created;
        }

        Interlocked.CompareExchange(ref _tail, next, full);
        return next;
    }

    /// <summary>For the one consumer only.</summary>
    public bool TryDequeue(out Envelope envelope)
    {
        var segment = _consumer.Segment;
        var index = _consumer.Index;
        while (true)
        {
            var slots = segment.Slots;
            if ((uint)index < (uint)slots.Length)
            {
                ref var slot = ref slots[index];
                var message = Volatile.Read(ref slot.Message);
                if (message is null && (Volatile.Read(ref segment.Taken) <= index || (message = AwaitMessage(ref slot)) is null))
                {
                    envelope = default;
                    return false;
                }

                envelope = new Envelope(message, slot.Sender);
                slot.Message = null;
                slot.Sender = null;
                Volatile.Write(ref _consumer.Index, index + 1);
                return true;
            }

            var next = Volatile.Read(ref segment.Next);
            if (next is null)
            {
                envelope = default;
                return false;
            }

            // Index first: a reader in between sees index 0 of an exhausted segment and reports "has messages", which is harmless.
            Volatile.Write(ref _consumer.Index, 0);
            Volatile.Write(ref _consumer.Segment, next);
            segment = next;
            index = 0;
        }
    }

    // The slot is taken: its producer is between two instructions, or preempted there. Wait for the first case only.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static object AwaitMessage(ref Slot slot)
    {
        for (var i = 0; i < 32; i++)
        {
            Thread.SpinWait(4);
            if (Volatile.Read(ref slot.Message) is { } message)
                return message;
        }

        return null;
    }

    private sealed class Segment
    {
        public readonly Slot[] Slots;
        public Segment Next;
        public int Taken;

        public Segment(int length)
        {
            Slots = new Slot[length];
        }
    }

    private struct Slot
    {
        public object Message;
        public IActorRef Sender;
    }

    // On its own cache line: the consumer writes it for each message while producers read the tail.
    [StructLayout(LayoutKind.Sequential)]
    private struct ConsumerSide
    {
#pragma warning disable CS0169, IDE0051 // padding
        private readonly long _before0, _before1, _before2, _before3, _before4, _before5;
#pragma warning restore CS0169, IDE0051
        public Segment Segment;
        public int Index;
    }
}
