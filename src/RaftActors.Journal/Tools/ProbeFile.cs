using System.Globalization;
using System.Runtime.InteropServices;
using RaftActors.Journal.Storage;
using RaftActors.Journal.Wal;

namespace RaftActors.Journal;

/// <summary>
/// A file of a probe's own, to which it writes as the write-ahead log does: whole blocks, into space that is reserved and written already, past the system's cache where that is offered. One thread at a time; removed when disposed.
/// </summary>
internal sealed unsafe class ProbeFile : IDisposable
{
    private const int LeastSize = 16 * 1024 * 1024;
    private const int LeastSlots = 64;

    private readonly string _path;
    private readonly int _size;
    private readonly int _slots;
    private byte* _bytes;
    private IStorageFile? _file;
    private IBlockFile? _blocks;
    private int _next;

    /// <param name="directory">An existing folder.</param>
    /// <param name="bytes">The size of each write, rounded up to whole blocks.</param>
    public ProbeFile(string directory, int bytes)
    {
        _size = RoundUp(bytes);
        _slots = Math.Max(LeastSlots, LeastSize / _size);
        _path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"probe-{Guid.NewGuid():N}.tmp"));
        _bytes = (byte*)NativeMemory.AlignedAlloc((nuint)_size, BlockWriter.Block);
        try
        {
            new Span<byte>(_bytes, _size).Fill(0x5A);
            _file = FileSystem.Instance.Open(_path, StorageMode.CreateNew);
            _file.Allocate((long)_slots * _size);
            for (int slot = 0; slot < _slots; slot++)
            {
                _file.Write(Block, (long)slot * _size);
            }

            _file.Sync(metadata: true);
            _blocks = Usable(_file);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>False where the file system does not offer it: writes go through the cache then.</summary>
    public bool PastTheCache => _blocks is not null;

    private ReadOnlySpan<byte> Block => new(_bytes, _size);

    /// <summary>What one write takes.</summary>
    public static int RoundUp(int bytes) => (bytes + BlockWriter.Block - 1) / BlockWriter.Block * BlockWriter.Block;

    /// <summary>Writes behind the last write, at the end of the file to its beginning, and syncs. Throws what failed.</summary>
    public void WriteAndSync()
    {
        long offset = (long)_next * _size;
        _next = (_next + 1) % _slots;
        if (_blocks is not null)
        {
            _blocks.Write(Block, offset);
        }
        else
        {
            _file!.Write(Block, offset);
        }

        _file!.Sync(metadata: false);
    }

    public void Dispose()
    {
        _blocks?.Dispose();
        _blocks = null;
        _file?.Dispose();
        _file = null;
        NativeMemory.AlignedFree(_bytes);
        _bytes = null;
        File.Delete(_path);
    }

    private IBlockFile? Usable(IStorageFile file)
    {
        IBlockFile? blocks = file.OpenBlocks();
        try
        {
            blocks?.Write(Block, 0);
            return blocks;
        }
        catch (StorageException e) when (e.NotOffered)
        {
            blocks?.Dispose();
            return null;
        }
    }
}
