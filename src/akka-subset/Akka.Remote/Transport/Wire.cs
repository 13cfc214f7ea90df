using System.Buffers.Binary;
using System.Text;

namespace Akka.Remote.Transport;

/// <summary>
/// The subset's own wire protocol. Every frame is a 32-bit little-endian length, a type byte (counted in the length)
/// and a body. The first frame each way is the handshake; nothing else is read from a peer that has not passed it.
/// </summary>
internal enum FrameType : byte
{
    Hello = 1,
    HelloReply = 2,
    Message = 3,
    Selection = 4,
    System = 5,
    Ack = 6,
    Heartbeat = 7,
    Goodbye = 8,
}

internal enum HelloCode : byte
{
    Accepted = 0,
    WrongTarget = 1,
    Quarantined = 2,
    ShuttingDown = 3,
    WrongVersion = 4,
}

internal enum GoodbyeReason : byte
{
    Shutdown = 1,
    Quarantined = 2,
}

internal static class Wire
{
    public const ushort Version = 1;

    /// <summary>The first bytes of a peer that speaks this protocol.</summary>
    public static ReadOnlySpan<byte> Magic => "AKSUBREM"u8;

    /// <summary>Length of the length field.</summary>
    public const int LengthSize = 4;

    /// <summary>Nobody is known yet when a handshake frame is read, so it gets little room.</summary>
    public const int MaxHandshakeFrame = 4096;

    /// <summary>Paths, manifests and selection elements are sent once and then named by a slot number.</summary>
    public const int SlotCount = 1024;

    public const ushort DefineSlot = 0x8000;
    public const ushort Inline = 0xFFFF;
    public const ushort None = 0xFFFE;
}

/// <summary>The peer sent something that this protocol does not allow; its connection is closed.</summary>
internal sealed class WireException(string message) : Exception(message);

/// <summary>Reads the body of one frame and never beyond it.</summary>
internal ref struct FrameReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public string String() => Encoding.UTF8.GetString(Take(UInt16()));

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _rest.Length)
            throw new WireException("A frame ends in the middle of a field.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
