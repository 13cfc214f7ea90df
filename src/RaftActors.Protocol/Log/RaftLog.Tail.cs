namespace RaftActors.Protocol;

// The border between memory and journal.
internal sealed partial class RaftLog
{
    private readonly List<StoredRun> _stored = [];
    private readonly long _maxBytes;
    private readonly long _maxEntries;
    private readonly long _spareBytes;
    private long _baseEnd;

    /// <summary>Makes an empty log.</summary>
    /// <param name="maxBytes">Bytes of batches that stay in memory once they are on disk.</param>
    /// <param name="maxEntries">Entries that stay in memory once they are on disk.</param>
    /// <param name="spareBytes">Bytes of batches that stay in memory although nobody needs them.</param>
    public RaftLog(long maxBytes = long.MaxValue, long maxEntries = long.MaxValue, long spareBytes = long.MaxValue)
    {
        _maxBytes = maxBytes;
        _maxEntries = maxEntries;
        _spareBytes = spareBytes;
    }

    /// <summary>The first index whose entry is in memory; the one behind the last when none is.</summary>
    public LogIndex FirstInMemory => StoredLast.Index.Next;

    /// <summary>Bytes of the batches in memory.</summary>
    public long BytesInMemory => End - StoredEnd;

    /// <summary>Entries in memory.</summary>
    public long EntriesInMemory => Last.Index - StoredLast.Index;

    /// <summary>The part of <see cref="BytesInMemory"/> that is on disk and so could be forgotten.</summary>
    public long DurableBytesInMemory => _durableSlots > 0 ? _slots[_durableSlots - 1].End - StoredEnd : 0;

    private EntryId StoredLast => _stored.Count == 0 ? Base : new EntryId(_stored[^1].Term, _stored[^1].Last);

    private long StoredEnd => _stored.Count == 0 ? _baseEnd : _stored[^1].End;

    private long End => _slots.Count == 0 ? StoredEnd : _slots[^1].End;

    /// <summary>Bytes of the entries behind <paramref name="index"/>, an estimate where that stands inside of a batch or in what is only on disk.</summary>
    public long BytesBehind(LogIndex index) => index >= Last.Index ? 0 : End - EndAt(index);

    /// <summary>Bytes of the entries behind <paramref name="first"/> up to <paramref name="last"/>, with the same precision; none when <paramref name="last"/> is not behind it.</summary>
    public long BytesBetween(LogIndex first, LogIndex last) => last <= first ? 0 : BytesBehind(first) - BytesBehind(last);

    /// <summary>
    /// From the journal at start, with the bytes left there: entries that join the log, or take the place of what it held from the first of them on.
    /// </summary>
    public void AppendStored(EntriesOnDisk run)
    {
        Invariant.That(run.First > Base.Index && run.First <= Last.Index.Next, $"The log ends at {Last}; entries from {run.First} on would leave a gap.");
        TruncateFrom(run.First);
        Invariant.That(run.Term >= Last.Term, $"Entries of term {run.Term} cannot follow entry {Last}.");
        Forget(_slots.Count);
        Store(run.Term, run.Last, End + run.Bytes);
    }

    /// <summary>The same for the part of the journal in front of a compaction, see <see cref="Restore(EntryBatch)"/>.</summary>
    public void Restore(EntriesOnDisk run)
    {
        LogIndex first = LogIndex.Max(run.First, Base.Index.Next);
        TruncateFrom(first);
        if (first <= run.Last && first == Last.Index.Next && run.Term >= Last.Term)
        {
            AppendStored(run with { First = first });
        }
    }

    /// <summary>
    /// Whether these batches hold what the log has from <paramref name="first"/> on: each entry by index and term, without gaps, to the end of the log at the most. The first batch may
    /// begin earlier.
    /// </summary>
    public bool Holds(LogIndex first, IReadOnlyList<EntryBatch> batches)
    {
        LogIndex next = first;
        foreach (EntryBatch batch in batches)
        {
            // Terms never fall in a log: where the first and the last entry have the same one, so have those between.
            bool isSame = next > Base.Index && (next == first ? batch.FirstIndex <= next : batch.FirstIndex == next)
                && batch.LastIndex >= next && batch.LastIndex <= Last.Index
                && TermAt(next) == batch.Term && TermAt(batch.LastIndex) == batch.Term;
            if (!isSame)
            {
                return false;
            }

            next = batch.LastIndex.Next;
        }

        return true;
    }

    /// <summary>
    /// Forgets what is on disk and needed by nobody, except for a spare. What lives short costs the garbage collector little; so the bounds are for those who are behind.
    /// </summary>
    /// <param name="needed">The first index that somebody still needs.</param>
    public void ForgetBefore(LogIndex needed)
    {
        // By halves, so that it does not cost a move of the list for every batch.
        if (BytesInMemory - _spareBytes <= _spareBytes)
        {
            return;
        }

        int count = 0;
        while (count < _durableSlots && _slots[count].Batch.LastIndex < needed && End - _slots[count].End >= _spareBytes)
        {
            count++;
        }

        if (count > 0)
        {
            Forget(count);
        }
    }

    /// <summary>Brings memory below its bound. A quarter at a time, so that it does not cost a move of the list for every batch.</summary>
    private void Trim()
    {
        if (BytesInMemory <= _maxBytes && EntriesInMemory <= _maxEntries)
        {
            return;
        }

        long keepBytes = _maxBytes - (_maxBytes / 4);
        long keepEntries = _maxEntries - (_maxEntries / 4);
        int count = 0;
        while (count < _durableSlots && (End - EndOf(count) > keepBytes || Last.Index - LastOf(count) > keepEntries))
        {
            count++;
        }

        Forget(count);

        long EndOf(int slots) => slots == 0 ? StoredEnd : _slots[slots - 1].End;
        LogIndex LastOf(int slots) => slots == 0 ? StoredLast.Index : _slots[slots - 1].Batch.LastIndex;
    }

    private void Forget(int slots)
    {
        for (int i = 0; i < slots; i++)
        {
            Store(_slots[i].Batch.Term, _slots[i].Batch.LastIndex, _slots[i].End);
        }

        _slots.RemoveRange(0, slots);
        _durableSlots -= Math.Min(slots, _durableSlots);
    }

    private void Store(Term term, LogIndex last, long end)
    {
        if (_stored.Count > 0 && _stored[^1].Term == term)
        {
            _stored[^1] = new StoredRun(term, last, end);
        }
        else
        {
            _stored.Add(new StoredRun(term, last, end));
        }
    }

    private void CutStored(LogIndex first)
    {
        int run = RunOf(first);
        StoredRun cut = _stored[run] with { Last = first.Previous, End = EndAt(first.Previous) };
        _stored.RemoveRange(run, _stored.Count - run);
        if (first > FirstOf(run))
        {
            _stored.Add(cut);
        }
    }

    private LogIndex FirstOf(int run) => run == 0 ? Base.Index.Next : _stored[run - 1].Last.Next;

    private int RunOf(LogIndex index)
    {
        int low = 0;
        int high = _stored.Count - 1;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (_stored[middle].Last >= index)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    private LogIndex? FirstStoredOf(Term term)
    {
        int run = _stored.FindIndex(r => r.Term >= term);
        return run >= 0 && _stored[run].Term == term ? FirstOf(run) : null;
    }

    private EntryId LastStoredUpTo(Term term)
    {
        int run = _stored.FindLastIndex(r => r.Term <= term);
        return run >= 0 ? new EntryId(_stored[run].Term, _stored[run].Last) : Base;
    }

    private long EndAt(LogIndex index)
    {
        if (index <= Base.Index)
        {
            return _baseEnd;
        }

        if (index >= FirstInMemory)
        {
            Slot slot = _slots[SlotOf(index)];
            return slot.End - (slot.Batch.Encoded.Length * (slot.Batch.LastIndex - index) / slot.Batch.Count);
        }

        int i = RunOf(index);
        long before = i == 0 ? _baseEnd : _stored[i - 1].End;
        long count = _stored[i].Last - FirstOf(i) + 1;
        return _stored[i].End - (long)((double)(_stored[i].End - before) * (_stored[i].Last - index) / count);
    }

    /// <summary>Consecutive entries of one term that are only on disk; they begin behind the run before, or behind the base.</summary>
    private readonly record struct StoredRun(Term Term, LogIndex Last, long End);
}
