using RaftActors.Journal.Storage;

namespace RaftActors.Journal.Tests;

/// <summary>A file system that fails when a test says so.</summary>
internal sealed class FaultyFiles : IFileSystem
{
    private readonly FileSystem _real = FileSystem.Instance;
    private int _refused;

    public bool FailSync { get; set; }

    public bool FailDirectorySync { get; set; }

    /// <summary>Files whose name ends so are neither renamed nor deleted.</summary>
    public string? Stuck { get; set; }

    /// <summary>Called with file, offset and bytes of each write through the cache.</summary>
    public Action<string, long, byte[]>? Wrote { get; set; }

    public bool NoSpace { get; set; }

    /// <summary>How many files could not be made for <see cref="NoSpace"/>.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>The next write of a segment stops after so many bytes.</summary>
    public int? ShortWrite { get; set; }

    /// <summary>Files take whole blocks past the cache, as the real ones do.</summary>
    public bool Blocks { get; set; }

    /// <summary>The system's error for the next writes of blocks.</summary>
    public int? BlockError { get; set; }

    /// <summary>The writes of blocks that succeeded.</summary>
    public List<(string Path, long Offset, byte[] Bytes)> BlockWrites { get; } = [];

    /// <summary>While closed, syncs wait: what comes meanwhile must share the next one.</summary>
    public ManualResetEventSlim SyncGate { get; } = new(initialState: true);

    public void CreateDirectory(string path) => _real.CreateDirectory(path);

    public IReadOnlyList<string> List(string directory) => _real.List(directory);

    public IStorageFile Open(string path, StorageMode mode)
    {
        if (NoSpace && mode == StorageMode.CreateNew)
        {
            Interlocked.Increment(ref _refused);
            throw new StorageException("Reserving space", path, NativeMethods.ErrorNoSpace);
        }

        return new FaultyFile(this, path, _real.Open(path, mode));
    }

    public void Rename(string from, string to)
    {
        RefuseStuck("Renaming", from);
        _real.Rename(from, to);
    }

    public void Delete(string path)
    {
        RefuseStuck("Deleting", path);
        _real.Delete(path);
    }

    public void SyncDirectory(string path)
    {
        if (FailDirectorySync)
        {
            throw new StorageException("Sync of the directory", path, 5);
        }

        _real.SyncDirectory(path);
    }

    public IDisposable? TryLock(string path) => _real.TryLock(path);

    private void RefuseStuck(string what, string path)
    {
        if (Stuck is not null && path.EndsWith(Stuck, StringComparison.Ordinal))
        {
            throw new StorageException(what, path, 5);
        }
    }

    private sealed class FaultyFile(FaultyFiles faults, string path, IStorageFile real) : IStorageFile
    {
        private string _path = path;

        public long Length => real.Length;

        public int Read(Span<byte> buffer, long offset) => real.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            if (faults.ShortWrite is { } length)
            {
                real.Write(bytes[..Math.Min(length, bytes.Length)], offset);
                throw new StorageException("Write", _path, 5);
            }

            real.Write(bytes, offset);
            faults.Wrote?.Invoke(_path, offset, bytes.ToArray());
        }

        public void Sync(bool metadata)
        {
            faults.SyncGate.Wait();
            if (faults.FailSync)
            {
                throw new StorageException("Sync", _path, 5);
            }

            real.Sync(metadata);
        }

        public void Allocate(long length) => real.Allocate(length);

        public void MovedTo(string path)
        {
            _path = path;
            real.MovedTo(path);
        }

        public IBlockFile? OpenBlocks() => faults.Blocks && real.OpenBlocks() is { } blocks ? new FaultyBlocks(faults, _path, blocks) : null;

        public void Dispose() => real.Dispose();
    }

    private sealed class FaultyBlocks(FaultyFiles faults, string path, IBlockFile real) : IBlockFile
    {
        public void Write(ReadOnlySpan<byte> blocks, long offset)
        {
            if (faults.ShortWrite is { } length)
            {
                real.Write(blocks[..Math.Min(length & -4096, blocks.Length)], offset);
                throw new StorageException("Write", path, 5);
            }

            if (faults.BlockError is { } error)
            {
                throw new StorageException("Write", path, error);
            }

            real.Write(blocks, offset);
            faults.BlockWrites.Add((path, offset, blocks.ToArray()));
        }

        public void Dispose() => real.Dispose();
    }
}
