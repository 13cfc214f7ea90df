namespace RaftActors.Protocol;

/// <summary>What the state machine was given and has not applied yet, bounded by entries and bytes.</summary>
internal sealed class ApplyQueue
{
    private readonly Queue<(LogIndex Last, long Entries, long Bytes)> _given = new();
    private readonly RaftOptions _options;

    public ApplyQueue(RaftOptions options) => _options = options;

    /// <summary>How many entries.</summary>
    public long Entries { get; private set; }

    /// <summary>The bytes of the batches that hold it.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many bytes more may be given; batches are not cut, so the last one may exceed it.</summary>
    public long RoomForBytes => Math.Max(0, _options.MaxUnappliedBytes - Bytes);

    /// <summary>How many entries more may be given.</summary>
    public long Room => RoomForBytes == 0 ? 0 : Math.Max(0, _options.MaxUnappliedEntries - Entries);

    /// <summary>Batches are given, from <paramref name="first"/> up to <paramref name="last"/>.</summary>
    public void Add(LogIndex first, LogIndex last, IReadOnlyList<EntryBatch> batches)
    {
        long bytes = 0;
        for (int i = 0; i < batches.Count; i++)
        {
            bytes += batches[i].Encoded.Length;
        }

        long entries = last - first + 1;
        _given.Enqueue((last, entries, bytes));
        Entries += entries;
        Bytes += bytes;
    }

    /// <summary>Everything up to <paramref name="index"/> is applied.</summary>
    public void Applied(LogIndex index)
    {
        while (_given.TryPeek(out (LogIndex Last, long Entries, long Bytes) oldest) && oldest.Last <= index)
        {
            _given.Dequeue();
            Entries -= oldest.Entries;
            Bytes -= oldest.Bytes;
        }
    }
}
