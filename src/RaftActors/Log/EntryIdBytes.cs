using System.Buffers.Binary;

namespace RaftActors.Persistence;

/// <summary>An entry's id in records and frames: term 8, index 8, little-endian.</summary>
internal static class EntryIdBytes
{
    public static void Write(Span<byte> to, EntryId id)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, id.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], id.Index.Value);
    }

    public static EntryId Read(ReadOnlySpan<byte> from) =>
        new(new Term(BinaryPrimitives.ReadInt64LittleEndian(from)), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(from[8..])));
}
