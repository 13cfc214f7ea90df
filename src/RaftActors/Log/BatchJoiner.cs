using RaftActors.Configuration;

namespace RaftActors.Runtime;

/// <summary>
/// Makes larger batches of small ones that follow each other, when a journal is read. A log that few clients wrote has an event for each entry: as single batches they cost a start, and the memory
/// behind it, several times what their bytes do. Only for what was written before this start: for a batch of this run a client may wait.
/// </summary>
internal sealed class BatchJoiner(int maxEntries, int maxBytes)
{
    // Below the size of arrays that the garbage collector treats as large.
    private const int LargestBytes = 64 * 1024;
    private const int LargestEntries = 1024;

    private readonly int _maxEntries = Math.Min(maxEntries, LargestEntries);
    private readonly int _maxBytes = Math.Min(maxBytes, LargestBytes);
    private readonly List<EntryBatch> _held = [];
    private int _entries;
    private int _bytes;

    /// <summary>How many batches are held.</summary>
    public int Count => _held.Count;

    /// <summary>Bounds for a log of which so much stays in memory: what is one batch is kept, or forgotten, as one.</summary>
    public static BatchJoiner For(StreamSettings settings) =>
        new((int)Math.Min(settings.InMemoryTailEntries / 16, LargestEntries), (int)Math.Min(settings.InMemoryTailBytes / 16, LargestBytes));

    /// <summary>Takes the batch in; false when it does not fit to what is held, which must be taken out first.</summary>
    public bool TryAdd(EntryBatch batch)
    {
        if (_held.Count > 0
            && (_entries + batch.Count > _maxEntries || _bytes + batch.Encoded.Length > _maxBytes || !_held[^1].Joins(batch)))
        {
            return false;
        }

        _held.Add(batch);
        _entries += batch.Count;
        _bytes += batch.Encoded.Length;
        return true;
    }

    /// <summary>What is held, as one batch. Something must be.</summary>
    public EntryBatch Take()
    {
        EntryBatch joined = EntryBatch.Join(_held);
        _held.Clear();
        _entries = 0;
        _bytes = 0;
        return joined;
    }
}
