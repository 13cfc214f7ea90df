using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Remoting;

/// <summary>The bodies of frames that carry clients' proposals to a leader and their outcomes back. Little-endian, extend-only.</summary>
internal static class ForwardBody
{
    /// <summary>
    /// Body: count 4, then per proposal token 8, key 8, expected term 8, remaining milliseconds 4, length 4, data. When <paramref name="sessions"/>, between length and data: kind of the entry 1,
    /// reserved 3, session 8, serial 8.
    /// </summary>
    public static PeerFrame Encode(IReadOnlyList<ForwardedProposal> proposals, Term term, StreamId stream, NodeId from, NodeId to, bool sessions = false)
    {
        int overhead = sessions ? ForwardedProposal.SessionOverhead : ForwardedProposal.Overhead;
        int size = 4;
        foreach (ForwardedProposal proposal in proposals)
        {
            size = checked(size + overhead + proposal.Data.Length);
        }

        PeerFrameHeader header = new(sessions ? PeerFrameType.ForwardSessionPropose : PeerFrameType.ForwardPropose, from, to, term, LogIndex.Zero, false, stream);
        byte[] frame = header.Allocate(size);
        Span<byte> body = frame.AsSpan(header.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(body, (uint)proposals.Count);
        int at = 4;
        foreach (ForwardedProposal proposal in proposals)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(body[at..], proposal.Token);
            BinaryPrimitives.WriteUInt64LittleEndian(body[(at + 8)..], proposal.Key);
            BinaryPrimitives.WriteInt64LittleEndian(body[(at + 16)..], proposal.ExpectedTerm.Value);
            BinaryPrimitives.WriteInt32LittleEndian(body[(at + 24)..], (int)Math.Clamp(proposal.Remaining.TotalMilliseconds, 1, int.MaxValue));
            BinaryPrimitives.WriteUInt32LittleEndian(body[(at + 28)..], (uint)proposal.Data.Length);
            if (sessions)
            {
                body.Slice(at + 32, 4).Clear();
                body[at + 32] = (byte)proposal.Kind;
                BinaryPrimitives.WriteUInt64LittleEndian(body[(at + 36)..], proposal.Session.Session);
                BinaryPrimitives.WriteUInt64LittleEndian(body[(at + 44)..], proposal.Session.Serial);
            }

            proposal.Data.Span.CopyTo(body[(at + overhead)..]);
            at += overhead + proposal.Data.Length;
        }

        return PeerFrameHeader.Seal(frame);
    }

    public static bool TryDecode(ReadOnlyMemory<byte> body, bool sessions, [NotNullWhen(true)] out ForwardedProposal[]? proposals, [NotNullWhen(false)] out string? error)
    {
        proposals = null;
        int overhead = sessions ? ForwardedProposal.SessionOverhead : ForwardedProposal.Overhead;
        if (!TryReadCount(body.Span, overhead, out int count, out error))
        {
            return false;
        }

        ForwardedProposal[] read = new ForwardedProposal[count];
        int at = 4;
        for (int i = 0; i < read.Length; i++)
        {
            ReadOnlySpan<byte> span = body.Span[at..];
            uint length = span.Length < overhead ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(span[28..]);
            if (length > (uint)Math.Max(0, span.Length - overhead))
            {
                error = $"proposal {i} runs over the end";
                return false;
            }

            long term = BinaryPrimitives.ReadInt64LittleEndian(span[16..]);
            int remaining = BinaryPrimitives.ReadInt32LittleEndian(span[24..]);
            if (term < 0 || remaining <= 0)
            {
                error = $"proposal {i} with term {term} and {remaining} ms";
                return false;
            }

            ReadOnlyMemory<byte> data = body.Slice(at + overhead, (int)length);
            EntryKind kind = EntryKind.Normal;
            SessionSerial session = default;
            if (sessions && !TryReadSession(span, data.Span, out kind, out session))
            {
                error = $"proposal {i} says something about sessions that is not known";
                return false;
            }

            read[i] = new ForwardedProposal(
                BinaryPrimitives.ReadUInt64LittleEndian(span),
                BinaryPrimitives.ReadUInt64LittleEndian(span[8..]),
                new Term(term),
                TimeSpan.FromMilliseconds(remaining),
                data)
            {
                Kind = kind,
                Session = session,
            };
            at += overhead + (int)length;
        }

        return IsEnd(body, at, ref proposals, read, out error);
    }

    private static bool TryReadSession(ReadOnlySpan<byte> proposal, ReadOnlySpan<byte> data, out EntryKind kind, out SessionSerial session)
    {
        kind = (EntryKind)proposal[32];
        session = new SessionSerial(BinaryPrimitives.ReadUInt64LittleEndian(proposal[36..]), BinaryPrimitives.ReadUInt64LittleEndian(proposal[44..]));
        return kind switch
        {
            EntryKind.Normal => true,

            // Only a leader tells the time.
            EntryKind.Session => SessionControl.TryDecode(data, out SessionControl? control) && control.Operation != SessionOperation.Clock,
            _ => false,
        };
    }

    /// <summary>Body: count 4, then per answer token 8 and the answer (<see cref="AnswerCodec"/>). When it answers an inquiry: accepted, and the inquiry's number as index.</summary>
    public static PeerFrame Encode(IReadOnlyList<(ulong Token, ProposalAnswer Answer)> answers, Term term, StreamId stream, NodeId from, NodeId to, long? inquiry = null)
    {
        int size = 4;
        foreach ((_, ProposalAnswer answer) in answers)
        {
            size = checked(size + 8 + AnswerCodec.Size(answer));
        }

        PeerFrameHeader header = new(PeerFrameType.ForwardReply, from, to, term, new LogIndex(inquiry ?? 0), inquiry is not null, stream);
        byte[] frame = header.Allocate(size);
        Span<byte> body = frame.AsSpan(header.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(body, (uint)answers.Count);
        int at = 4;
        foreach ((ulong token, ProposalAnswer answer) in answers)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(body[at..], token);
            at += 8 + AnswerCodec.Write(answer, body[(at + 8)..]);
        }

        return PeerFrameHeader.Seal(frame);
    }

    public static bool TryDecode(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out (ulong Token, ProposalAnswer Answer)[]? answers, [NotNullWhen(false)] out string? error)
    {
        answers = null;
        if (!TryReadCount(body.Span, 9, out int count, out error))
        {
            return false;
        }

        (ulong, ProposalAnswer)[] read = new (ulong, ProposalAnswer)[count];
        int at = 4;
        for (int i = 0; i < read.Length; i++)
        {
            if (body.Length - at < 9 || !AnswerCodec.TryRead(body[(at + 8)..], out ProposalAnswer? answer, out int length))
            {
                error = $"answer {i} cannot be read";
                return false;
            }

            read[i] = (BinaryPrimitives.ReadUInt64LittleEndian(body.Span[at..]), answer);
            at += 8 + length;
        }

        return IsEnd(body, at, ref answers, read, out error);
    }

    /// <summary>Index: the number of the inquiry, which comes back with the answer. Body: count 4, then tokens 8.</summary>
    public static PeerFrame EncodeInquiry(IReadOnlyList<ulong> tokens, long inquiry, StreamId stream, NodeId from, NodeId to)
    {
        PeerFrameHeader header = new(PeerFrameType.ForwardInquiry, from, to, Term.Zero, new LogIndex(inquiry), false, stream);
        byte[] frame = header.Allocate(4 + (8 * tokens.Count));
        Span<byte> body = frame.AsSpan(header.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(body, (uint)tokens.Count);
        for (int i = 0; i < tokens.Count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(body[(4 + (8 * i))..], tokens[i]);
        }

        return PeerFrameHeader.Seal(frame);
    }

    public static bool TryDecodeInquiry(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ulong[]? tokens, [NotNullWhen(false)] out string? error)
    {
        tokens = null;
        if (!TryReadCount(body.Span, 8, out int count, out error))
        {
            return false;
        }

        ulong[] read = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            read[i] = BinaryPrimitives.ReadUInt64LittleEndian(body.Span[(4 + (8 * i))..]);
        }

        return IsEnd(body, 4 + (8 * count), ref tokens, read, out error);
    }

    private static bool TryReadCount(ReadOnlySpan<byte> body, int least, out int count, [NotNullWhen(false)] out string? error)
    {
        uint claimed = body.Length < 4 ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(body);
        bool possible = claimed <= (uint)Math.Max(0, body.Length - 4) / (uint)least;
        count = possible ? (int)claimed : 0;
        error = possible ? null : $"a body of {body.Length} bytes cannot hold {claimed} elements";
        return possible;
    }

    private static bool IsEnd<T>(ReadOnlyMemory<byte> body, int at, [NotNullWhen(true)] ref T[]? result, T[] read, [NotNullWhen(false)] out string? error)
    {
        error = at == body.Length ? null : $"{body.Length - at} bytes behind the last element";
        if (error is not null)
        {
            return false;
        }

        result = read;
        return true;
    }
}
