using System.Buffers.Binary;
using static RaftActors.Persistence.SealedRecord;

namespace RaftActors.Persistence;

/// <summary>
/// The byte forms of what snapshots leave on disk. Public, versioned, extend-only, little-endian; each begins with version 1, reserved 3 and ends with a CRC32C 4 over the bytes
/// before it. S1, a compaction in the journal: snapshot term 8 and index 8, base term 8 and index 8, last term 8 and index 8, current term 8, voted for 4, length of the membership 4,
/// membership, and then, once there is something to say, generation 8 and its first term 8, and what <c>IncarnationRecords</c> says. S2, a block in the snapshot store: the data, whose own CRC32C is the last. S3, a header in the snapshot store: term 8, index 8, checksum of the content 4,
/// number of blocks 4, size of each 4, length of the membership 4, membership.
/// </summary>
internal static class SnapshotRecords
{
    public const string Compaction = "S1";
    public const string Block = "S2";
    public const string Header = "S3";

    private const int GenerationSize = 16;

    public static byte[] Write(LogCompacted compaction)
    {
        byte[] membership = MembershipCodec.Encode(compaction.Snapshot.Membership);
        byte[] bytes = new byte[Prefix + 64 + membership.Length + TailOf(compaction) + Crc];
        Span<byte> at = bytes.AsSpan(Prefix);
        EntryIdBytes.Write(at, compaction.Snapshot.Last);
        EntryIdBytes.Write(at[16..], compaction.Base);
        EntryIdBytes.Write(at[32..], compaction.Last);
        BinaryPrimitives.WriteInt64LittleEndian(at[48..], compaction.State.Term.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(at[56..], compaction.State.VotedFor.Value);
        BinaryPrimitives.WriteInt32LittleEndian(at[60..], membership.Length);
        membership.CopyTo(at[64..]);
        if (TailOf(compaction) > 0)
        {
            at = at[(64 + membership.Length)..];
            RecoveryRecords.WriteGeneration(at, compaction.State);
            if (IncarnationRecords.IsIn(compaction))
            {
                IncarnationRecords.Write(at[GenerationSize..], compaction);
            }
        }

        return Seal(bytes);
    }

    public static byte[] Write(StoredSnapshotBlock block)
    {
        byte[] bytes = new byte[Prefix + block.Data.Length + Crc];
        bytes[0] = 1;
        block.Data.Span.CopyTo(bytes.AsSpan(Prefix));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Prefix + block.Data.Length), block.Checksum);
        return bytes;
    }

    public static byte[] Write(StoredSnapshotHeader header)
    {
        byte[] membership = MembershipCodec.Encode(header.Info.Membership);
        byte[] bytes = new byte[Prefix + 24 + (4 * header.Blocks.Count) + 4 + membership.Length + Crc];
        Span<byte> at = bytes.AsSpan(Prefix);
        EntryIdBytes.Write(at, header.Info.Last);
        BinaryPrimitives.WriteUInt32LittleEndian(at[16..], header.Checksum);
        BinaryPrimitives.WriteInt32LittleEndian(at[20..], header.Blocks.Count);
        at = at[24..];
        foreach (int block in header.Blocks)
        {
            BinaryPrimitives.WriteInt32LittleEndian(at, block);
            at = at[4..];
        }

        BinaryPrimitives.WriteInt32LittleEndian(at, membership.Length);
        membership.CopyTo(at[4..]);
        return Seal(bytes);
    }

    /// <summary>Null for manifests of others.</summary>
    public static object? Read(byte[] bytes, string manifest) => manifest switch
    {
        Compaction => ReadCompaction(bytes),
        Block => ReadBlock(bytes),
        Header => ReadHeader(bytes),
        _ => null,
    };

    private static int TailOf(LogCompacted compaction) =>
        compaction.State.Generation != Generation.First || IncarnationRecords.IsIn(compaction) ? GenerationSize + IncarnationRecords.SizeOf(compaction) : 0;

    private static object ReadCompaction(byte[] bytes)
    {
        if (WhyBad(bytes, 64) is { } error)
        {
            return new UnreadableEvent($"a compaction with {error}");
        }

        ReadOnlySpan<byte> at = bytes.AsSpan(Prefix, bytes.Length - Prefix - Crc);
        EntryId snapshot = EntryIdBytes.Read(at);
        EntryId logBase = EntryIdBytes.Read(at[16..]);
        EntryId last = EntryIdBytes.Read(at[32..]);
        long term = BinaryPrimitives.ReadInt64LittleEndian(at[48..]);
        int length = BinaryPrimitives.ReadInt32LittleEndian(at[60..]);
        int tail = at.Length - 64 - length;
        StreamMembership? membership = length >= 0 && tail is 0 or >= GenerationSize ? Membership(at.Slice(64, length)) : null;
        bool isPossible = membership is not null && term >= 0 && snapshot.Index > LogIndex.Zero && logBase.Index >= LogIndex.Zero && logBase.Index <= snapshot.Index && last.Index >= snapshot.Index;
        TermState state = new(new Term(term), new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(at[56..])));
        if (tail >= GenerationSize)
        {
            state = RecoveryRecords.ReadGeneration(at[^tail..], state);
        }

        LogCompacted? compaction = isPossible
            ? IncarnationRecords.Read(tail > GenerationSize ? at[(at.Length - tail + GenerationSize)..] : default, new LogCompacted(new SnapshotInfo(snapshot, membership!), logBase, last, state))
            : null;
        return compaction is not null
            ? new JournaledCompaction(compaction)
            : new UnreadableEvent($"a compaction with impossible contents ({snapshot}, {logBase}, {last}, term {term})");
    }

    private static object ReadBlock(byte[] bytes)
    {
        if (bytes.Length < Prefix + Crc || bytes[0] != 1)
        {
            return new UnreadableEvent($"a snapshot block of {bytes.Length} bytes, or of another version");
        }

        ReadOnlyMemory<byte> data = bytes.AsMemory(Prefix, bytes.Length - Prefix - Crc);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - Crc));
        return Crc32C.Compute(data.Span) == checksum ? new StoredSnapshotBlock(data, checksum) : new UnreadableEvent("a snapshot block with a wrong checksum");
    }

    private static object ReadHeader(byte[] bytes)
    {
        if (WhyBad(bytes, 28) is { } error)
        {
            return new UnreadableEvent($"a snapshot header with {error}");
        }

        ReadOnlySpan<byte> at = bytes.AsSpan(Prefix, bytes.Length - Prefix - Crc);
        EntryId last = EntryIdBytes.Read(at);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(at[16..]);
        int count = BinaryPrimitives.ReadInt32LittleEndian(at[20..]);
        at = at[24..];
        if (count < 0 || count > (at.Length - 4) / 4)
        {
            return new UnreadableEvent($"a snapshot header with {count} blocks");
        }

        int[] blocks = new int[count];
        for (int i = 0; i < count; i++)
        {
            blocks[i] = BinaryPrimitives.ReadInt32LittleEndian(at);
            at = at[4..];
        }

        StreamMembership? membership = BinaryPrimitives.ReadInt32LittleEndian(at) == at.Length - 4 ? Membership(at[4..]) : null;
        return membership is not null && last.Index > LogIndex.Zero && blocks.All(b => b > 0)
            ? new StoredSnapshotHeader(new SnapshotInfo(last, membership), checksum, blocks)
            : new UnreadableEvent("a snapshot header with impossible contents");
    }

    private static StreamMembership? Membership(ReadOnlySpan<byte> bytes) =>
        MembershipCodec.TryDecode(bytes, out StreamMembership? membership) ? membership : null;
}
