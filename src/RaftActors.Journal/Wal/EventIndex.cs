namespace RaftActors.Journal.Wal;

/// <summary>Where a record is.</summary>
internal readonly record struct RecordLocation(ulong Segment, int Offset, int Length);

/// <summary>
/// Sequence number to location, for one persistence id: runs of consecutive numbers, 16 bytes an event. Numbers normally come in order;
/// copies of old events, and gaps, make runs of their own.
/// </summary>
internal sealed class EventIndex
{
    private const int RunLimit = 64 * 1024;
    private readonly List<Run> _runs = [];

    public long Count { get; private set; }

    /// <summary>Puts the location in; returns the one it replaces.</summary>
    public RecordLocation? Set(long sequenceNr, RecordLocation location)
    {
        int at = FindRun(sequenceNr);
        if (at >= 0 && _runs[at].Contains(sequenceNr))
        {
            return _runs[at].Replace(sequenceNr, location);
        }

        Count++;
        if (at >= 0 && _runs[at].End == sequenceNr && _runs[at].Count < RunLimit)
        {
            _runs[at].Append(location);
            return null;
        }

        Run run = new(sequenceNr);
        run.Append(location);
        _runs.Insert(at + 1, run);
        return null;
    }

    public RecordLocation? Get(long sequenceNr)
    {
        int at = FindRun(sequenceNr);
        return at >= 0 && _runs[at].Contains(sequenceNr) ? _runs[at][sequenceNr] : null;
    }

    /// <summary>Up to <paramref name="most"/> events from <paramref name="from"/> to <paramref name="to"/>, in order.</summary>
    public void Copy(long from, long to, int most, List<(long SequenceNr, RecordLocation Location)> into)
    {
        for (int i = Math.Max(0, FindRun(from)); i < _runs.Count && _runs[i].Start <= to; i++)
        {
            Run run = _runs[i];
            for (long n = Math.Max(from, run.Start); n < run.End && n <= to; n++)
            {
                if (into.Count == most)
                {
                    return;
                }

                into.Add((n, run[n]));
            }
        }
    }

    /// <summary>Takes out everything up to the number.</summary>
    public void RemoveTo(long sequenceNr, Action<RecordLocation> removed)
    {
        int whole = 0;
        while (whole < _runs.Count && _runs[whole].Start <= sequenceNr)
        {
            Run run = _runs[whole];
            long stop = Math.Min(sequenceNr + 1, run.End);
            for (long n = run.Start; n < stop; n++)
            {
                removed(run[n]);
            }

            Count -= stop - run.Start;
            if (stop < run.End)
            {
                run.DropTo(stop);
                break;
            }

            whole++;
        }

        _runs.RemoveRange(0, whole);
    }

    // The last run that begins at or before the number; -1 when none does.
    private int FindRun(long sequenceNr)
    {
        int low = 0;
        int high = _runs.Count - 1;
        if (high >= 0 && _runs[high].Start <= sequenceNr)
        {
            return high;
        }

        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (_runs[middle].Start <= sequenceNr)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high;
    }

    private sealed class Run(long start)
    {
        private (uint Segment, int Offset, int Length)[] _items = new (uint, int, int)[4];
        private int _skipped;
        private int _count;

        public long Start { get; private set; } = start;

        public int Count => _count - _skipped;

        public long End => Start + Count;

        public RecordLocation this[long sequenceNr]
        {
            get
            {
                (uint segment, int offset, int length) = _items[_skipped + (int)(sequenceNr - Start)];
                return new RecordLocation(segment, offset, length);
            }
        }

        public bool Contains(long sequenceNr) => sequenceNr >= Start && sequenceNr < End;

        public void Append(RecordLocation location)
        {
            if (_count == _items.Length)
            {
                Array.Resize(ref _items, _count * 2);
            }

            _items[_count++] = (checked((uint)location.Segment), location.Offset, location.Length);
        }

        public RecordLocation Replace(long sequenceNr, RecordLocation location)
        {
            RecordLocation old = this[sequenceNr];
            _items[_skipped + (int)(sequenceNr - Start)] = (checked((uint)location.Segment), location.Offset, location.Length);
            return old;
        }

        public void DropTo(long newStart)
        {
            _skipped += (int)(newStart - Start);
            Start = newStart;
            if (_skipped > _items.Length / 2)
            {
                _items = _items[_skipped.._count];
                _count -= _skipped;
                _skipped = 0;
            }
        }
    }
}
