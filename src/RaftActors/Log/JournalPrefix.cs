namespace RaftActors.Runtime;

/// <summary>
/// Knows which journal event holds which entries, and so which prefix of the journal a compaction makes superfluous: everything in front of the first event that held an entry behind the
/// base when the log was compacted.
/// </summary>
internal sealed class JournalPrefix
{
    private readonly List<(LogIndex First, LogIndex Last, long SequenceNr)> _live = [];
    private long _deleted;
    private long _deletable;

    /// <summary>An event stands in the journal at this sequence number.</summary>
    public void Follow(RaftEvent raftEvent, long sequenceNr)
    {
        switch (raftEvent)
        {
            case EntriesAppended { Batch: EntryBatch batch }:
                Follow(batch, sequenceNr);
                break;
            case RecoveryForced { Batch: EntryBatch batch }:
                Follow(batch, sequenceNr);
                break;
            case LogCompacted compaction:
                if (compaction.Last == compaction.Base)
                {
                    _live.Clear();
                }

                int covered = _live.FindIndex(e => e.Last > compaction.Base.Index);
                _live.RemoveRange(0, covered < 0 ? _live.Count : covered);
                _deletable = (_live.Count > 0 ? _live[0].SequenceNr : sequenceNr) - 1;
                break;
        }
    }

    /// <summary>The last sequence number that may be deleted; null when there is nothing new.</summary>
    public long? TakeDeletable()
    {
        if (_deletable <= _deleted)
        {
            return null;
        }

        _deleted = _deletable;
        return _deletable;
    }

    private void Follow(EntryBatch batch, long sequenceNr)
    {
        TruncateFrom(batch.FirstIndex);
        _live.Add((batch.FirstIndex, batch.LastIndex, sequenceNr));
    }

    private void TruncateFrom(LogIndex first)
    {
        while (_live.Count > 0 && _live[^1].Last >= first)
        {
            (LogIndex First, LogIndex Last, long SequenceNr) cut = _live[^1];
            _live.RemoveAt(_live.Count - 1);
            if (cut.First < first)
            {
                _live.Add(cut with { Last = first.Previous });
            }
        }
    }
}
