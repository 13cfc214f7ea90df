using System.Buffers.Binary;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace RaftActors.Remoting;

/// <summary>
/// The byte form of what remote actors say to <see cref="RaftStream.Ref"/> and hear from it. Little-endian, extend-only. P1: key 8, expected term 8, flags 1 (1 forward),
/// timeout milliseconds 8 (-1 for none), data. P2, for those that can be cancelled: cancellation id 8, then as P1. P3, for commands of sessions: session 8, serial 8, then as P2. S1, opens a session: timeout
/// milliseconds 8 (-1 for none), wait milliseconds 8 (-1 for none). S2 and S3, keep and close one: session 8, wait milliseconds 8. C1, a cancellation: cancellation id 8. Q1: consistency 1, timeout 8, request. A1: a proposal's answer (kind 1 and its fields). R1: applied index 8, result. R2: leader 4, can retry 1, reason.
/// </summary>
public sealed class ClientMessageSerializer : SerializerWithStringManifest
{
    internal const int Id = 4713;

    private const byte FlagForward = 1;

    /// <summary>Made by the extension, or by Akka when bound in HOCON.</summary>
    /// <param name="system">The actor system.</param>
    public ClientMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <summary>The types it is for.</summary>
    internal static Type[] Types { get; } = [typeof(Propose), typeof(CancelProposal), typeof(SessionRequest), typeof(Query), typeof(ProposalAnswer), typeof(ReadAnswer)];

    /// <inheritdoc/>
    public override int Identifier => Id;

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        Propose { Session.Session: not 0 } => "P3",
        OpenSession => "S1",
        KeepSessionAlive => "S2",
        CloseSession => "S3",
        Propose { CancellationId: 0 } => "P1",
        Propose => "P2",
        CancelProposal => "C1",
        Query => "Q1",
        ProposalAnswer => "A1",
        ReadCompleted => "R1",
        ReadFailed => "R2",
        _ => throw new ArgumentException($"Not a client message: {o?.GetType()}.", nameof(o)),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        byte[] bytes;
        switch (obj)
        {
            case Propose propose:
                int at = propose.Session.Session != 0 ? 24 : propose.CancellationId == 0 ? 0 : sizeof(ulong);
                bytes = new byte[at + 25 + propose.Data.Length];
                if (at > 0)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at - 8), propose.CancellationId);
                }

                if (at > 8)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(bytes, propose.Session.Session);
                    BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), propose.Session.Serial);
                }

                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), propose.Key);
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at + 8), propose.ExpectedTerm.Value);
                bytes[at + 16] = propose.Forward ? FlagForward : (byte)0;
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at + 17), Milliseconds(propose.Timeout));
                propose.Data.Span.CopyTo(bytes.AsSpan(at + 25));
                return bytes;
            case OpenSession open:
                return WriteSession(Milliseconds(open.Timeout), open.Wait);
            case KeepSessionAlive keep:
                return WriteSession((long)keep.Session, keep.Wait);
            case CloseSession close:
                return WriteSession((long)close.Session, close.Wait);
            case CancelProposal cancel:
                bytes = new byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, cancel.CancellationId);
                return bytes;
            case Query query:
                bytes = new byte[9 + query.Request.Length];
                bytes[0] = (byte)query.Consistency;
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Milliseconds(query.Timeout));
                query.Request.Span.CopyTo(bytes.AsSpan(9));
                return bytes;
            case ProposalAnswer answer:
                bytes = new byte[AnswerCodec.Size(answer)];
                AnswerCodec.Write(answer, bytes);
                return bytes;
            case ReadCompleted completed:
                bytes = new byte[8 + completed.Result.Length];
                BinaryPrimitives.WriteInt64LittleEndian(bytes, completed.AppliedIndex.Value);
                completed.Result.Span.CopyTo(bytes.AsSpan(8));
                return bytes;
            case ReadFailed failed:
                bytes = new byte[9 + AnswerCodec.TextSize(failed.Reason)];
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, failed.Leader.Value);
                bytes[4] = failed.CanRetry ? (byte)1 : (byte)0;
                AnswerCodec.WriteText(failed.Reason, bytes.AsSpan(5));
                return bytes;
            default:
                throw new ArgumentException($"Not a client message: {obj?.GetType()}.", nameof(obj));
        }
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        switch (manifest)
        {
            case "P1" when bytes.Length >= 25:
                return ReadPropose(bytes);
            case "P2" when bytes.Length >= 33:
                return ReadPropose(bytes.AsMemory(8)) with { CancellationId = BinaryPrimitives.ReadUInt64LittleEndian(bytes) };
            case "P3" when bytes.Length >= 49:
                return ReadPropose(bytes.AsMemory(24)) with
                {
                    CancellationId = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)),
                    Session = new SessionSerial(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8))),
                };
            case "S1" when bytes.Length >= 16:
                return new OpenSession(Duration(BinaryPrimitives.ReadInt64LittleEndian(bytes)), Timeout(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8))));
            case "S2" when bytes.Length >= 16:
                return new KeepSessionAlive(BinaryPrimitives.ReadUInt64LittleEndian(bytes), Timeout(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8))));
            case "S3" when bytes.Length >= 16:
                return new CloseSession(BinaryPrimitives.ReadUInt64LittleEndian(bytes), Timeout(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8))));
            case "C1" when bytes.Length == 8:
                return new CancelProposal(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            case "Q1" when bytes.Length >= 9 && bytes[0] <= (byte)ReadConsistency.Stale:
                return new Query(bytes.AsMemory(9), (ReadConsistency)bytes[0], Timeout(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(1))));
            case "A1" when AnswerCodec.TryRead(bytes, out ProposalAnswer? answer, out int length) && length == bytes.Length:
                return answer;
            case "R1" when bytes.Length >= 8:
                return new ReadCompleted(bytes.AsMemory(8), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes)));
            case "R2" when bytes.Length >= 9 && AnswerCodec.TryReadText(bytes.AsSpan(5), out string? reason, out int length) && length == bytes.Length - 5:
                return new ReadFailed(reason ?? string.Empty, new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(bytes)), bytes[4] != 0);
            default:
                throw new SerializationException($"{bytes.Length} bytes with manifest '{manifest}' are no client message.");
        }
    }

    private static Propose ReadPropose(ReadOnlyMemory<byte> bytes) => new(
        bytes[25..],
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span),
        new Term(BinaryPrimitives.ReadInt64LittleEndian(bytes.Span[8..])),
        (bytes.Span[16] & FlagForward) != 0,
        Timeout(BinaryPrimitives.ReadInt64LittleEndian(bytes.Span[17..])));

    private static byte[] WriteSession(long what, TimeSpan? wait)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, what);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), Milliseconds(wait));
        return bytes;
    }

    private static long Milliseconds(TimeSpan? timeout) => timeout is { } value ? (long)value.TotalMilliseconds : -1;

    private static TimeSpan? Timeout(long milliseconds) =>
        milliseconds < 0 ? null : TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue));

    private static TimeSpan? Duration(long milliseconds) =>
        milliseconds < 0 ? null : TimeSpan.FromMilliseconds(Math.Min(milliseconds, TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond / 4));
}
