using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace KvServer.State;

/// <summary>Writes the parts of <see cref="KvFormat"/> into a buffer.</summary>
internal static class KvWriter
{
    public static void EntryHeader(IBufferWriter<byte> to, long unixMilliseconds)
    {
        Span<byte> span = to.GetSpan(KvFormat.EntryHeaderSize);
        span[0] = KvFormat.Version;
        BinaryPrimitives.WriteInt64LittleEndian(span[1..], unixMilliseconds);
        to.Advance(KvFormat.EntryHeaderSize);
    }

    public static void Operation(IBufferWriter<byte> to, KvOperation operation) => Byte(to, (byte)operation);

    public static void Byte(IBufferWriter<byte> to, byte value)
    {
        to.GetSpan(1)[0] = value;
        to.Advance(1);
    }

    public static void Number(IBufferWriter<byte> to, ulong value)
    {
        Span<byte> span = to.GetSpan(10);
        int length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        to.Advance(length);
    }

    public static void Signed(IBufferWriter<byte> to, long value) => Number(to, (ulong)((value << 1) ^ (value >> 63)));

    public static void Bytes(IBufferWriter<byte> to, ReadOnlySpan<byte> value)
    {
        Number(to, (ulong)value.Length);
        to.Write(value);
    }

    public static void ResultHeader(IBufferWriter<byte> to) => Byte(to, KvFormat.Version);

    public static void Ok(IBufferWriter<byte> to) => Byte(to, (byte)KvResultKind.Ok);

    public static void Nil(IBufferWriter<byte> to) => Byte(to, (byte)KvResultKind.Nil);

    public static void Integer(IBufferWriter<byte> to, long value)
    {
        Byte(to, (byte)KvResultKind.Integer);
        Signed(to, value);
    }

    public static void Bulk(IBufferWriter<byte> to, ReadOnlySpan<byte> value)
    {
        Byte(to, (byte)KvResultKind.Bulk);
        Bytes(to, value);
    }

    public static void Error(IBufferWriter<byte> to, string text)
    {
        Byte(to, (byte)KvResultKind.Error);
        Bytes(to, Encoding.UTF8.GetBytes(text));
    }
}
