using System.Buffers.Binary;
using System.Text;
using RaftActors.Journal.Storage;

namespace RaftActors.Journal.Snapshots;

/// <summary>What a snapshot file says besides the snapshot.</summary>
internal sealed record SnapshotHeader(string PersistenceId, long SequenceNr, long Ticks, int SerializerId, string Manifest, long Length);

/// <summary>
/// The format: a header with its own checksum, the payload, a footer with the payload's checksum. A file that lacks the footer was never finished.
/// </summary>
internal static class SnapshotFile
{
    private const int FixedHeader = 56;
    private const int Footer = 16;
    private const int Chunk = 256 * 1024;
    private const int LongestHeader = 1024 * 1024;
    private const uint Version = 1;
    private static ReadOnlySpan<byte> Magic => "RAFTSNP1"u8;
    private static ReadOnlySpan<byte> End => "RAFTSEND"u8;

    public static void Write(IStorageFile file, SnapshotHeader header, ReadOnlySpan<byte> payload)
    {
        byte[] head = Encode(header);
        file.Write(head, 0);
        long at = head.Length;
        uint crc = Castagnoli.Start;
        for (int i = 0; i < payload.Length; i += Chunk)
        {
            ReadOnlySpan<byte> chunk = payload.Slice(i, Math.Min(Chunk, payload.Length - i));
            crc = Castagnoli.Append(crc, chunk);
            file.Write(chunk, at);
            at += chunk.Length;
        }

        Span<byte> footer = stackalloc byte[Footer];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, Castagnoli.Finish(crc));
        BinaryPrimitives.WriteUInt32LittleEndian(footer[4..], BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(head.Length - 4)));
        End.CopyTo(footer[8..]);
        file.Write(footer, at);
    }

    /// <exception cref="JournalException">The file is not whole.</exception>
    public static (SnapshotHeader Header, byte[] Payload) Read(IStorageFile file, string path)
    {
        (SnapshotHeader header, int length, uint headerCrc) = ReadHeader(file, path);
        if (file.Length != length + header.Length + Footer)
        {
            throw Damaged(path, "its length is not what its header says");
        }

        byte[] payload = GC.AllocateUninitializedArray<byte>(checked((int)header.Length));
        uint crc = Castagnoli.Start;
        for (int i = 0; i < payload.Length; i += Chunk)
        {
            Span<byte> chunk = payload.AsSpan(i, Math.Min(Chunk, payload.Length - i));
            if (file.Read(chunk, length + i) != chunk.Length)
            {
                throw Damaged(path, "it ends too early");
            }

            crc = Castagnoli.Append(crc, chunk);
        }

        Span<byte> footer = stackalloc byte[Footer];
        bool whole = file.Read(footer, length + header.Length) == Footer
            && footer[8..].SequenceEqual(End)
            && BinaryPrimitives.ReadUInt32LittleEndian(footer) == Castagnoli.Finish(crc)
            && BinaryPrimitives.ReadUInt32LittleEndian(footer[4..]) == headerCrc;
        return whole ? (header, payload) : throw Damaged(path, "its checksum is wrong");
    }

    private static (SnapshotHeader Header, int Length, uint Crc) ReadHeader(IStorageFile file, string path)
    {
        byte[] start = new byte[FixedHeader];
        if (file.Read(start, 0) != FixedHeader || !start.AsSpan(0, 8).SequenceEqual(Magic))
        {
            throw Damaged(path, "it has no header");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(8));
        int idLength = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(44));
        int manifestLength = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(48));
        if (idLength < 0 || manifestLength < 0 || (long)idLength + manifestLength > LongestHeader)
        {
            throw Damaged(path, "its header makes no sense");
        }

        byte[] head = new byte[FixedHeader + idLength + manifestLength + 4];
        if (file.Read(head, 0) != head.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(head.Length - 4)) != Castagnoli.Compute(head.AsSpan(0, head.Length - 4)))
        {
            throw Damaged(path, "the checksum of its header is wrong");
        }

        if (version != Version)
        {
            throw new JournalException($"The snapshot {path} has format {version}; this program knows format {Version}.");
        }

        SnapshotHeader header = new(
            Encoding.UTF8.GetString(head, FixedHeader, idLength),
            BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(16)),
            BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(24)),
            BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(40)),
            Encoding.UTF8.GetString(head, FixedHeader + idLength, manifestLength),
            BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(32)));
        return (header, head.Length, BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(head.Length - 4)));
    }

    private static byte[] Encode(SnapshotHeader header)
    {
        byte[] id = Encoding.UTF8.GetBytes(header.PersistenceId);
        byte[] manifest = Encoding.UTF8.GetBytes(header.Manifest);
        byte[] head = new byte[FixedHeader + id.Length + manifest.Length + 4];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(8), Version);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(16), header.SequenceNr);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(24), header.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(32), header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(40), header.SerializerId);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(44), id.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(48), manifest.Length);
        id.CopyTo(head, FixedHeader);
        manifest.CopyTo(head, FixedHeader + id.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(head.Length - 4), Castagnoli.Compute(head.AsSpan(0, head.Length - 4)));
        return head;
    }

    private static JournalException Damaged(string path, string why) => new($"The snapshot {path} is damaged: {why}.");
}
