using RaftActors.Persistence;

namespace RaftActors.Snapshots;

/// <summary>
/// What a state machine writes its snapshot to. Full blocks go to the snapshot store as they come, and asynchronous writes wait for it; what is written synchronously waits in memory for
/// the next asynchronous call.
/// </summary>
internal sealed class SnapshotWriteStream(SnapshotStorage storage, LogIndex snapshot, int blockBytes) : Stream
{
    private readonly Queue<byte[]> _full = new();
    private readonly List<int> _blocks = [];
    private byte[] _block = new byte[blockBytes];
    private int _used;
    private uint _checksum;
    private long _length;
    private Exception? _failure;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _length += buffer.Length;
        while (!buffer.IsEmpty)
        {
            int taken = Math.Min(buffer.Length, _block.Length - _used);
            buffer[..taken].CopyTo(_block.AsSpan(_used));
            buffer = buffer[taken..];
            _used += taken;
            if (_used == _block.Length)
            {
                _full.Enqueue(_block);
                _block = new byte[blockBytes];
                _used = 0;
            }
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        cancellationToken.ThrowIfCancellationRequested();
        await StoreFullAsync().ConfigureAwait(false);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => StoreFullAsync();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>How many blocks were given to the store, the last of them perhaps in vain.</summary>
    public int Blocks => _blocks.Count;

    /// <summary>Stores the rest, and then the header: from here on the snapshot exists.</summary>
    public async Task<StoredSnapshotHeader> CompleteAsync(SnapshotInfo info)
    {
        if (_used > 0)
        {
            _full.Enqueue(_block[.._used]);
            _used = 0;
        }

        await StoreFullAsync().ConfigureAwait(false);
        StoredSnapshotHeader header = new(info, _checksum, _blocks);
        await storage.SaveHeaderAsync(header).ConfigureAwait(false);
        return header;
    }

    private async Task StoreFullAsync()
    {
        if (_failure is { } before)
        {
            // A state machine may go on all the same; what it writes then must not become a snapshot that lacks a part.
            throw new SnapshotUnusableException($"a part of it could not be stored: {before.Message}", before);
        }

        try
        {
            while (_full.TryDequeue(out byte[]? block))
            {
                await StoreAsync(block).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            _failure = e;
            throw;
        }
    }

    private async Task StoreAsync(byte[] block)
    {
        if (_blocks.Count == 0)
        {
            await storage.BeginAsync(snapshot).ConfigureAwait(false);
        }
        else if (_blocks.Count == SnapshotStorage.MaxBlocks)
        {
            throw new SnapshotUnusableException($"the snapshot has more than {SnapshotStorage.MaxBlocks} blocks; raise snapshot-block-bytes");
        }

        _checksum = Crc32C.Compute(block, _checksum);
        _blocks.Add(block.Length);
        await storage.SaveBlockAsync(snapshot, _blocks.Count - 1, new StoredSnapshotBlock(block, Crc32C.Compute(block))).ConfigureAwait(false);
    }
}
