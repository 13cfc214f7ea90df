using System.Runtime.InteropServices;
using RaftActors.Journal.Storage;

namespace RaftActors.Journal.Wal;

/// <summary>
/// Writes batches past the system's cache. The block in which the log ends is kept, and written again with the next batch: with the same bytes up to there, as the cache does it with its pages. One thread at a time.
/// </summary>
internal sealed unsafe class BlockWriter : IDisposable
{
    public const int Block = 4096;

    // What max-batch-bytes lets through by default. Each of these bytes is copied once here instead of into the cache, whose pages cost more than the copy; beyond this the buffer would be what costs.
    public const int Most = 8 * 1024 * 1024;

    private byte* _bytes;
    private int _capacity;
    private IBlockFile? _file;
    private Segment? _segment;

    // Up to where the block at the beginning of the buffer is what the segment holds.
    private int _knownEnd;
    private bool _proven;
    private bool _refused;

    /// <summary>Writes the pieces to the end of the segment; the sync is the caller's. Throws what is final.</summary>
    /// <returns>False when it cannot be done like this, and nothing is done.</returns>
    public bool TryWrite(Segment segment, List<ReadOnlyMemory<byte>> pieces, int length)
    {
        if (_refused || length > Most || !Use(segment))
        {
            return false;
        }

        int start = segment.End & -Block;
        int head = segment.End - start;
        int whole = (head + length + Block - 1) & -Block;
        if (start + (long)whole > segment.Header.Capacity)
        {
            return false;
        }

        Grow(whole);
        if (head > 0 && _knownEnd != segment.End && segment.File.Read(Bytes(0, head), start) < head)
        {
            return false;
        }

        int at = head;
        for (int i = 0; i < pieces.Count; i++)
        {
            pieces[i].Span.CopyTo(Bytes(at, pieces[i].Length));
            at += pieces[i].Length;
        }

        Bytes(at, whole - at).Clear();
        _knownEnd = 0;
        try
        {
            _file!.Write(Bytes(0, whole), start);
        }
        catch (StorageException e) when (!_proven && e.NotOffered)
        {
            // Some file systems open it like this and then refuse to write. The batch goes the usual way, in full.
            _refused = true;
            Forget();
            return false;
        }

        _proven = true;
        _knownEnd = start + at;
        int tail = at & -Block;
        if (tail > 0)
        {
            Bytes(tail, at - tail).CopyTo(Bytes(0, at - tail));
        }

        return true;
    }

    public void Dispose()
    {
        Forget();
        NativeMemory.AlignedFree(_bytes);
        _bytes = null;
        _capacity = 0;
        _refused = true;
    }

    private bool Use(Segment segment)
    {
        if (!ReferenceEquals(segment, _segment))
        {
            Forget();
            _file = segment.File.OpenBlocks();
            _segment = segment;
        }

        return _file is not null;
    }

    private void Forget()
    {
        _file?.Dispose();
        _file = null;
        _segment = null;
        _knownEnd = 0;
    }

    private void Grow(int capacity)
    {
        if (capacity > _capacity)
        {
            // The block that is kept moves along.
            _capacity = Math.Max(capacity, Math.Max(64 * 1024, Math.Min(2 * _capacity, Most + Block)));
            byte* larger = (byte*)NativeMemory.AlignedAlloc((nuint)_capacity, Block);
            if (_bytes != null)
            {
                new ReadOnlySpan<byte>(_bytes, Block).CopyTo(new Span<byte>(larger, Block));
                NativeMemory.AlignedFree(_bytes);
            }

            _bytes = larger;
        }
    }

    private Span<byte> Bytes(int from, int length) => new(_bytes + from, length);
}
