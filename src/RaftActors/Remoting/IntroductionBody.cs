using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Remoting;

/// <summary>
/// The body of an introduction, little-endian, extend-only: context 8, flags 1 (1 asks), reserved 1, number of members 2, and for each id 4, the entry that took it in (term 8, index 8), incarnation 8.
/// </summary>
internal static class IntroductionBody
{
    private const int Head = 12;
    private const int MemberSize = 28;
    private const byte FlagAsks = 1;

    public static PeerFrame Encode(Introduction message, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        PeerFrameHeader header = new(PeerFrameType.Introduction, from, to, message.Term, LogIndex.Zero, false, stream, identity);
        byte[] frame = header.Allocate(Head + (MemberSize * message.Known.Length));
        Span<byte> body = frame.AsSpan(header.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(body, message.Context);
        body[8] = message.Asks ? FlagAsks : (byte)0;
        body[9] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(body[10..], checked((ushort)message.Known.Length));
        body = body[Head..];
        foreach (MemberMet known in message.Known)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(body, known.Member.Value);
            BinaryPrimitives.WriteInt64LittleEndian(body[4..], known.Joined.Term.Value);
            BinaryPrimitives.WriteInt64LittleEndian(body[12..], known.Joined.Index.Value);
            BinaryPrimitives.WriteUInt64LittleEndian(body[20..], known.Incarnation);
            body = body[MemberSize..];
        }

        return PeerFrameHeader.Seal(frame);
    }

    public static bool TryDecode(in PeerFrameHeader header, ReadOnlySpan<byte> body, [NotNullWhen(true)] out PeerMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        int count = body.Length < Head ? -1 : BinaryPrimitives.ReadUInt16LittleEndian(body[10..]);
        if (count < 0 || count > (body.Length - Head) / MemberSize)
        {
            error = $"an introduction of {body.Length} bytes";
            return false;
        }

        ImmutableArray<MemberMet>.Builder known = ImmutableArray.CreateBuilder<MemberMet>(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> at = body[(Head + (MemberSize * i))..];
            known.Add(new MemberMet(
                new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(at)),
                new EntryId(new Term(BinaryPrimitives.ReadInt64LittleEndian(at[4..])), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(at[12..]))),
                BinaryPrimitives.ReadUInt64LittleEndian(at[20..])));
        }

        message = new Introduction(header.Term, BinaryPrimitives.ReadUInt64LittleEndian(body), (body[8] & FlagAsks) != 0, known.MoveToImmutable());
        error = null;
        return true;
    }
}
