using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace RaftActors.Remoting;

/// <summary>
/// The byte form of <see cref="ProposalAnswer"/>, shared by frames between peers and by messages to remote clients. Little-endian: kind 1, then
/// committed (1): index 8, term 8, length 4, result; not leader (2): leader 4, length 4, address (length 0xFFFFFFFF for none); overloaded (3) and
/// unknown (4): length 4, reason; refused (5): code 1, length 4, reason; committed but not applied (6): index 8, term 8, length 4, reason. Extend-only.
/// </summary>
internal static class AnswerCodec
{
    private const uint NoText = uint.MaxValue;

    public static int Size(ProposalAnswer answer) => 1 + answer switch
    {
        ProposalCommitted committed => 20 + committed.Result.Length,
        NotLeader notLeader => 8 + TextSize(notLeader.LeaderAddress),
        Overloaded overloaded => 4 + TextSize(overloaded.Reason),
        OutcomeUnknown unknown => 4 + TextSize(unknown.Reason),
        ProposalRefused refused => 5 + TextSize(refused.Reason),
        CommittedNotApplied committed => 20 + TextSize(committed.Reason),
        _ => throw new ArgumentException($"There is no byte form of a {answer.GetType().Name}.", nameof(answer)),
    };

    /// <summary>Writes the answer and returns how many bytes it took.</summary>
    public static int Write(ProposalAnswer answer, Span<byte> target)
    {
        switch (answer)
        {
            case ProposalCommitted committed:
                target[0] = 1;
                BinaryPrimitives.WriteInt64LittleEndian(target[1..], committed.Index.Value);
                BinaryPrimitives.WriteInt64LittleEndian(target[9..], committed.Term.Value);
                BinaryPrimitives.WriteUInt32LittleEndian(target[17..], (uint)committed.Result.Length);
                committed.Result.Span.CopyTo(target[21..]);
                return 21 + committed.Result.Length;
            case NotLeader notLeader:
                target[0] = 2;
                BinaryPrimitives.WriteUInt32LittleEndian(target[1..], notLeader.Leader.Value);
                return 5 + WriteText(notLeader.LeaderAddress, target[5..]);
            case Overloaded overloaded:
                target[0] = 3;
                return 1 + WriteText(overloaded.Reason, target[1..]);
            case OutcomeUnknown unknown:
                target[0] = 4;
                return 1 + WriteText(unknown.Reason, target[1..]);
            case ProposalRefused refused:
                target[0] = 5;
                target[1] = (byte)refused.Code;
                return 2 + WriteText(refused.Reason, target[2..]);
            case CommittedNotApplied committed:
                target[0] = 6;
                BinaryPrimitives.WriteInt64LittleEndian(target[1..], committed.Index.Value);
                BinaryPrimitives.WriteInt64LittleEndian(target[9..], committed.Term.Value);
                return 17 + WriteText(committed.Reason, target[17..]);
            default:
                throw new ArgumentException($"There is no byte form of a {answer.GetType().Name}.", nameof(answer));
        }
    }

    /// <summary>Reads one answer from the front of <paramref name="bytes"/>.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out ProposalAnswer? answer, out int length)
    {
        answer = null;
        length = 0;
        ReadOnlySpan<byte> span = bytes.Span;
        if (span.IsEmpty)
        {
            return false;
        }

        string? text;
        int used;
        switch (span[0])
        {
            case 1 when span.Length >= 21:
                uint size = BinaryPrimitives.ReadUInt32LittleEndian(span[17..]);
                long index = BinaryPrimitives.ReadInt64LittleEndian(span[1..]);
                long term = BinaryPrimitives.ReadInt64LittleEndian(span[9..]);
                if (size > (uint)(span.Length - 21) || index <= 0 || term <= 0)
                {
                    return false;
                }

                answer = new ProposalCommitted(new LogIndex(index), new Term(term), bytes.Slice(21, (int)size));
                length = 21 + (int)size;
                return true;
            case 2 when span.Length >= 5 && TryReadText(span[5..], out text, out used):
                answer = new NotLeader(new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(span[1..])), text);
                length = 5 + used;
                return true;
            case 3 when TryReadText(span[1..], out text, out used):
                answer = new Overloaded(text ?? string.Empty);
                length = 1 + used;
                return true;
            case 4 when TryReadText(span[1..], out text, out used):
                answer = new OutcomeUnknown(text ?? string.Empty);
                length = 1 + used;
                return true;
            case 5 when span.Length >= 2 && TryReadText(span[2..], out text, out used):
                answer = new ProposalRefused((RefusalCode)span[1], text ?? string.Empty);
                length = 2 + used;
                return true;
            case 6 when span.Length >= 17 && TryReadText(span[17..], out text, out used):
                long at = BinaryPrimitives.ReadInt64LittleEndian(span[1..]);
                long inTerm = BinaryPrimitives.ReadInt64LittleEndian(span[9..]);
                if (at <= 0 || inTerm <= 0)
                {
                    return false;
                }

                answer = new CommittedNotApplied(new LogIndex(at), new Term(inTerm), text ?? string.Empty);
                length = 17 + used;
                return true;
            default:
                return false;
        }
    }

    internal static int TextSize(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);

    internal static int WriteText(string? text, Span<byte> target)
    {
        if (text is null)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target, NoText);
            return 4;
        }

        int length = Encoding.UTF8.GetBytes(text, target[4..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)length);
        return 4 + length;
    }

    internal static bool TryReadText(ReadOnlySpan<byte> span, out string? text, out int length)
    {
        text = null;
        length = 4;
        if (span.Length < 4)
        {
            return false;
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(span);
        if (size == NoText)
        {
            return true;
        }

        if (size > (uint)(span.Length - 4))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(span.Slice(4, (int)size));
        length = 4 + (int)size;
        return true;
    }
}
