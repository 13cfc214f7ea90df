using RaftActors.Persistence;

namespace RaftActors.Snapshots;

/// <summary>What a state machine reads its snapshot from: block by block, each checked as it comes.</summary>
internal sealed class SnapshotReadStream(SnapshotStorage storage, StoredSnapshotHeader header) : Stream
{
    private ReadOnlyMemory<byte> _block;
    private int _next;
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => header.TotalSize;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        if (_block.IsEmpty)
        {
            if (_next == header.Blocks.Count)
            {
                return 0;
            }

            _block = (await storage.LoadBlockAsync(header, _next++).ConfigureAwait(false)).Data;
        }

        int taken = Math.Min(buffer.Length, _block.Length);
        _block[..taken].CopyTo(buffer);
        _block = _block[taken..];
        _position += taken;
        return taken;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // A snapshot comes from another actor: whoever reads it synchronously waits on its own thread, which is the user code's.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
