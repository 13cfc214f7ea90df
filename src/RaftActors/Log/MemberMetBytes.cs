using System.Buffers.Binary;

namespace RaftActors.Persistence;

/// <summary>A member that was met, in records and frames: member 4, the entry that took it in 16, incarnation 8, little-endian.</summary>
internal static class MemberMetBytes
{
    public const int Size = 28;

    public static void Write(Span<byte> to, MemberMet met)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, met.Member.Value);
        EntryIdBytes.Write(to[4..], met.Joined);
        BinaryPrimitives.WriteUInt64LittleEndian(to[20..], met.Incarnation);
    }

    public static MemberMet Read(ReadOnlySpan<byte> from) =>
        new(new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(from)), EntryIdBytes.Read(from[4..]), BinaryPrimitives.ReadUInt64LittleEndian(from[20..]));
}
