using System.Buffers;

namespace Akka.Remote.Transport;

/// <summary>What has come in on a connection and is not taken yet. One thread at a time.</summary>
internal sealed class ReceiveBuffer : IDisposable
{
    private const int Size = 64 * 1024;

    // Reads without a large frame after which a large buffer is given up: not between two of a row of them.
    private const int SmallReadsBeforeShrink = 256;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Size);
    private int _filled;
    private int _received;
    private int _smallReads;

    public Memory<byte> Free => _bytes.AsMemory(_filled);

    public ReadOnlySpan<byte> Filled => _bytes.AsSpan(0, _filled);

    public void Add(int received)
    {
        _received = received;
        _filled += received;
    }

    /// <summary>The first bytes are done with; the frame behind them takes so many.</summary>
    public void Remove(int consumed, int nextFrame)
    {
        _filled -= consumed;
        if (_filled > 0 && consumed > 0)
            _bytes.AsSpan(consumed, _filled).CopyTo(_bytes);

        // Room follows the data that is really there, not the length that the peer announces.
        if (_filled == _bytes.Length)
            Resize((int)Math.Min(Math.Max((long)nextFrame, _bytes.Length + 1), (long)_bytes.Length * 2));
        else if (_received > Size)
            _smallReads = 0;
        else if (_filled == 0 && _bytes.Length > Size * 4 && ++_smallReads > SmallReadsBeforeShrink)
        {
            _smallReads = 0;
            Resize(Size);
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);

    private void Resize(int size)
    {
        var other = ArrayPool<byte>.Shared.Rent(size);
        Filled.CopyTo(other);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = other;
    }
}
