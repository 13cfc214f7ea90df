namespace RaftActors.Protocol.Tests.Simulation;

/// <summary>
/// A disk that confirms late, several writes at once, in order. A crash loses what is not confirmed, except that a part
/// of it may have reached the disk all the same.
/// </summary>
internal sealed class SimulatedJournal
{
    private readonly List<RaftEvent> _durable = [];
    private readonly List<(JournalMark Mark, RaftEvent Event)> _unsynced = [];
    private readonly List<EntryId> _durableLog = [];

    /// <summary>What a restart will find.</summary>
    public IReadOnlyList<RaftEvent> Durable => _durable;

    /// <summary>The term and vote that a restart will find.</summary>
    public TermState DurableTerm { get; private set; } = TermState.Initial;

    /// <summary>The last index that a restart will find.</summary>
    public LogIndex DurableIndex => new(_durableLog.Count);

    public bool IsIdle => _unsynced.Count == 0;

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

    /// <summary>Power fails. <paramref name="luckyWrites"/> of what was not confirmed reached the disk all the same.</summary>
    public void Crash(Func<int, int> luckyWrites)
    {
        Keep(luckyWrites(_unsynced.Count));
        _unsynced.Clear();
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
                case EntriesAppended appended:
                    int keep = (int)appended.Batch.FirstIndex.Value - 1;
                    _durableLog.RemoveRange(keep, _durableLog.Count - keep);
                    for (int i = 0; i < appended.Batch.Count; i++)
                    {
                        _durableLog.Add(new EntryId(appended.Batch.Term, appended.Batch.FirstIndex + i));
                    }

                    break;
            }
        }

        _unsynced.RemoveRange(0, count);
    }
}
