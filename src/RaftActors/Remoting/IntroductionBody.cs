using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using RaftActors.Persistence;

namespace RaftActors.Remoting;

/// <summary>
/// The body of an introduction, little-endian, extend-only: context 8, flags 1 (1 asks), reserved 1, number of members 2, and for each id 4, the entry that took it in (term 8, index 8), incarnation 8.
/// </summary>
internal static class IntroductionBody
{
    private const int Head = 12;
    private const byte FlagAsks = 1;

    public static PeerFrame Encode(Introduction message, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        PeerFrameHeader header = new(PeerFrameType.Introduction, from, to, message.Term, LogIndex.Zero, false, stream, identity);
        byte[] frame = header.Allocate(Head + (MemberMetBytes.Size * message.Known.Length));
        Span<byte> body = frame.AsSpan(header.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(body, message.Context);
        body[8] = message.Asks ? FlagAsks : (byte)0;
        body[9] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(body[10..], checked((ushort)message.Known.Length));
        body = body[Head..];
        foreach (MemberMet known in message.Known)
        {
            MemberMetBytes.Write(body, known);
            body = body[MemberMetBytes.Size..];
        }

        return PeerFrameHeader.Seal(frame);
    }

    public static bool TryDecode(in PeerFrameHeader header, ReadOnlySpan<byte> body, [NotNullWhen(true)] out PeerMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        int count = body.Length < Head ? -1 : BinaryPrimitives.ReadUInt16LittleEndian(body[10..]);
        if (count < 0 || count > (body.Length - Head) / MemberMetBytes.Size)
        {
            error = $"an introduction of {body.Length} bytes";
            return false;
        }

        ImmutableArray<MemberMet>.Builder known = ImmutableArray.CreateBuilder<MemberMet>(count);
        for (int i = 0; i < count; i++)
        {
            known.Add(MemberMetBytes.Read(body[(Head + (MemberMetBytes.Size * i))..]));
        }

        message = new Introduction(header.Term, BinaryPrimitives.ReadUInt64LittleEndian(body), (body[8] & FlagAsks) != 0, known.MoveToImmutable());
        error = null;
        return true;
    }
}
