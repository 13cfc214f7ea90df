namespace RaftActors.Protocol;

/// <summary>
/// What a journal holds, as the constructor of <see cref="RaftCore"/> takes it, without the bytes of older entries: a start needs no more memory than the tail that the core keeps.
/// Memberships keep their bytes, because the core has to know all of them.
/// </summary>
public sealed class RecoveredJournal
{
    private readonly List<RaftEvent> _old = [];
    private readonly Queue<RaftEvent> _tail = new();
    private readonly long _maxBytes;
    private readonly long _maxEntries;
    private long _bytes;
    private long _entries;

    /// <summary>Makes an empty one.</summary>
    /// <param name="maxBytes">Bytes of entries that stay in memory, as <see cref="RaftOptions.MaxLogBytesInMemory"/>.</param>
    /// <param name="maxEntries">Entries that stay in memory, as <see cref="RaftOptions.MaxLogEntriesInMemory"/>.</param>
    public RecoveredJournal(long maxBytes, long maxEntries)
    {
        _maxBytes = maxBytes;
        _maxEntries = maxEntries;
    }

    /// <summary>How many events were read.</summary>
    public int Count { get; private set; }

    /// <summary>The newest compaction; null when there is none.</summary>
    public LogCompacted? Compaction { get; private set; }

    /// <summary>Everything, oldest first; what is only on disk as <see cref="EntriesOnDisk"/>.</summary>
    public IReadOnlyList<RaftEvent> Events => [.. _old, .. _tail];

    /// <summary>The next event of the journal.</summary>
    public void Add(RaftEvent fact)
    {
        Count++;
        Compaction = fact as LogCompacted ?? Compaction;
        _tail.Enqueue(fact);
        if (fact is EntriesAppended { Batch: EntryBatch batch })
        {
            _bytes += batch.Encoded.Length;
            _entries += batch.Count;
        }

        while (_bytes > _maxBytes || _entries > _maxEntries)
        {
            Forget(_tail.Dequeue());
        }
    }

    private void Forget(RaftEvent fact)
    {
        if (fact is not EntriesAppended { Batch: EntryBatch batch })
        {
            _old.Add(fact);
            return;
        }

        _bytes -= batch.Encoded.Length;
        _entries -= batch.Count;
        if (batch.IsMembership)
        {
            _old.Add(fact);
        }
        else if (_old.Count > 0 && _old[^1] is EntriesOnDisk before && before.Term == batch.Term && before.Last.Next == batch.FirstIndex)
        {
            _old[^1] = before with { Last = batch.LastIndex, Bytes = before.Bytes + batch.Encoded.Length };
        }
        else
        {
            _old.Add(new EntriesOnDisk(batch.Term, batch.FirstIndex, batch.LastIndex, batch.Encoded.Length));
        }
    }
}
