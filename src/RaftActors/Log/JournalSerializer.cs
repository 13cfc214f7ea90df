using System.Buffers.Binary;
using Akka.Actor;
using Akka.Serialization;
using RaftActors.Remoting;

namespace RaftActors.Persistence;

/// <summary>
/// The byte form of journal events: public, versioned, extend-only. Manifest E1: an <see cref="EntryBatch"/> exactly as it stands in the log and on the wire. Manifest T1:
/// version 1, reserved 3, term 8, voted for 4, CRC32C 4 over the bytes before it; little-endian. T2, written once a recovery was forced, has generation 8 and its first term 8 in front of
/// the CRC. S1 to S3 belong to snapshots and are described at <c>SnapshotRecords</c>, R1 and R2 to recoveries, see <c>RecoveryRecords</c>.
/// </summary>
public sealed class JournalSerializer : SerializerWithStringManifest
{
    internal const int Id = 4712;

    private const string EntriesManifest = "E1";
    private const string TermManifest = "T1";
    private const int TermSize = 20;

    /// <summary>Made by the extension, or by Akka when bound in HOCON.</summary>
    /// <param name="system">The actor system.</param>
    public JournalSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc/>
    public override int Identifier => Id;

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        JournaledEntries => EntriesManifest,
        JournaledTermState { State.Generation: var generation } => generation == Generation.First ? TermManifest : RecoveryRecords.TermWithGeneration,
        JournaledRecovery recovery => RecoveryRecords.ManifestOf(recovery.Event),
        JournaledIncarnation incarnation => IncarnationRecords.ManifestOf(incarnation.Event),
        JournaledCompaction => SnapshotRecords.Compaction,
        StoredSnapshotBlock => SnapshotRecords.Block,
        StoredSnapshotHeader => SnapshotRecords.Header,
        _ => throw new ArgumentException($"Not a journal event: {o?.GetType()}.", nameof(o)),
    };

    /// <summary>
    /// The same bytes as <see cref="ToBinary"/>, without a copy where they are a part of something larger: a batch stands in the frame that it is sent in, or came in.
    /// </summary>
    /// <param name="obj">A journal event.</param>
    public ReadOnlyMemory<byte> ToMemory(object obj) => obj is JournaledEntries entries ? entries.Entries.Batch.Encoded : ToBinary(obj);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj switch
    {
        JournaledEntries entries => PeerFrameSerializer.Bytes(entries.Entries.Batch.Encoded),
        JournaledTermState { State.Generation: var generation } state => generation == Generation.First ? Write(state.State) : RecoveryRecords.Write(state.State),
        JournaledRecovery recovery => RecoveryRecords.Write(recovery.Event),
        JournaledIncarnation incarnation => IncarnationRecords.Write(incarnation.Event),
        JournaledCompaction compaction => SnapshotRecords.Write(compaction.Compaction),
        StoredSnapshotBlock block => SnapshotRecords.Write(block),
        StoredSnapshotHeader header => SnapshotRecords.Write(header),
        _ => throw new ArgumentException($"Not a journal event: {obj?.GetType()}.", nameof(obj)),
    };

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        EntriesManifest => EntryBatch.TryDecode(bytes, out EntryBatch? batch, out string? error)
            ? new JournaledEntries(new EntriesAppended(batch))
            : new UnreadableEvent(error),
        TermManifest => ReadTerm(bytes),
        IncarnationRecords.Taken or IncarnationRecords.Met => IncarnationRecords.Read(bytes, manifest)!,
        _ => SnapshotRecords.Read(bytes, manifest) ?? RecoveryRecords.Read(bytes, manifest) ?? new UnreadableEvent($"an event with the unknown manifest '{manifest}'"),
    };

    private static byte[] Write(TermState state)
    {
        byte[] bytes = new byte[TermSize];
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), state.Term.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), state.VotedFor.Value);
        return SealedRecord.Seal(bytes);
    }

    private static object ReadTerm(byte[] bytes)
    {
        if (bytes.Length != TermSize)
        {
            return new UnreadableEvent($"a term of {bytes.Length} bytes where {TermSize} belong");
        }

        if (!SealedRecord.HasItsChecksum(bytes))
        {
            return new UnreadableEvent("a term with a wrong checksum");
        }

        long term = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(4));
        if (bytes[0] != 1 || term < 0)
        {
            return new UnreadableEvent($"a term of format version {bytes[0]} with value {term}");
        }

        return new JournaledTermState(new TermState(new Term(term), new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)))));
    }
}
