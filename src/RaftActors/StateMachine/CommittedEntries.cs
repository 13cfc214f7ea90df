using System.Collections;

namespace RaftActors;

/// <summary>
/// Committed entries of users, oldest first. Enumerating it with <c>foreach</c> allocates nothing. Indexes need not be consecutive: entries of the
/// protocol itself (the first entry of a term, memberships) are left out.
/// </summary>
public sealed class CommittedEntries : IEnumerable<CommittedEntry>
{
    private readonly EntryBatch _batch;
    private readonly LogIndex _from;
    private readonly LogIndex _to;
    private readonly IProposalResult?[]? _waiters;
    private readonly LogIndex _firstWaiter;

    internal CommittedEntries(EntryBatch batch, LogIndex from, LogIndex to, int count, IProposalResult?[]? waiters, LogIndex firstWaiter)
    {
        _batch = batch;
        _from = from;
        _to = to;
        Count = count;
        _waiters = waiters;
        _firstWaiter = firstWaiter;
        foreach (CommittedEntry entry in this)
        {
            First = First == LogIndex.Zero ? entry.Index : First;
            Last = entry.Index;
        }
    }

    /// <summary>The index of the first entry.</summary>
    public LogIndex First { get; }

    /// <summary>The index of the last entry.</summary>
    public LogIndex Last { get; }

    /// <summary>How many entries, at least 1.</summary>
    public int Count { get; }

    /// <summary>Walks the entries without allocating.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<CommittedEntry> IEnumerable<CommittedEntry>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private IProposalResult? Waiter(LogIndex index)
    {
        if (_waiters is null)
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

                if (entry.Kind == EntryKind.Normal && entry.Id.Index >= _entries._from)
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
