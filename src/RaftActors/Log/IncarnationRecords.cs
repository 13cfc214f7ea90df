using System.Buffers.Binary;
using System.Collections.Immutable;
using static RaftActors.Persistence.SealedRecord;

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

    public static string ManifestOf(RaftEvent fact) => fact is IncarnationTaken ? Taken : Met;

    public static byte[] Write(RaftEvent fact)
    {
        byte[] bytes = new byte[Prefix + (fact is IncarnationTaken ? 8 : MemberMetBytes.Size) + Crc];
        if (fact is IncarnationTaken taken)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Prefix), taken.Incarnation);
        }
        else
        {
            MemberMetBytes.Write(bytes.AsSpan(Prefix), (MemberMet)fact);
        }

        return Seal(bytes);
    }

    /// <summary>Null for manifests of others.</summary>
    public static object? Read(byte[] bytes, string manifest)
    {
        if (manifest is not (Taken or Met))
        {
            return null;
        }

        if (WhyBad(bytes, manifest == Taken ? 8 : MemberMetBytes.Size) is not null)
        {
            return new UnreadableEvent($"an incarnation of {bytes.Length} bytes, with a wrong checksum or of another version");
        }

        RaftEvent? fact = manifest == Taken ? new IncarnationTaken(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(Prefix))) : ReadMet(bytes.AsSpan(Prefix));
        return fact is null or IncarnationTaken { Incarnation: 0 } ? new UnreadableEvent("an incarnation with impossible contents") : new JournaledIncarnation(fact);
    }

    /// <summary>How many bytes a compaction needs; 0 when it says nothing.</summary>
    public static int SizeOf(LogCompacted compaction) => IsIn(compaction) ? 12 + (MemberMetBytes.Size * compaction.Met.Length) : 0;

    public static bool IsIn(LogCompacted compaction) => compaction.Incarnation != 0 || !compaction.Met.IsEmpty;

    public static void Write(Span<byte> to, LogCompacted compaction)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, compaction.Incarnation);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], compaction.Met.Length);
        to = to[12..];
        foreach (MemberMet met in compaction.Met)
        {
            MemberMetBytes.Write(to, met);
            to = to[MemberMetBytes.Size..];
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
        if (count < 0 || count > (bytes.Length - 12) / MemberMetBytes.Size)
        {
            return null;
        }

        ulong own = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        ImmutableArray<MemberMet>.Builder met = ImmutableArray.CreateBuilder<MemberMet>(count);
        for (int i = 0; i < count; i++)
        {
            if (ReadMet(bytes[(12 + (MemberMetBytes.Size * i))..]) is not { } one)
            {
                return null;
            }

            met.Add(one);
        }

        return compaction with { Incarnation = own, Met = count == 0 ? [] : met.MoveToImmutable() };
    }

    private static MemberMet? ReadMet(ReadOnlySpan<byte> bytes)
    {
        MemberMet met = MemberMetBytes.Read(bytes);
        return met.Member.IsNone || met.Incarnation == 0 || met.Joined.Term < Term.Zero || met.Joined.Index < LogIndex.Zero ? null : met;
    }
}
