using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// A disk that confirms late, several writes at once, in order. A crash loses what is not confirmed, except that a part
/// of it may have reached the disk all the same.
/// </summary>
public sealed class SimulatedJournal
{
    private readonly List<RaftEvent> _durable = [];
    private readonly List<(JournalMark Mark, RaftEvent Event)> _unsynced = [];
    private readonly List<EntryId> _durableLog = [];
    private LogIndex _base;

    /// <summary>Something that was on the disk is lost or changed. Checksums and sequence numbers tell when it is read.</summary>
    public bool IsRotten { get; private set; }

    /// <summary>What a restart will find.</summary>
    public IReadOnlyList<RaftEvent> Durable => _durable;

    /// <summary>The term and vote that a restart will find.</summary>
    public TermState DurableTerm { get; private set; } = TermState.Initial;

    /// <summary>The last index that a restart will find.</summary>
    public LogIndex DurableIndex => new(_durableLog.Count);

    /// <summary>Whether everything written is confirmed.</summary>
    public bool IsIdle => _unsynced.Count == 0;

    /// <summary>Damages what is on the disk.</summary>
    public void Rot() => IsRotten = true;

    /// <summary>Hands a write to the disk.</summary>
    public void Write(JournalMark mark, RaftEvent fact) => _unsynced.Add((mark, fact));

    /// <summary>The term of a durable entry; null when the disk does not hold the index.</summary>
    public Term? DurableTermAt(LogIndex index) =>
        index > LogIndex.Zero && index <= DurableIndex ? _durableLog[(int)index.Value - 1].Term : null;

    /// <summary>Brings everything written so far to disk.</summary>
    /// <returns>The newest confirmed mark.</returns>
    public JournalMark Sync()
    {
        JournalMark newest = _unsynced[^1].Mark;
        Keep(_unsynced.Count);
        return newest;
    }

    /// <summary>
    /// Power fails. <paramref name="luckyWrites"/> of what was not confirmed reached the disk all the same; of the write after them a
    /// part did, which recovery must recognize as torn.
    /// </summary>
    /// <param name="luckyWrites">Says how many, given how many there are.</param>
    /// <param name="tear">Says how many bytes of the torn write, given how many it has.</param>
    public void Crash(Func<int, int> luckyWrites, Func<int, int> tear)
    {
        Keep(luckyWrites(_unsynced.Count));
        if (_unsynced.Count > 0 && _unsynced[0].Event is EntriesAppended { Batch: EntryBatch batch })
        {
            CheckThatTornIsSeen(batch, tear(batch.Encoded.Length));
        }

        _unsynced.Clear();
    }

    /// <summary>Deletes the longest prefix that the newest compaction made superfluous.</summary>
    public void DeleteCompacted()
    {
        int compaction = _durable.FindLastIndex(f => f is LogCompacted);
        if (compaction < 0)
        {
            return;
        }

        // Keep from the first write on that held an entry behind the base when the log was compacted, also if that was replaced later: recovery checks that the log is whole there.
        LogIndex target = ((LogCompacted)_durable[compaction]).Base.Index;
        int keepFrom = compaction;
        LogIndex live = new(long.MaxValue);
        for (int i = compaction - 1; i >= 0; i--)
        {
            if (_durable[i] is LogCompacted reset && reset.Base == reset.Last)
            {
                break;
            }

            if (BatchIn(_durable[i]) is { } batch && batch.FirstIndex < live)
            {
                if (LogIndex.Min(batch.LastIndex, live.Previous) > target)
                {
                    keepFrom = Math.Min(keepFrom, i);
                }

                live = batch.FirstIndex;
            }
        }

        _durable.RemoveRange(0, keepFrom);
    }

    /// <summary>Reads entries back: as many batches as fit, at least one; none when the disk does not hold the first entry.</summary>
    /// <param name="first">The first index.</param>
    /// <param name="last">The last index.</param>
    /// <param name="maxBytes">Bytes of batches.</param>
    /// <param name="isCareless">Takes the first write that held an index instead of the last, as if nothing had ever been replaced.</param>
    public IReadOnlyList<EntryBatch> Read(LogIndex first, LogIndex last, long maxBytes, bool isCareless)
    {
        List<EntryBatch> batches = [];
        long bytes = 0;
        for (LogIndex next = first; next <= last; next = batches[^1].LastIndex.Next)
        {
            EntryBatch? batch = isCareless ? FirstWriteOf(next) : LastWriteOf(next);
            if (batch is null || (batches.Count > 0 && bytes + batch.Encoded.Length > maxBytes))
            {
                break;
            }

            bytes += batch.Encoded.Length;
            batches.Add(batch);
        }

        return batches;
    }

    /// <summary>True when the disk holds the entry, or a snapshot that stands for it.</summary>
    public bool Holds(LogIndex index, Term term) => index < _base || DurableTermAt(index) == term;

    private EntryBatch? FirstWriteOf(LogIndex index)
    {
        EntryBatch? batch = _durable.Select(BatchIn).FirstOrDefault(b => b?.FirstIndex <= index && b.LastIndex >= index);
        return batch?.From(index);
    }

    private static EntryBatch? BatchIn(RaftEvent fact) => fact switch
    {
        EntriesAppended appended => appended.Batch,
        RecoveryForced forced => forced.Batch,
        _ => null,
    };

    private EntryBatch? LastWriteOf(LogIndex index)
    {
        LogIndex end = new(long.MaxValue);
        for (int i = _durable.Count - 1; i >= 0; i--)
        {
            if (BatchIn(_durable[i]) is not { } batch)
            {
                continue;
            }

            if (batch.FirstIndex <= index)
            {
                return batch.LastIndex >= index ? batch.Slice(index, LogIndex.Min(batch.LastIndex, end)) : null;
            }

            end = LogIndex.Min(end, batch.FirstIndex.Previous);
        }

        return null;
    }

    private static void CheckThatTornIsSeen(EntryBatch batch, int written)
    {
        // The file has its length already; the rest of the content is not there yet.
        byte[] torn = batch.Encoded.ToArray();
        torn.AsSpan(written).Clear();
        if (!torn.AsSpan().SequenceEqual(batch.Encoded.Span) && EntryBatch.TryDecode(torn, out _, out _))
        {
            throw new InvariantBrokenException($"storage: a torn write of {batch} passes for a whole one");
        }
    }

    private void Keep(int count)
    {
        foreach ((JournalMark _, RaftEvent fact) in _unsynced.Take(count))
        {
            _durable.Add(fact);
            switch (fact)
            {
                case TermState state:
                    DurableTerm = state;
                    break;
                case RecoveryForced forced:
                    DurableTerm = forced.State;
                    Keep(forced.Batch);
                    break;
                case EntriesAppended appended:
                    Keep(appended.Batch);
                    break;
                case LogCompacted compacted:
                    EntryId last = compacted.Snapshot.Last;
                    if (DurableTermAt(last.Index) != last.Term)
                    {
                        // The snapshot takes the place of the log; what it stands for is counted as there.
                        _durableLog.Clear();
                        for (long i = 1; i <= last.Index.Value; i++)
                        {
                            _durableLog.Add(new EntryId(last.Term, new LogIndex(i)));
                        }
                    }

                    _base = LogIndex.Max(_base, last.Index);
                    break;
            }
        }

        _unsynced.RemoveRange(0, count);
    }

    private void Keep(EntryBatch batch)
    {
        int keep = (int)batch.FirstIndex.Value - 1;
        _durableLog.RemoveRange(keep, _durableLog.Count - keep);
        for (int i = 0; i < batch.Count; i++)
        {
            _durableLog.Add(new EntryId(batch.Term, batch.FirstIndex + i));
        }
    }
}
