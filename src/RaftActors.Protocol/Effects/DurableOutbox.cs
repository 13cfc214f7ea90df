namespace RaftActors.Protocol;

/// <summary>
/// Holds what must not leave before the journal has confirmed a write: votes, append acknowledgements, a
/// candidate's request for votes. Whatever is in here is invisible to the shell until <see cref="Release"/>,
/// so no shell can send it too early (etcd: messages after append; openraft: IO ordering).
/// </summary>
/// <remarks>
/// What waits for an earlier write overtakes what waits for a later one: a heartbeat's answer needs the term on disk, not
/// the entries that are being written. Replies carry tokens, so their order does not matter.
/// </remarks>
public sealed class DurableOutbox
{
    private readonly PriorityQueue<Held, (JournalMark Mark, long Order)> _held = new();
    private long _order;

    /// <summary>The newest write that the journal has confirmed.</summary>
    public JournalMark Durable { get; private set; }

    /// <summary>How many effects wait.</summary>
    public int Count => _held.Count;

    /// <summary>Sends <paramref name="promise"/> when the write <paramref name="needs"/> is on disk; at once when it is already.</summary>
    internal void Hold<T>(JournalMark needs, NodeId to, T promise, ICollection<Effect> now)
        where T : PeerMessage, IPromise =>
        Hold(needs, new Held(to, promise, null), now);

    /// <summary>Opens a vote round when the candidate's own term and vote are on disk.</summary>
    internal void Hold(JournalMark needs, Effect.BeginVoteRound round, ICollection<Effect> now) =>
        Hold(needs, new Held(NodeId.None, null, round), now);

    /// <summary>The journal has confirmed everything up to <paramref name="durable"/>: what waited for it becomes visible.</summary>
    internal void Release(JournalMark durable, ICollection<Effect> now)
    {
        if (durable > Durable)
        {
            Durable = durable;
        }

        while (_held.TryPeek(out Held held, out (JournalMark Mark, long Order) key) && key.Mark <= Durable)
        {
            _held.Dequeue();
            now.Add(Open(held, key.Mark));
        }
    }

    private void Hold(JournalMark needs, Held held, ICollection<Effect> now)
    {
        if (needs <= Durable)
        {
            now.Add(Open(held, needs));
            return;
        }

        _held.Enqueue(held, (needs, ++_order));
    }

    private Effect Open(in Held held, JournalMark needs) =>
        held.Round ?? (Effect)Effect.Send.Promised(new Pass(this, needs), held.To, held.Promise!);

    private readonly record struct Held(NodeId To, PeerMessage? Promise, Effect.BeginVoteRound? Round);

    /// <summary>Proof that the journal has confirmed; a pass that claims more than the journal did is refused.</summary>
    internal readonly struct Pass
    {
        private readonly DurableOutbox? _outbox;
        private readonly JournalMark _needs;

        internal Pass(DurableOutbox outbox, JournalMark needs)
        {
            _outbox = outbox;
            _needs = needs;
        }

        internal void Check()
        {
            if (_outbox is null || _outbox.Durable < _needs)
            {
                throw new InvalidOperationException("A promise was about to leave before the journal confirmed it.");
            }
        }
    }
}
