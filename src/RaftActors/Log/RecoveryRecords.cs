using System.Buffers.Binary;
using static RaftActors.Persistence.SealedRecord;

namespace RaftActors.Persistence;

/// <summary>
/// The byte forms of what a forced recovery leaves in a journal. Public, versioned, extend-only, little-endian; each begins with version 1, reserved 3 and ends with a CRC32C 4 over the bytes before
/// it. T2, a term: term 8, voted for 4, generation 8, its first term 8. R1, a recovery begun here: the same, then the batch with the membership of the survivors, as in E1. R2, a recovery
/// that went on without this member: generation 8, who said so 4.
/// </summary>
internal static class RecoveryRecords
{
    public const string TermWithGeneration = "T2";
    public const string Forced = "R1";
    public const string Fenced = "R2";

    private const int TermSize = 28;

    public static string ManifestOf(RaftEvent recovery) => recovery is RecoveryForced ? Forced : Fenced;

    public static byte[] Write(TermState state)
    {
        byte[] bytes = new byte[Prefix + TermSize + Crc];
        Write(bytes.AsSpan(Prefix), state);
        return Seal(bytes);
    }

    public static byte[] Write(RaftEvent recovery)
    {
        switch (recovery)
        {
            case RecoveryForced forced:
                byte[] bytes = new byte[Prefix + TermSize + forced.Batch.Encoded.Length + Crc];
                Write(bytes.AsSpan(Prefix), forced.State);
                forced.Batch.Encoded.Span.CopyTo(bytes.AsSpan(Prefix + TermSize));
                return Seal(bytes);
            case MemberFenced fenced:
                bytes = new byte[Prefix + 12 + Crc];
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Prefix), fenced.Generation.Value);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Prefix + 8), fenced.By.Value);
                return Seal(bytes);
            default:
                throw new ArgumentException($"Not an event of a recovery: {recovery.GetType()}.", nameof(recovery));
        }
    }

    /// <summary>Null for manifests of others.</summary>
    public static object? Read(byte[] bytes, string manifest) => manifest switch
    {
        TermWithGeneration => ReadTerm(bytes),
        Forced => ReadForced(bytes),
        Fenced => ReadFenced(bytes),
        _ => null,
    };

    private static object ReadTerm(byte[] bytes)
    {
        if (WhyBad(bytes, TermSize) is { } error)
        {
            return new UnreadableEvent($"a term with {error}");
        }

        return TryRead(bytes.AsSpan(Prefix), out TermState? state) ? new JournaledTermState(state!) : new UnreadableEvent("a term with an impossible value");
    }

    private static object ReadForced(byte[] bytes)
    {
        if (WhyBad(bytes, TermSize) is { } error)
        {
            return new UnreadableEvent($"a recovery with {error}");
        }

        if (!EntryBatch.TryDecode(bytes.AsMemory(Prefix + TermSize, bytes.Length - Prefix - TermSize - Crc), out EntryBatch? batch, out string? bad))
        {
            return new UnreadableEvent($"a recovery with an unreadable batch: {bad}");
        }

        return TryRead(bytes.AsSpan(Prefix), out TermState? state) && batch.Term == state!.Term
            ? new JournaledRecovery(new RecoveryForced(state, batch))
            : new UnreadableEvent("a recovery with an impossible term");
    }

    private static object ReadFenced(byte[] bytes) => WhyBad(bytes, 12) is { } error
        ? new UnreadableEvent($"a fence with {error}")
        : new JournaledRecovery(new MemberFenced(
            Generation.Of(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(Prefix))),
            new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(Prefix + 8)))));

    /// <summary>Generation and first term alone, for other records.</summary>
    public static void WriteGeneration(Span<byte> to, TermState state)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, state.Generation.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], state.Since.Value);
    }

    /// <summary>The inverse.</summary>
    public static TermState ReadGeneration(ReadOnlySpan<byte> from, TermState state) => state with
    {
        Generation = Generation.Of(BinaryPrimitives.ReadUInt64LittleEndian(from)),
        Since = new Term(BinaryPrimitives.ReadInt64LittleEndian(from[8..])),
    };

    private static void Write(Span<byte> to, TermState state)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, state.Term.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], state.VotedFor.Value);
        WriteGeneration(to[12..], state);
    }

    private static bool TryRead(ReadOnlySpan<byte> from, out TermState? state)
    {
        Term term = new(BinaryPrimitives.ReadInt64LittleEndian(from));
        state = ReadGeneration(from[12..], new TermState(term, new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(from[8..]))));
        return term >= Term.Zero && state.Since >= Term.Zero;
    }
}
