namespace RaftActors.Protocol;

/// <summary>
/// What clients have proposed in this term and no quorum has yet, bounded by entries and bytes. Beyond the bound a leader
/// refuses instead of collecting without end.
/// </summary>
internal sealed class UncommittedProposals
{
    private readonly RaftOptions _options;
    private readonly Queue<(LogIndex Last, int Entries, long Bytes)> _batches = new();

    public UncommittedProposals(RaftOptions options) => _options = options;

    /// <summary>Entries that wait.</summary>
    public long Entries { get; private set; }

    /// <summary>The bytes of their batches.</summary>
    public long Bytes { get; private set; }

    /// <summary>True when a batch may be taken in. One that is larger than the bound may when nothing else waits.</summary>
    public bool HasRoomFor(int entries, long bytes) =>
        _batches.Count == 0
        || (Entries + entries <= _options.MaxUncommittedEntries && Bytes + bytes <= _options.MaxUncommittedBytes);

    /// <summary>A batch was taken in.</summary>
    public void Add(EntryBatch batch)
    {
        _batches.Enqueue((batch.LastIndex, batch.Count, batch.Encoded.Length));
        Entries += batch.Count;
        Bytes += batch.Encoded.Length;
    }

    /// <summary>Everything up to <paramref name="commit"/> no longer waits.</summary>
    public void Committed(LogIndex commit)
    {
        while (_batches.TryPeek(out (LogIndex Last, int Entries, long Bytes) oldest) && oldest.Last <= commit)
        {
            _batches.Dequeue();
            Entries -= oldest.Entries;
            Bytes -= oldest.Bytes;
        }
    }
}
