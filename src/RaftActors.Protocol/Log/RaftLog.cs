namespace RaftActors.Protocol;

/// <summary>
/// The log as this member sees it: batches in order, each with the journal write that makes it durable. All searches are
/// by batch, never by entry. Holds no opinion about commitment.
/// </summary>
/// <remarks>
/// Only the newest entries are in memory, up to a bound (ERaftKV: a log with two stores). Of older ones the log knows what protocol needs, one line for each term: who wants
/// their bytes reads them from the journal (<see cref="EntryReads"/>). What is not on disk yet stays in memory, whatever the bound.
///
/// Invariants: the first index is the one behind <see cref="Base"/>, which only grows, and there are no gaps; terms never fall from one batch to the next; the marks of the
/// writes rise with the index, so what is durable is always a prefix.
/// </remarks>
internal sealed partial class RaftLog
{
    private readonly List<Slot> _slots = [];
    private int _durableSlots;
    private JournalMark _baseMark;
    private JournalMark _confirmed;

    /// <summary>The last entry that a snapshot stands for and the log no longer holds.</summary>
    public EntryId Base { get; private set; }

    /// <summary>The last entry, durable or not.</summary>
    public EntryId Last => _slots.Count == 0 ? StoredLast : _slots[^1].Batch.LastId;

    /// <summary>The last index of the prefix that is on disk, as entries or in a snapshot.</summary>
    public LogIndex DurableIndex =>
        _durableSlots > 0 ? _slots[_durableSlots - 1].Batch.LastIndex
        : _stored.Count > 0 ? StoredLast.Index
        : _baseMark <= _confirmed ? Base.Index
        : LogIndex.Zero;

    /// <summary>How many batches are in memory.</summary>
    public int BatchCount => _slots.Count;

    /// <summary>The term of the entry at <paramref name="index"/>, the base included; term 0 in front of the very first entry.</summary>
    public Term TermAt(LogIndex index)
    {
        Invariant.That(index >= Base.Index && index <= Last.Index, "A term was asked for outside of the log.");
        return index == Base.Index ? Base.Term
            : index < FirstInMemory ? _stored[RunOf(index)].Term
            : _slots[SlotOf(index)].Batch.Term;
    }

    /// <summary>Term and index of the entry at <paramref name="index"/>.</summary>
    public EntryId IdAt(LogIndex index) => new(TermAt(index), index);

    /// <summary>
    /// True when the log holds this entry, and so, by the Log Matching property, everything before it as the sender has
    /// it (Raft paper section 5.3). What lies in front of the base is committed, so every leader has it.
    /// </summary>
    public bool Matches(EntryId id) => id.Index < Base.Index || (id.Index <= Last.Index && TermAt(id.Index) == id.Term);

    /// <summary>The write that makes everything up to <paramref name="index"/> durable.</summary>
    public JournalMark MarkOf(LogIndex index) =>
        index <= Base.Index ? _baseMark
        : index < FirstInMemory ? JournalMark.Zero
        : _slots[SlotOf(index)].Mark;

    /// <summary>
    /// The first index of <paramref name="batch"/> at which this log holds something else or nothing (Raft paper section 5.3,
    /// "same index but different terms"); the index behind the batch when the log holds all of it.
    /// </summary>
    public LogIndex FirstDifference(EntryBatch batch)
    {
        LogIndex index = LogIndex.Min(LogIndex.Max(batch.FirstIndex, Base.Index.Next), batch.LastIndex.Next);
        Invariant.That(index <= Last.Index.Next, "A batch does not join the log.");
        if (index > Last.Index || index <= Base.Index)
        {
            return index;
        }

        while (index < FirstInMemory && index <= batch.LastIndex)
        {
            StoredRun run = _stored[RunOf(index)];
            if (run.Term != batch.Term)
            {
                return index;
            }

            index = run.Last.Next;
        }

        if (index > Last.Index || index > batch.LastIndex)
        {
            return LogIndex.Min(index, batch.LastIndex.Next);
        }

        for (int slot = SlotOf(index); index <= batch.LastIndex && slot < _slots.Count && _slots[slot].Batch.Term == batch.Term; slot++)
        {
            index = _slots[slot].Batch.LastIndex.Next;
        }

        return LogIndex.Min(index, batch.LastIndex.Next);
    }

    /// <summary>The first entry of the term that stands at <paramref name="index"/>, as far as the log goes back.</summary>
    public EntryId FirstOfTermAt(LogIndex index)
    {
        if (index <= Base.Index)
        {
            return Base;
        }

        Term term = TermAt(index);
        if (FirstStoredOf(term) is { } stored)
        {
            return new EntryId(term, stored);
        }

        int slot = FirstSlotWhere(static (batch, wanted) => batch.Term >= wanted, term);
        return new EntryId(term, _slots[slot].Batch.FirstIndex);
    }

    /// <summary>The last index of <paramref name="term"/>; 0 when the log has no entry of it.</summary>
    public LogIndex LastOfTerm(Term term)
    {
        int behind = FirstSlotWhere(static (batch, wanted) => batch.Term > wanted, term);
        EntryId last = behind > 0 ? _slots[behind - 1].Batch.LastId : LastStoredUpTo(term);
        return last.Term == term ? last.Index : LogIndex.Zero;
    }

    /// <summary>Appends a batch; what the log held from its first index on is gone.</summary>
    /// <param name="batch">The entries.</param>
    /// <param name="mark">The write that makes them durable; <see cref="JournalMark.Zero"/> when they come from the journal.</param>
    /// <exception cref="InvariantViolationException">There would be a gap, or terms would fall.</exception>
    public void Append(EntryBatch batch, JournalMark mark)
    {
        Invariant.That(batch.FirstIndex > Base.Index, $"The log begins behind {Base}; entries from {batch.FirstIndex} on are in a snapshot.");
        Invariant.That(batch.FirstIndex <= Last.Index.Next, $"The log ends at {Last}; entries from {batch.FirstIndex} on would leave a gap.");
        TruncateFrom(batch.FirstIndex);
        Invariant.That(batch.Term >= Last.Term, $"Entries of term {batch.Term} cannot follow entry {Last}.");
        Invariant.That(_slots.Count == 0 || _slots[^1].Mark <= mark, "Journal marks must rise with the log.");
        _slots.Add(new Slot(batch, mark, End + batch.Encoded.Length));
        if (mark == JournalMark.Zero)
        {
            _durableSlots = _slots.Count;
            Trim();
        }
    }

    /// <summary>
    /// Takes a batch from the part of the journal in front of a compaction. What the base covers is skipped; what does not join was replaced later, by events that
    /// come behind.
    /// </summary>
    public void Restore(EntryBatch batch)
    {
        LogIndex first = LogIndex.Max(batch.FirstIndex, Base.Index.Next);
        TruncateFrom(first);
        if (first <= batch.LastIndex && first == Last.Index.Next && batch.Term >= Last.Term)
        {
            Append(batch.From(first), JournalMark.Zero);
        }
    }

    /// <summary>Forgets what stands behind <paramref name="last"/>.</summary>
    public void TruncateBehind(LogIndex last) => TruncateFrom(LogIndex.Max(last, Base.Index).Next);

    /// <summary>The highest index not behind <paramref name="index"/> at which the log can be cut without cutting a batch; never in front of the base.</summary>
    public LogIndex BoundaryUpTo(LogIndex index)
    {
        if (index < FirstInMemory)
        {
            // Of these no batch is held that could be cut.
            return LogIndex.Max(index, Base.Index);
        }

        int behind = FirstSlotWhere(static (batch, wanted) => batch.LastIndex > wanted, index);
        return behind > 0 ? _slots[behind - 1].Batch.LastIndex : StoredLast.Index;
    }

    /// <summary>Forgets the entries up to <paramref name="newBase"/>: a snapshot stands for them. They are on disk already.</summary>
    public void CompactTo(EntryId newBase)
    {
        Invariant.That(newBase.Index >= Base.Index && newBase.Index <= DurableIndex, $"The log from {Base} to {Last} cannot begin behind {newBase}.");
        Invariant.That(TermAt(newBase.Index) == newBase.Term, $"The log holds another entry than {newBase}.");
        long end = EndAt(newBase.Index);
        int slots = FirstSlotWhere(static (batch, wanted) => batch.LastIndex > wanted, newBase.Index);
        _stored.RemoveRange(0, _stored.FindIndex(run => run.Last > newBase.Index) is >= 0 and int runs ? runs : _stored.Count);
        _slots.RemoveRange(0, slots);
        _durableSlots -= slots;
        _baseMark = newBase == Base ? _baseMark : JournalMark.Zero;
        _baseEnd = end;
        Base = newBase;
    }

    /// <summary>A snapshot takes the place of the whole log.</summary>
    /// <param name="newBase">Its last entry.</param>
    /// <param name="mark">The write that makes this durable.</param>
    public void Reset(EntryId newBase, JournalMark mark)
    {
        Invariant.That(newBase.Index >= Base.Index, $"The base would go back from {Base} to {newBase}.");
        _baseEnd = End;
        _slots.Clear();
        _stored.Clear();
        _durableSlots = 0;
        Base = newBase;
        _baseMark = mark;
    }

    /// <summary>The journal has confirmed all writes up to <paramref name="mark"/>.</summary>
    public void ConfirmDurable(JournalMark mark)
    {
        _confirmed = mark > _confirmed ? mark : _confirmed;
        while (_durableSlots < _slots.Count && _slots[_durableSlots].Mark <= mark)
        {
            _durableSlots++;
        }

        Trim();
    }

    /// <summary>
    /// Batches from <paramref name="first"/> on, as many as fit into <paramref name="maxBytes"/>, but at least one. The first is
    /// cut when <paramref name="first"/> stands inside a batch. Empty when the log ends before <paramref name="first"/>. Only for what is in memory.
    /// </summary>
    public IReadOnlyList<EntryBatch> Read(LogIndex first, long maxBytes)
    {
        if (first > Last.Index)
        {
            return [];
        }

        int start = SlotOf(first);
        EntryBatch head = _slots[start].Batch.From(first);
        long bytes = head.Encoded.Length;
        int end = start + 1;
        while (end < _slots.Count && bytes + _slots[end].Batch.Encoded.Length <= maxBytes)
        {
            bytes += _slots[end].Batch.Encoded.Length;
            end++;
        }

        EntryBatch[] batches = Copy(start, end);
        batches[0] = head;
        return batches;
    }

    /// <summary>The batches that hold the entries from <paramref name="first"/> to <paramref name="last"/>, uncut. Only for what is in memory.</summary>
    public IReadOnlyList<EntryBatch> Covering(LogIndex first, LogIndex last) => Copy(SlotOf(first), SlotOf(last) + 1);

    /// <summary>
    /// The same, but no batch that begins behind <paramref name="room"/> or behind <paramref name="maxBytes"/> bytes; at least one.
    /// </summary>
    public IReadOnlyList<EntryBatch> Covering(LogIndex first, LogIndex last, LogIndex room, long maxBytes)
    {
        int start = SlotOf(first);
        int end = SlotOf(LogIndex.Min(last, room)) + 1;
        if (_slots[end - 1].End - _slots[start].End > maxBytes)
        {
            long before = _slots[start].End - _slots[start].Batch.Encoded.Length;
            end = start + 1;
            while (_slots[end - 1].End - before < maxBytes)
            {
                end++;
            }
        }

        return Copy(start, end);
    }

    /// <summary>The batch that holds <paramref name="index"/>, or null when it is not in memory.</summary>
    public EntryBatch? BatchAt(LogIndex index) =>
        index >= FirstInMemory && index <= Last.Index ? _slots[SlotOf(index)].Batch : null;

    private void TruncateFrom(LogIndex first)
    {
        if (first > Last.Index)
        {
            return;
        }

        if (first < FirstInMemory)
        {
            _slots.Clear();
            CutStored(first);
        }
        else
        {
            int slot = SlotOf(first);
            Slot cut = _slots[slot];
            _slots.RemoveRange(slot, _slots.Count - slot);
            if (cut.Batch.FirstIndex < first)
            {
                EntryBatch rest = cut.Batch.Slice(cut.Batch.FirstIndex, first.Previous);
                _slots.Add(cut with { Batch = rest, End = End + rest.Encoded.Length });
            }
        }

        _durableSlots = Math.Min(_durableSlots, _slots.Count);
    }

    private EntryBatch[] Copy(int start, int end)
    {
        EntryBatch[] batches = new EntryBatch[end - start];
        for (int i = 0; i < batches.Length; i++)
        {
            batches[i] = _slots[start + i].Batch;
        }

        return batches;
    }

    private int SlotOf(LogIndex index)
    {
        Invariant.That(index >= FirstInMemory && index <= Last.Index, "The log does not hold the index that was asked for in memory.");

        // Most questions are about one of the newest batches: so from the end, in steps that double.
        int high = _slots.Count - 1;
        int low = high;
        for (int step = 1; low > 0 && _slots[low].Batch.FirstIndex > index; step *= 2)
        {
            high = low - 1;
            low = Math.Max(0, low - step);
        }

        while (low < high)
        {
            int middle = high - ((high - low) / 2);
            if (_slots[middle].Batch.FirstIndex <= index)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private int FirstSlotWhere<T>(Func<EntryBatch, T, bool> reached, T wanted)
    {
        int low = 0;
        int high = _slots.Count;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (reached(_slots[middle].Batch, wanted))
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

    // End: where the batch ends when the bytes of all batches are counted from the first on.
    private readonly record struct Slot(EntryBatch Batch, JournalMark Mark, long End);
}
