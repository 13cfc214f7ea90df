namespace RaftActors.Persistence;

/// <summary>A block of a snapshot's content, as it stands in the snapshot store.</summary>
public sealed class StoredSnapshotBlock
{
    internal StoredSnapshotBlock(ReadOnlyMemory<byte> data, uint checksum)
    {
        Data = data;
        Checksum = checksum;
    }

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>CRC32C of <see cref="Data"/>.</summary>
    public uint Checksum { get; }
}

/// <summary>What a snapshot stands for and of which blocks it is made. Written last: a snapshot without it does not exist.</summary>
public sealed class StoredSnapshotHeader
{
    internal StoredSnapshotHeader(SnapshotInfo info, uint checksum, IReadOnlyList<int> blocks)
    {
        Info = info;
        Checksum = checksum;
        Blocks = blocks;
        TotalSize = blocks.Sum(b => (long)b);
    }

    /// <summary>What the snapshot stands for.</summary>
    public SnapshotInfo Info { get; }

    /// <summary>CRC32C of the whole content.</summary>
    public uint Checksum { get; }

    /// <summary>The sizes of the blocks, in order.</summary>
    public IReadOnlyList<int> Blocks { get; }

    /// <summary>The size of the whole content.</summary>
    public long TotalSize { get; }

    /// <summary>Names the content: the same on every member that has the same bytes.</summary>
    internal ulong Id => ((ulong)Checksum << 32) | (uint)TotalSize;
}

/// <summary>The log forgets what a snapshot covers, see <see cref="LogCompacted"/>.</summary>
public sealed class JournaledCompaction : JournaledEvent
{
    internal JournaledCompaction(LogCompacted compaction) => Compaction = compaction;

    /// <summary>The event.</summary>
    public LogCompacted Compaction { get; }

    /// <inheritdoc/>
    public override string ToString() => Compaction.ToString();
}
