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
    private (JournalMark Needs, Effect.BeginVoteRound Round)? _round;
    private long _order;

    /// <summary>The newest write that the journal has confirmed.</summary>
    public JournalMark Durable { get; private set; }

    /// <summary>How many effects wait.</summary>
    public int Count => _held.Count + (_round is null ? 0 : 1);

    /// <summary>Sends <paramref name="promise"/> when the write <paramref name="needs"/> is on disk; at once when it is already.</summary>
    internal void Hold<T>(JournalMark needs, NodeId to, T promise, List<Effect> now)
        where T : PeerMessage, IPromise
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.AcknowledgeBeforeDurable)
        {
            needs = promise is AppendEntriesReply { Accepted: true } ? JournalMark.Zero : needs;
        }

#endif
        if (needs <= Durable)
        {
            now.Add(Open(needs, to, promise));
            return;
        }

        _held.Enqueue(new Held(to, promise), (needs, ++_order));
    }

    /// <summary>Opens a vote round when the candidate's own term and vote are on disk. There is one at a time.</summary>
    internal void Hold(JournalMark needs, Effect.BeginVoteRound round, List<Effect> now)
    {
        if (needs <= Durable)
        {
            now.Add(round);
            return;
        }

        _round = (needs, round);
    }

    /// <summary>The candidate has given up before its round could open.</summary>
    internal void CancelRound() => _round = null;

    /// <summary>What waits was promised to members of a history that this member has left: nobody gets it.</summary>
    internal void Clear()
    {
        _held.Clear();
        _round = null;
    }

    /// <summary>The journal has confirmed everything up to <paramref name="durable"/>: what waited for it becomes visible.</summary>
    /// <remarks>
    /// Acknowledgements to one leader that open together become one: the highest index, and the highest token, which
    /// covers all lower tokens of its term.
    /// </remarks>
    internal void Release(JournalMark durable, List<Effect> now)
    {
        if (durable > Durable)
        {
            Durable = durable;
        }

        if (_round is { } held && held.Needs <= Durable)
        {
            _round = null;
            now.Add(held.Round);
        }

        while (TryTake(out Held first, out JournalMark needs))
        {
            PeerMessage promise = first.Promise;
            while (promise is AppendEntriesReply { Accepted: true } one
                && TryPeek(out Held following)
                && following.To == first.To
                && following.Promise is AppendEntriesReply { Accepted: true } other
                && other.Term == one.Term)
            {
                TryTake(out _, out needs);
                promise = one with
                {
                    Token = Math.Max(one.Token, other.Token),
                    CurrentIndex = LogIndex.Max(one.CurrentIndex, other.CurrentIndex),
                    Applied = LogIndex.Max(one.Applied, other.Applied),
                    Busy = one.Token > other.Token ? one.Busy : other.Busy,
                };
            }

            now.Add(Open(needs, first.To, promise));
        }
    }

    private bool TryPeek(out Held held) =>
        _held.TryPeek(out held, out (JournalMark Mark, long Order) key) && key.Mark <= Durable;

    private bool TryTake(out Held held, out JournalMark needs)
    {
        needs = default;
        if (!_held.TryPeek(out held, out (JournalMark Mark, long Order) key) || key.Mark > Durable)
        {
            return false;
        }

        needs = key.Mark;
        _held.Dequeue();
        return true;
    }

    private Effect.Send Open(JournalMark needs, NodeId to, PeerMessage promise) => Effect.Send.Promised(new Pass(this, needs), to, promise);

    private readonly record struct Held(NodeId To, PeerMessage Promise);

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
