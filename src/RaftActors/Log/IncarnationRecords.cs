using System.Buffers.Binary;
using System.Collections.Immutable;

namespace RaftActors.Persistence;

/// <summary>
/// The byte forms of incarnations in a journal. Public, versioned, extend-only, little-endian; each event begins with version 1, reserved 3 and ends with a CRC32C 4 over the bytes before it. I1, the
/// incarnation that the member took: incarnation 8. I2, another member's: member 4, the entry that took it in (term 8, index 8; 0 for a member of the beginning), incarnation 8. Behind the generation
/// of a compaction (S1, see <c>SnapshotRecords</c>): the member's own incarnation 8, number of others 4, and for each the same 28 bytes as in I2.
/// </summary>
internal static class IncarnationRecords
{
    public const string Taken = "I1";
    public const string Met = "I2";

    private const int Prefix = 4;
    private const int Crc = 4;
    private const int MetSize = 28;

    public static string ManifestOf(RaftEvent fact) => fact is IncarnationTaken ? Taken : Met;

    public static byte[] Write(RaftEvent fact)
    {
        byte[] bytes = new byte[Prefix + (fact is IncarnationTaken ? 8 : MetSize) + Crc];
        bytes[0] = 1;
        if (fact is IncarnationTaken taken)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Prefix), taken.Incarnation);
        }
        else
        {
            Write(bytes.AsSpan(Prefix), (MemberMet)fact);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - Crc), Crc32C.Compute(bytes.AsSpan(0, bytes.Length - Crc)));
        return bytes;
    }

    /// <summary>Null for manifests of others.</summary>
    public static object? Read(byte[] bytes, string manifest)
    {
        if (manifest is not (Taken or Met))
        {
            return null;
        }

        int end = bytes.Length - Crc;
        if (bytes.Length < Prefix + (manifest == Taken ? 8 : MetSize) + Crc || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(end)) != Crc32C.Compute(bytes.AsSpan(0, end)) || bytes[0] != 1)
        {
            return new UnreadableEvent($"an incarnation of {bytes.Length} bytes, with a wrong checksum or of another version");
        }

        RaftEvent? fact = manifest == Taken ? new IncarnationTaken(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(Prefix))) : ReadMet(bytes.AsSpan(Prefix));
        return fact is null or IncarnationTaken { Incarnation: 0 } ? new UnreadableEvent("an incarnation with impossible contents") : new JournaledIncarnation(fact);
    }

    /// <summary>How many bytes a compaction needs; 0 when it says nothing.</summary>
    public static int SizeOf(LogCompacted compaction) => IsIn(compaction) ? 12 + (MetSize * compaction.Met.Length) : 0;

    public static bool IsIn(LogCompacted compaction) => compaction.Incarnation != 0 || !compaction.Met.IsEmpty;

    public static void Write(Span<byte> to, LogCompacted compaction)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, compaction.Incarnation);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], compaction.Met.Length);
        to = to[12..];
        foreach (MemberMet met in compaction.Met)
        {
            Write(to, met);
            to = to[MetSize..];
        }
    }

    /// <summary>Null when the bytes are impossible.</summary>
    public static LogCompacted? Read(ReadOnlySpan<byte> bytes, LogCompacted compaction)
    {
        if (bytes.IsEmpty)
        {
            return compaction;
        }

        int count = bytes.Length < 12 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (count < 0 || count > (bytes.Length - 12) / MetSize)
        {
            return null;
        }

        ulong own = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        ImmutableArray<MemberMet>.Builder met = ImmutableArray.CreateBuilder<MemberMet>(count);
        for (int i = 0; i < count; i++)
        {
            if (ReadMet(bytes[(12 + (MetSize * i))..]) is not { } one)
            {
                return null;
            }

            met.Add(one);
        }

        return compaction with { Incarnation = own, Met = count == 0 ? [] : met.MoveToImmutable() };
    }

    private static void Write(Span<byte> to, MemberMet met)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, met.Member.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[4..], met.Joined.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[12..], met.Joined.Index.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(to[20..], met.Incarnation);
    }

    private static MemberMet? ReadMet(ReadOnlySpan<byte> bytes)
    {
        MemberMet met = new(
            new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(bytes)),
            new EntryId(new Term(BinaryPrimitives.ReadInt64LittleEndian(bytes[4..])), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes[12..]))),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[20..]));
        return met.Member.IsNone || met.Incarnation == 0 || met.Joined.Term < Term.Zero || met.Joined.Index < LogIndex.Zero ? null : met;
    }
}
