using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Akka.Remote.Transport;

/// <summary>What one connection has encoded and not yet handed to the socket. One writer at a time.</summary>
internal sealed class SendBuffer
{
    private const int InitialSize = 64 * 1024;

    // A burst of large frames must not leave every connection with a large buffer for ever; but growing anew for each of them would copy them once more.
    private const int KeepSize = 1024 * 1024;
    private const int SmallWritesBeforeShrink = 256;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(InitialSize);

    private int _smallWrites;

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear()
    {
        _smallWrites = Length > KeepSize / 2 ? 0 : _smallWrites + 1;
        Length = 0;
        if (_bytes.Length > KeepSize && _smallWrites > SmallWritesBeforeShrink)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = ArrayPool<byte>.Shared.Rent(InitialSize);
        }
    }

    /// <summary>Forgets everything after <paramref name="length"/>: a frame that turned out not to be sendable.</summary>
    public void Truncate(int length) => Length = length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
            Grow(count);
        var span = _bytes.AsSpan(Length, count);
        Length += count;
        return span;
    }

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Reserve(2), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Reserve(8), value);

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    /// <summary>UTF-8 with a 16-bit length before it.</summary>
    public void String(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        if (count > ushort.MaxValue)
            throw new ArgumentException("A path or manifest of " + count + " bytes is too long for the wire (65535).");
        UInt16((ushort)count);
        Encoding.UTF8.GetBytes(value, Reserve(count));
    }

    /// <summary>UTF-8 up to the end of the frame.</summary>
    public void Text(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        Encoding.UTF8.GetBytes(value, Reserve(count));
    }

    /// <summary>Starts a frame and answers where; <see cref="EndFrame"/> fills in its length.</summary>
    public int BeginFrame(FrameType type)
    {
        var start = Length;
        Reserve(4);
        Byte((byte)type);
        return start;
    }

    public void EndFrame(int start) =>
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(start, 4), Length - start - 4);

    private void Grow(int count)
    {
        var needed = checked(Length + count);
        var bigger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, (int)Math.Min((long)_bytes.Length * 2, Array.MaxLength)));
        _bytes.AsSpan(0, Length).CopyTo(bigger);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = bigger;
    }
}
