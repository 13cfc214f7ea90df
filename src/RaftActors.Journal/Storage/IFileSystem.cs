namespace RaftActors.Journal.Storage;

/// <summary>What the log asks of a file system. Tests put one in its place that fails when they say so.</summary>
internal interface IFileSystem
{
    void CreateDirectory(string path);

    /// <summary>The full paths of the files in the directory.</summary>
    IReadOnlyList<string> List(string directory);

    IStorageFile Open(string path, StorageMode mode);

    void Rename(string from, string to);

    void Delete(string path);

    /// <summary>Makes creations, renames and deletions in the directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>Takes the advisory lock; null when somebody else has it.</summary>
    IDisposable? TryLock(string path);
}

/// <summary>How a file is opened.</summary>
internal enum StorageMode
{
    Read,
    ReadWrite,
    CreateNew,
}

/// <summary>An open file. Every method throws when the operation did not succeed in full.</summary>
internal interface IStorageFile : IDisposable
{
    long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    int Read(Span<byte> buffer, long offset);

    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Writes the pieces one behind the other.</summary>
    void Write(IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
    {
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            Write(piece.Span, offset);
            offset += piece.Length;
        }
    }

    /// <summary>Makes the content durable; <paramref name="metadata"/> includes times and the like.</summary>
    void Sync(bool metadata);

    /// <summary>Reserves space and sets the length.</summary>
    void Allocate(long length);

    /// <summary>The file has another name from here on, for messages.</summary>
    void MovedTo(string path)
    {
    }

    /// <summary>Opens the file once more, to write past the system's cache; null where that cannot be.</summary>
    IBlockFile? OpenBlocks() => null;
}

/// <summary>A file to which whole blocks are written past the system's cache. What is read from it in the usual way afterwards is what was written.</summary>
internal interface IBlockFile : IDisposable
{
    /// <summary>Writes. It takes a sync of the file to make that durable, like every other write. Throws when it did not succeed in full.</summary>
    /// <param name="blocks">Whole blocks, at an address that is a multiple of their size.</param>
    /// <param name="offset">A multiple of the block size, within the file.</param>
    void Write(ReadOnlySpan<byte> blocks, long offset);
}
