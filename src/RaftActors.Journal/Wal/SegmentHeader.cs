using System.Buffers.Binary;
using System.Globalization;

namespace RaftActors.Journal.Wal;

/// <summary>The first block of a segment file. It is durable before the file gets its name, so a segment without one is damaged.</summary>
internal sealed record SegmentHeader(ulong Number, ulong FirstLsn, ulong Salt, ulong TrimmedTo, long Capacity)
{
    /// <summary>A block of its own: no later write touches the sectors of the header.</summary>
    public const int Length = 4096;
    public const string Extension = ".wal";
    private const uint Version = 1;
    private const int Checked = 60;
    private static ReadOnlySpan<byte> Magic => "RAFTWAL1"u8;

    public static string FileName(ulong number) => number.ToString("x16", CultureInfo.InvariantCulture) + Extension;

    /// <summary>The number in a file's name; null when the file is none of ours.</summary>
    public static ulong? NumberOf(string path) =>
        path.EndsWith(Extension, StringComparison.Ordinal)
        && ulong.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number)
        && string.Equals(Path.GetFileName(path), FileName(number), StringComparison.Ordinal)
            ? number
            : null;

    public byte[] ToBytes()
    {
        byte[] block = new byte[Length];
        Magic.CopyTo(block);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(16), Number);
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(24), FirstLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(32), Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(40), TrimmedTo);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(48), Capacity);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(Checked), Castagnoli.Compute(block.AsSpan(0, Checked)));
        return block;
    }

    /// <exception cref="JournalDamagedException">The block is not a header, or not this segment's.</exception>
    public static SegmentHeader Parse(ReadOnlySpan<byte> block, string path, long fileLength)
    {
        if (block.Length < Length || !block[..8].SequenceEqual(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(block[Checked..]) != Castagnoli.Compute(block[..Checked]))
        {
            throw new JournalDamagedException(path, 0, "the segment's header is not intact.");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        if (version != Version)
        {
            throw new JournalException($"{path} has format {version}; this program knows format {Version}. Nothing was changed.");
        }

        SegmentHeader header = new(
            BinaryPrimitives.ReadUInt64LittleEndian(block[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[48..]));
        if (header.Number != NumberOf(path))
        {
            throw new JournalDamagedException(path, 16, $"the header belongs to segment {header.Number:x16}.");
        }

        return header.Capacity <= fileLength && header.Capacity is > Length and <= int.MaxValue
            ? header
            : throw new JournalDamagedException(path, fileLength, $"the file is shorter than the {header.Capacity} bytes that it was made with.");
    }
}
