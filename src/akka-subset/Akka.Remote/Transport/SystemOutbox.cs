using Akka.Actor;
using Akka.Dispatch.SysMsg;

namespace Akka.Remote.Transport;

/// <summary>
/// System messages for one peer that it has not acknowledged, in order. TCP keeps the order while a connection lives;
/// the numbers are for what a lost connection leaves in doubt: the rest is sent again, and the peer knows repetitions.
/// Owned by the association's writer.
/// </summary>
internal sealed class SystemOutbox
{
    private readonly Queue<Entry> _entries = new();
    private long _lastSequence;
    private int _sent;

    internal readonly record struct Entry(long Sequence, ISystemMessage Message, IActorRef? Sender, RemoteActorRef Recipient, long At);

    public int Count => _entries.Count;

    public bool HasUnsent => _sent < _entries.Count;

    public long OldestAt => _entries.TryPeek(out var oldest) ? oldest.At : long.MaxValue;

    public void Add(ISystemMessage message, IActorRef? sender, RemoteActorRef recipient) =>
        _entries.Enqueue(new Entry(++_lastSequence, message, sender, recipient, Environment.TickCount64));

    public void Acknowledge(long upTo)
    {
        while (_entries.TryPeek(out var entry) && entry.Sequence <= upTo)
        {
            _entries.Dequeue();
            _sent = Math.Max(0, _sent - 1);
        }
    }

    /// <summary>Another connection to the same peer: everything unacknowledged goes out again.</summary>
    public void SendAgain() => _sent = 0;

    /// <summary>The entries not yet sent on the present connection; they count as sent afterwards.</summary>
    public IEnumerable<Entry> TakeUnsent()
    {
        var unsent = _entries.Skip(_sent).ToArray();
        _sent = _entries.Count;
        return unsent;
    }

    /// <summary>
    /// The peer is another one now. What was meant for its predecessor is dropped; what nobody has been sent yet
    /// starts a new numbering.
    /// </summary>
    public IReadOnlyList<Entry> StartOver(bool keepUnsent)
    {
        var all = _entries.ToArray();
        var dropped = keepUnsent ? all.Take(_sent).ToArray() : all;
        _entries.Clear();
        _lastSequence = 0;
        foreach (var entry in all.Skip(dropped.Length))
            _entries.Enqueue(entry with { Sequence = ++_lastSequence });
        _sent = 0;
        return dropped;
    }
}
