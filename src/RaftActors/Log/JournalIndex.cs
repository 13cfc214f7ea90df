namespace RaftActors.Runtime;

/// <summary>
/// Knows which journal event holds which entries: so where to read entries back, and which prefix of the journal a compaction makes superfluous, everything in front of the first
/// event that held an entry behind the base when the log was compacted.
/// </summary>
internal sealed class JournalIndex
{
    private readonly List<JournalPlace> _live = [];
    private const int LargestGap = 16;
    private long _deleted;
    private long _deletable;

    /// <summary>An event stands in the journal at this sequence number.</summary>
    public void Follow(RaftEvent raftEvent, long sequenceNr)
    {
        switch (raftEvent)
        {
            case EntriesAppended appended:
                Follow(appended.Batch, sequenceNr);
                break;
            case RecoveryForced forced:
                Follow(forced.Batch, sequenceNr);
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

    /// <summary>
    /// The events that hold the entries from <paramref name="first"/> on, up to <paramref name="last"/> and <paramref name="maxBytes"/>, but at least one; empty when the journal no longer
    /// holds them. Ends where too much lies between that was replaced: a journal reads that too.
    /// </summary>
    public IReadOnlyList<JournalPlace> Find(LogIndex first, LogIndex last, long maxBytes)
    {
        int low = 0;
        int high = _live.Count;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (_live[middle].Last >= first)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        List<JournalPlace> found = [];
        long bytes = 0;
        for (int i = low; i < _live.Count && _live[i].First <= last; i++)
        {
            JournalPlace place = _live[i];
            bool joins = found.Count == 0
                ? place.First <= first
                : bytes + place.Bytes <= maxBytes && place.SequenceNr - found[^1].SequenceNr <= LargestGap;
            if (!joins)
            {
                break;
            }

            bytes += place.Bytes;
            found.Add(place);
        }

        return found;
    }

    private void Follow(EntryBatch batch, long sequenceNr)
    {
        TruncateFrom(batch.FirstIndex);
        _live.Add(new JournalPlace(batch.FirstIndex, batch.LastIndex, sequenceNr, batch.Encoded.Length));
    }

    private void TruncateFrom(LogIndex first)
    {
        while (_live.Count > 0 && _live[^1].Last >= first)
        {
            JournalPlace cut = _live[^1];
            _live.RemoveAt(_live.Count - 1);
            if (cut.First < first)
            {
                _live.Add(cut with { Last = first.Previous });
            }
        }
    }
}

/// <summary>Where entries stand in the journal.</summary>
/// <param name="First">The first index of the event's batch.</param>
/// <param name="Last">The last index that counts; what the batch holds behind it was replaced by later events.</param>
/// <param name="SequenceNr">The event.</param>
/// <param name="Bytes">The size of its batch.</param>
internal readonly record struct JournalPlace(LogIndex First, LogIndex Last, long SequenceNr, int Bytes);
