using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Remoting;

/// <summary>The bodies of snapshot frames. Little-endian, extend-only.</summary>
internal static class SnapshotBody
{
    private const int BlockHeader = 48;
    private const int ReplySize = 25;

    // Index: the snapshot's last index. Body: token 8, the snapshot's last term 8, content id 8, offset 8, total size 8, CRC32C of the data 4, length of the membership 4, membership, data.
    public static PeerFrame Encode(InstallSnapshot install, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        byte[] membership = MembershipCodec.Encode(install.Snapshot.Membership);
        PeerFrameHeader header = new(PeerFrameType.SnapshotBlock, from, to, install.Term, install.Snapshot.Last.Index, false, stream, identity);
        byte[] frame = header.Allocate(checked(BlockHeader + membership.Length + install.Data.Length));
        Span<byte> body = frame.AsSpan(header.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(body, install.Token);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], install.Snapshot.Last.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(body[16..], install.Id);
        BinaryPrimitives.WriteInt64LittleEndian(body[24..], install.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(body[32..], install.TotalSize);
        BinaryPrimitives.WriteUInt32LittleEndian(body[40..], install.Checksum);
        BinaryPrimitives.WriteInt32LittleEndian(body[44..], membership.Length);
        membership.CopyTo(body[BlockHeader..]);
        install.Data.Span.CopyTo(body[(BlockHeader + membership.Length)..]);
        return PeerFrameHeader.Seal(frame);
    }

    public static bool TryDecodeBlock(in PeerFrameHeader header, ReadOnlyMemory<byte> body, [NotNullWhen(true)] out PeerMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        ReadOnlySpan<byte> span = body.Span;
        int membershipLength = span.Length < BlockHeader ? -1 : BinaryPrimitives.ReadInt32LittleEndian(span[44..]);
        if (membershipLength < 0 || membershipLength > span.Length - BlockHeader)
        {
            error = $"a snapshot block of {span.Length} bytes";
            return false;
        }

        if (!MembershipCodec.TryDecode(span.Slice(BlockHeader, membershipLength), out StreamMembership? membership))
        {
            error = "a snapshot block with an unreadable membership";
            return false;
        }

        EntryId last = new(new Term(BinaryPrimitives.ReadInt64LittleEndian(span[8..])), header.Index);
        long offset = BinaryPrimitives.ReadInt64LittleEndian(span[24..]);
        long total = BinaryPrimitives.ReadInt64LittleEndian(span[32..]);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(span[40..]);
        ReadOnlyMemory<byte> data = body[(BlockHeader + membershipLength)..];
        if (offset < 0 || total < 0 || data.Length > total || offset > total - data.Length || last.Term > header.Term)
        {
            error = $"a snapshot block of entry {last} at {offset} with {data.Length} of {total} bytes";
            return false;
        }

        if (Crc32C.Compute(data.Span) != checksum)
        {
            error = "a snapshot block with a wrong checksum";
            return false;
        }

        error = null;
        message = new InstallSnapshot(
            header.Term,
            BinaryPrimitives.ReadUInt64LittleEndian(span),
            new SnapshotInfo(last, membership),
            BinaryPrimitives.ReadUInt64LittleEndian(span[16..]),
            offset,
            total,
            data,
            checksum);
        return true;
    }

    // Index: the snapshot's last index. Accepted: as in the message. Body: token 8, content id 8, offset 8, flags 1 (1 installed).
    public static PeerFrame Encode(InstallSnapshotReply reply, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        PeerFrameHeader header = new(PeerFrameType.SnapshotBlockReply, from, to, reply.Term, reply.Snapshot, reply.Accepted, stream, identity);
        byte[] frame = header.Allocate(ReplySize);
        Span<byte> body = frame.AsSpan(header.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(body, reply.Token);
        BinaryPrimitives.WriteUInt64LittleEndian(body[8..], reply.Id);
        BinaryPrimitives.WriteInt64LittleEndian(body[16..], reply.Offset);
        body[24] = reply.Installed ? (byte)1 : (byte)0;
        return PeerFrameHeader.Seal(frame);
    }

    public static bool TryDecodeReply(in PeerFrameHeader header, ReadOnlySpan<byte> body, [NotNullWhen(true)] out PeerMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        long offset = body.Length == ReplySize ? BinaryPrimitives.ReadInt64LittleEndian(body[16..]) : -1;
        if (offset < 0 || body[24] > 1)
        {
            error = $"a snapshot reply of {body.Length} bytes at offset {offset}";
            return false;
        }

        error = null;
        message = new InstallSnapshotReply(
            header.Term,
            BinaryPrimitives.ReadUInt64LittleEndian(body),
            header.Accepted,
            header.Index,
            BinaryPrimitives.ReadUInt64LittleEndian(body[8..]),
            offset,
            body[24] == 1);
        return true;
    }
}
