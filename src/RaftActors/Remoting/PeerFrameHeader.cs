using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Remoting;

/// <summary>
/// The header of every peer frame, 39 bytes, little-endian: marker 1, type 1, source node 4, destination node 4, term 8, index 8, accepted 1, body length 4, flags 1,
/// reserved 3, CRC32C 4 (over the header with this field zero, then everything behind it). Flag 0x80 adds the stream's id, 4 bytes, behind the header; a frame without it means stream 0. Flag 0x40
/// adds the sender's identity behind that, 16 bytes: incarnation 8, generation 8 (<see cref="Generation.Value"/>); without it both are 0, which means unknown.
/// Entries may have destination 0: they are for whichever member of the stream the receiving node runs, so that the same frame may go to several.
/// </summary>
/// <param name="Type">What the body is.</param>
/// <param name="Source">Who sent it.</param>
/// <param name="Destination">Whom it is for; <see cref="NodeId.None"/> for whoever gets it.</param>
/// <param name="Term">The sender's term.</param>
/// <param name="Index">An index; which one depends on the type.</param>
/// <param name="Accepted">For replies: yes or no.</param>
/// <param name="Stream">Which stream.</param>
/// <param name="Identity">Which incarnation of the source speaks; all 0 when the frame does not say.</param>
public readonly record struct PeerFrameHeader(
    PeerFrameType Type,
    NodeId Source,
    NodeId Destination,
    Term Term,
    LogIndex Index,
    bool Accepted,
    StreamId Stream,
    FrameIdentity Identity = default)
{
    /// <summary>Bytes of a header without a stream id.</summary>
    public const int Size = 39;

    /// <summary>Bytes of a header with a stream id.</summary>
    public const int SizeWithStream = 43;

    /// <summary>Bytes of the longest header.</summary>
    public const int MaxSize = SizeWithStream + IdentitySize;

    /// <summary>No term and no index gets there; behind it there is room for arithmetic.</summary>
    private const long HighestPosition = 1L << 62;

    private const byte Marker = 0x52;
    private const byte FlagStream = 0x80;
    private const byte FlagIdentity = 0x40;
    private const int IdentitySize = 16;
    private const int AtLength = 27;
    private const int AtFlags = 31;
    private const int AtChecksum = 35;

    /// <summary>Bytes before the body.</summary>
    public int Length => LengthOf(Flags);

    /// <summary>Whether a node that runs this member of the stream may take the frame.</summary>
    /// <param name="member">The member.</param>
    internal bool IsFor(NodeId member) => Destination == member || Destination.IsNone;

    private byte Flags => (byte)((Stream.Value == 0 ? 0 : FlagStream) | (Identity.IsUnknown ? 0 : FlagIdentity));

    /// <summary>
    /// Allocates a frame with room for a body; fill the body in and then call <see cref="Seal"/>.
    /// </summary>
    internal byte[] Allocate(int bodyLength)
    {
        // Not zeroed: header and body are written in full.
        byte[] frame = GC.AllocateUninitializedArray<byte>(checked(Length + bodyLength));
        Write(frame, Flags, bodyLength);
        return frame;
    }

    /// <summary>Writes the longest header, whatever is in it, into an array that the body stands in behind it; then call <see cref="Seal"/>.</summary>
    internal void WriteLongest(byte[] frame) => Write(frame, FlagStream | FlagIdentity, frame.Length - MaxSize);

    private void Write(byte[] frame, byte flags, int bodyLength)
    {
        frame[0] = Marker;
        frame[1] = (byte)Type;
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(2), Source.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(6), Destination.Value);
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(10), Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(18), Index.Value);
        frame[26] = Accepted ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(AtLength), (uint)bodyLength);
        frame[AtFlags] = flags;
        frame[AtFlags + 1] = 0;
        frame[AtFlags + 2] = 0;
        frame[AtFlags + 3] = 0;
        if ((flags & FlagStream) != 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(Size), Stream.Value);
        }

        if ((flags & FlagIdentity) != 0)
        {
            Span<byte> identity = frame.AsSpan(LengthOf(flags) - IdentitySize, IdentitySize);
            BinaryPrimitives.WriteUInt64LittleEndian(identity, Identity.Incarnation);
            BinaryPrimitives.WriteUInt64LittleEndian(identity[8..], Identity.Generation.Value);
        }
    }

    /// <summary>Writes the checksum of a finished frame.</summary>
    internal static PeerFrame Seal(byte[] frame)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(AtChecksum), Checksum(frame));
        return new PeerFrame(frame);
    }

    /// <summary>Finds out where a frame goes, without looking at its body or checksum: what the router of all streams needs.</summary>
    internal static bool TryReadRoute(ReadOnlySpan<byte> frame, out PeerFrameHeader header, [NotNullWhen(false)] out string? error)
    {
        header = default;
        if (frame.Length < Size)
        {
            error = $"{frame.Length} bytes are less than a header";
            return false;
        }

        if (frame[0] != Marker)
        {
            error = $"it begins with 0x{frame[0]:x2} instead of 0x{Marker:x2}";
            return false;
        }

        byte flags = frame[AtFlags];
        if ((flags & ~(FlagStream | FlagIdentity)) != 0)
        {
            error = $"unknown flags 0x{flags:x2}";
            return false;
        }

        int length = LengthOf(flags);
        if (frame.Length < length || BinaryPrimitives.ReadUInt32LittleEndian(frame[AtLength..]) != (uint)(frame.Length - length))
        {
            error = $"its body length does not fit its {frame.Length} bytes";
            return false;
        }

        ReadOnlySpan<byte> identity = (flags & FlagIdentity) == 0 ? default : frame.Slice(length - IdentitySize, IdentitySize);
        uint stream = (flags & FlagStream) == 0 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(frame[Size..]);
        uint source = BinaryPrimitives.ReadUInt32LittleEndian(frame[2..]);
        uint destination = BinaryPrimitives.ReadUInt32LittleEndian(frame[6..]);
        long term = BinaryPrimitives.ReadInt64LittleEndian(frame[10..]);
        long index = BinaryPrimitives.ReadInt64LittleEndian(frame[18..]);
        bool isAddressed = destination != 0 || (PeerFrameType)frame[1] == PeerFrameType.AppendEntries;
        if (source == 0 || !isAddressed || term is < 0 or > HighestPosition || index is < 0 or > HighestPosition || frame[26] > 1)
        {
            error = $"impossible header (source {source}, destination {destination}, term {term}, index {index}, accepted {frame[26]})";
            return false;
        }

        header = new PeerFrameHeader(
            (PeerFrameType)frame[1],
            new NodeId(source),
            new NodeId(destination),
            new Term(term),
            new LogIndex(index),
            frame[26] == 1,
            new StreamId(stream),
            identity.IsEmpty ? default : new FrameIdentity(BinaryPrimitives.ReadUInt64LittleEndian(identity), Generation.Of(BinaryPrimitives.ReadUInt64LittleEndian(identity[8..]))));
        error = null;
        return true;
    }

    /// <summary>Verifies a whole frame and splits it.</summary>
    internal static bool TryRead(ReadOnlyMemory<byte> frame, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, [NotNullWhen(false)] out string? error)
    {
        body = default;
        ReadOnlySpan<byte> span = frame.Span;
        if (!TryReadRoute(span, out header, out error))
        {
            return false;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(span[AtChecksum..]) != Checksum(span))
        {
            error = "wrong checksum";
            return false;
        }

        // The flag decides, not the id: a frame may carry stream 0 in the long form.
        body = frame[LengthOf(span[AtFlags])..];
        return true;
    }

    private static int LengthOf(byte flags) => ((flags & FlagStream) == 0 ? Size : SizeWithStream) + ((flags & FlagIdentity) == 0 ? 0 : IdentitySize);

    private static uint Checksum(ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<byte> zero = stackalloc byte[4];
        uint sum = Crc32C.Compute(frame[..AtChecksum]);
        sum = Crc32C.Compute(zero, sum);
        return Crc32C.Compute(frame[Size..], sum);
    }
}
