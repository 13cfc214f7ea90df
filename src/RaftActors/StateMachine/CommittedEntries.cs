using System.Collections;

namespace RaftActors;

/// <summary>
/// Committed entries of users, oldest first. Enumerating it with <c>foreach</c> allocates nothing. Indexes need not be consecutive: entries of the
/// protocol itself (the first entry of a term, memberships) are left out, and so are commands of sessions that were applied before.
/// </summary>
public sealed class CommittedEntries : IEnumerable<CommittedEntry>
{
    private readonly EntryBatch _batch;
    private readonly LogIndex _from;
    private readonly LogIndex _to;
    private readonly IProposalResult?[]? _waiters;
    private readonly LogIndex _firstWaiter;
    private readonly bool[]? _skipped;

    internal CommittedEntries(EntryBatch batch, LogIndex from, LogIndex to, int count, IProposalResult?[]? waiters, LogIndex firstWaiter, bool[]? skipped = null)
    {
        _batch = batch;
        _from = from;
        _to = to;
        Count = count;
        _waiters = waiters;
        _firstWaiter = firstWaiter;
        _skipped = skipped;
    }

    /// <summary>The index of the first entry.</summary>
    public LogIndex First
    {
        get
        {
            Enumerator entries = GetEnumerator();
            entries.MoveNext();
            return entries.Current.Index;
        }
    }

    /// <summary>The index of the last entry.</summary>
    public LogIndex Last
    {
        get
        {
            LogIndex last = LogIndex.Zero;
            foreach (CommittedEntry entry in this)
            {
                last = entry.Index;
            }

            return last;
        }
    }

    /// <summary>How many entries, at least 1.</summary>
    public int Count { get; }

    /// <summary>The first entry that the state machine has taken back; null while it has not.</summary>
    internal LogIndex? RolledBackFrom { get; private set; }

    /// <summary>Why.</summary>
    internal Exception? RollbackError { get; private set; }

    internal bool IsOver { get; set; }

    /// <summary>Whoever waited is being answered: from here on nobody waits for these entries.</summary>
    internal bool IsAnswered { get; set; }

    /// <summary>
    /// Says, from within <see cref="IStateMachine.Apply"/>, that the last <paramref name="count"/> entries of this call are not applied: the state is as it was before them. The state machine
    /// goes into its error state, the applied index stands before them, and whoever waits for one of them is told <see cref="CommittedNotApplied"/>. Consensus goes on.
    /// </summary>
    /// <param name="count">How many, counted from the last entry of this call, from 1 to <see cref="Count"/>.</param>
    /// <param name="error">What went wrong; goes to <see cref="IStateMachine.OnError"/>, to the observer and into the status.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not that many.</exception>
    /// <exception cref="InvalidOperationException">The call of <see cref="IStateMachine.Apply"/> is over.</exception>
    public void RollBack(int count, Exception error)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        int left = Count - count;
        foreach (CommittedEntry entry in this)
        {
            if (left-- == 0)
            {
                RollBackFrom(entry.Index, error);
                return;
            }
        }
    }

    /// <summary>The same as <see cref="RollBack"/>, by the first entry that is not applied.</summary>
    /// <param name="first">Its index; one of this call. When called more than once, the earliest counts.</param>
    /// <param name="error">What went wrong.</param>
    /// <exception cref="ArgumentOutOfRangeException">No entry of this call has that index.</exception>
    /// <exception cref="InvalidOperationException">The call of <see cref="IStateMachine.Apply"/> is over.</exception>
    public void RollBackFrom(LogIndex first, Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (IsOver)
        {
            throw new InvalidOperationException("The call of Apply that these entries belong to is over.");
        }

        bool isOne = false;
        foreach (CommittedEntry entry in this)
        {
            isOne |= entry.Index == first;
        }

        if (!isOne)
        {
            throw new ArgumentOutOfRangeException(nameof(first), first, $"The entries of this call are {First} to {Last}.");
        }

        if (RolledBackFrom is null || first < RolledBackFrom)
        {
            RolledBackFrom = first;
            RollbackError = error;
        }
    }

    /// <summary>Walks the entries without allocating.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<CommittedEntry> IEnumerable<CommittedEntry>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private bool IsSkipped(LogIndex index) => _skipped is not null && _skipped[index - _batch.FirstIndex];

    private IProposalResult? Waiter(LogIndex index)
    {
        if (_waiters is null || IsAnswered)
        {
            return null;
        }

        long at = index - _firstWaiter;
        return at >= 0 && at < _waiters.Length ? _waiters[at] : null;
    }

    /// <summary>Walks committed entries in order.</summary>
    public struct Enumerator : IEnumerator<CommittedEntry>
    {
        private readonly CommittedEntries _entries;
        private EntryBatch.Enumerator _batch;

        internal Enumerator(CommittedEntries entries)
        {
            _entries = entries;
            _batch = entries._batch.GetEnumerator();
        }

        /// <summary>The entry that the last <see cref="MoveNext"/> found.</summary>
        public CommittedEntry Current { get; private set; }

        readonly object IEnumerator.Current => Current;

        /// <summary>Goes to the next entry; false behind the last.</summary>
        public bool MoveNext()
        {
            while (_batch.MoveNext())
            {
                LogEntry entry = _batch.Current;
                if (entry.Id.Index > _entries._to)
                {
                    return false;
                }

                if (entry.Kind == EntryKind.Normal && entry.Id.Index >= _entries._from && !_entries.IsSkipped(entry.Id.Index))
                {
                    Current = new CommittedEntry(entry, _entries.Waiter(entry.Id.Index));
                    return true;
                }
            }

            return false;
        }

        /// <inheritdoc/>
        public void Reset() => _batch.Reset();

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
