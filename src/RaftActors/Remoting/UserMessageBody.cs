using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Remoting;

/// <summary>The body of a frame with a message from application to application: token 8, bytes. Little-endian.</summary>
internal static class UserMessageBody
{
    private const int TokenSize = sizeof(ulong);

    public static PeerFrame Encode(ulong token, ReadOnlySpan<byte> data, StreamId stream, NodeId from, NodeId to)
    {
        PeerFrameHeader header = new(PeerFrameType.UserMessage, from, to, Term.Zero, LogIndex.Zero, false, stream);
        byte[] frame = header.Allocate(TokenSize + data.Length);
        Span<byte> body = frame.AsSpan(header.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(body, token);
        data.CopyTo(body[TokenSize..]);
        return PeerFrameHeader.Seal(frame);
    }

    public static bool TryDecode(ReadOnlyMemory<byte> body, out ulong token, out ReadOnlyMemory<byte> data, [NotNullWhen(false)] out string? error)
    {
        if (body.Length < TokenSize)
        {
            (token, data, error) = (0, default, $"a message of {body.Length} bytes");
            return false;
        }

        (token, data, error) = (BinaryPrimitives.ReadUInt64LittleEndian(body.Span), body[TokenSize..], null);
        return true;
    }
}
