using System.Buffers.Binary;
using System.Collections;

namespace RaftActors.Protocol;

/// <summary>
/// A run of consecutive entries of one term, encoded once. The same bytes go to the leader's journal, to every
/// peer and into the followers' journals. Immutable and safe to share between threads.
/// </summary>
/// <remarks>
/// Format, version 1, little-endian. Header of 32 bytes: version 1, flags 1, reserved 2, body length 4, term 8, first index 8,
/// count 4, CRC32C 4 (over the 28 bytes before it, then the body). Body: per entry kind 1, flags 1, reserved 2, data length 4,
/// [key 8 when flag 1], [session 8 and serial 8 when flag 2], data. The format is extend-only: flags and reserved bytes that are not 0 belong to a later
/// version and are refused.
/// </remarks>
public sealed class EntryBatch : IEnumerable<LogEntry>
{
    /// <summary>Bytes before the first entry.</summary>
    public const int HeaderSize = 32;

    /// <summary>Bytes of an entry besides its data, at the most.</summary>
    public const int MaxEntryOverhead = EntryHeaderSize + 24;

    private const byte FormatVersion = 1;
    private const int EntryHeaderSize = 8;
    private const byte FlagKey = 1;
    private const byte FlagSession = 2;

    private byte[]? _withRoom;

    private EntryBatch(Term term, LogIndex firstIndex, int count, ReadOnlyMemory<byte> encoded)
    {
        Term = term;
        FirstIndex = firstIndex;
        Count = count;
        Encoded = encoded;
    }

    /// <summary>The term of every entry in the batch.</summary>
    public Term Term { get; }

    /// <summary>The index of the first entry.</summary>
    public LogIndex FirstIndex { get; }

    /// <summary>The number of entries, at least 1.</summary>
    public int Count { get; }

    /// <summary>The index of the last entry.</summary>
    public LogIndex LastIndex => FirstIndex + (Count - 1);

    /// <summary>Term and index of the last entry.</summary>
    public EntryId LastId => new(Term, LastIndex);

    /// <summary>True for a membership: it stands alone in its batch.</summary>
    public bool IsMembership => Count == 1 && MembershipCodec.IsMembership(FirstKind);

    /// <summary>Header and body, as they go to journal and wire.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>Encodes entries that take the places from <paramref name="firstIndex"/> on.</summary>
    /// <param name="term">The leader's term, greater than 0.</param>
    /// <param name="firstIndex">The place of the first entry, greater than 0.</param>
    /// <param name="entries">At least one entry.</param>
    /// <param name="room">Bytes to leave free in front of the batch, for <see cref="TryTakeRoom"/>.</param>
    /// <exception cref="ArgumentException">No entries, or a term or index that no entry can have.</exception>
    /// <exception cref="OverflowException">The encoded batch would exceed 2 GiB.</exception>
    public static EntryBatch Create(Term term, LogIndex firstIndex, ReadOnlySpan<ProposedEntry> entries, int room = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(room);
        if (entries.IsEmpty || term.Value <= 0 || firstIndex.Value <= 0)
        {
            throw new ArgumentException(
                $"A batch needs entries, a term and an index above 0 (got {entries.Length} entries, term {term}, index {firstIndex}).",
                nameof(entries));
        }

        int size = HeaderSize;
        foreach (ref readonly ProposedEntry entry in entries)
        {
            size = checked(size + EncodedSize(entry));
        }

        // Not zeroed: every byte of the batch is written, and the room by whoever takes it.
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked(room + size));
        Span<byte> encoded = bytes.AsSpan(room);
        int at = HeaderSize;
        foreach (ref readonly ProposedEntry entry in entries)
        {
            at += Write(entry, encoded[at..]);
        }

        WriteHeader(encoded, term, firstIndex, entries.Length);
        return new EntryBatch(term, firstIndex, entries.Length, bytes.AsMemory(room)) { _withRoom = room == 0 ? null : bytes };
    }

    /// <summary>
    /// The array that this batch is the end of, with the room that <see cref="Create"/> has left in front: whoever sends the batch need not copy it. Given away once only, because what is written there
    /// must not change any more once it is sent. A batch that was read, cut or joined has no room. Not for several threads: only whoever drives the core that made the batch may ask.
    /// </summary>
    /// <param name="room">How much is needed, exactly.</param>
    /// <param name="bytes">The array. Behind the room stands the batch, which must not be touched.</param>
    /// <returns>False when there is no such room, or somebody has it already.</returns>
    public bool TryTakeRoom(int room, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = _withRoom?.Length == room + Encoded.Length ? _withRoom : null;
        _withRoom = bytes is null ? _withRoom : null;
        return bytes is not null;
    }

    /// <summary>The bytes that one entry takes in a batch.</summary>
    public static int EncodedSize(in ProposedEntry entry) =>
        checked(EntryHeaderSize + (entry.Key != 0 ? 8 : 0) + (entry.SessionId != 0 ? 16 : 0) + entry.Data.Length);

    /// <summary>
    /// Reads a batch that came from a journal or a peer. Every length, kind and the checksum is verified before
    /// anything is believed; the bytes are kept, not copied.
    /// </summary>
    /// <param name="encoded">Exactly one batch.</param>
    /// <param name="batch">The batch, when the bytes are one.</param>
    /// <param name="error">What is wrong, when they are not.</param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out EntryBatch? batch,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        batch = null;
        ReadOnlySpan<byte> span = encoded.Span;
        if (span.Length < HeaderSize)
        {
            error = $"entry batch of {span.Length} bytes is shorter than its header of {HeaderSize}";
            return false;
        }

        if (span[0] != FormatVersion)
        {
            error = $"entry batch has format version {span[0]}; this version reads {FormatVersion}";
            return false;
        }

        if (span[1] != 0 || span[2] != 0 || span[3] != 0)
        {
            error = "entry batch has flags that this version does not know";
            return false;
        }

        uint bodyLength = BinaryPrimitives.ReadUInt32LittleEndian(span[4..]);
        if (bodyLength != (uint)(span.Length - HeaderSize))
        {
            error = $"entry batch says its body has {bodyLength} bytes; there are {span.Length - HeaderSize}";
            return false;
        }

        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(span[28..]);
        if (Checksum(span) != stored)
        {
            error = "entry batch has a wrong checksum";
            return false;
        }

        long term = BinaryPrimitives.ReadInt64LittleEndian(span[8..]);
        long first = BinaryPrimitives.ReadInt64LittleEndian(span[16..]);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(span[24..]);
        if (term <= 0 || first <= 0 || count == 0 || count > bodyLength / EntryHeaderSize || first > long.MaxValue - count)
        {
            error = $"entry batch has impossible positions (term {term}, first index {first}, {count} entries)";
            return false;
        }

        int at = HeaderSize;
        for (uint i = 0; i < count; i++)
        {
            if (!TryMeasure(span[at..], out int length))
            {
                error = $"entry {i} of {count} in a batch runs over its end";
                return false;
            }

            at += length;
        }

        if (at != span.Length)
        {
            error = $"entry batch has {span.Length - at} bytes behind its last entry";
            return false;
        }

        error = null;
        batch = new EntryBatch(new Term(term), new LogIndex(first), (int)count, encoded);
        return true;
    }

    /// <summary>The entry at <paramref name="index"/>; walks the batch from its start.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The batch has no such index.</exception>
    public LogEntry this[LogIndex index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(index.Value, FirstIndex.Value, nameof(index));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(index.Value, LastIndex.Value, nameof(index));
            Enumerator entries = GetEnumerator();
            do
            {
                entries.MoveNext();
            }
            while (entries.Current.Id.Index < index);

            return entries.Current;
        }
    }

    /// <summary>
    /// The same entries from <paramref name="first"/> on, as a batch of its own. Costs a copy; only needed when
    /// batches of two logs do not begin at the same places.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The batch has no such index.</exception>
    public EntryBatch From(LogIndex first) => Slice(first, LastIndex);

    /// <summary>The same entries from <paramref name="first"/> to <paramref name="last"/>, both included, as a batch of its own.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The batch does not have both.</exception>
    public EntryBatch Slice(LogIndex first, LogIndex last)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(first.Value, FirstIndex.Value, nameof(first));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(last.Value, LastIndex.Value, nameof(last));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first.Value, last.Value, nameof(first));
        if (first == FirstIndex && last == LastIndex)
        {
            return this;
        }

        ReadOnlySpan<byte> span = Encoded.Span;
        int at = HeaderSize;
        int start = at;
        for (LogIndex index = FirstIndex; index <= last; index = index.Next)
        {
            if (index == first)
            {
                start = at;
            }

            TryMeasure(span[at..], out int length);
            at += length;
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(HeaderSize + (at - start));
        span[start..at].CopyTo(bytes.AsSpan(HeaderSize));
        int count = (int)(last - first) + 1;
        WriteHeader(bytes, Term, first, count);
        return new EntryBatch(Term, first, count, bytes);
    }

    /// <summary>
    /// Whether <paramref name="next"/> may become one batch with this one: it goes on in the same term, and both hold data of clients. What the protocol itself wrote stands alone.
    /// </summary>
    /// <param name="next">The batch behind this one.</param>
    public bool Joins(EntryBatch next) =>
        next.Term == Term && next.FirstIndex == LastIndex.Next && FirstKind == EntryKind.Normal && next.FirstKind == EntryKind.Normal;

    /// <summary>The entries of batches that join, as one batch.</summary>
    /// <param name="batches">At least one; each <see cref="Joins"/> the one before.</param>
    public static EntryBatch Join(IReadOnlyList<EntryBatch> batches)
    {
        if (batches.Count == 1)
        {
            return batches[0];
        }

        int size = HeaderSize;
        int count = 0;
        for (int i = 0; i < batches.Count; i++)
        {
            Invariant.That(i == 0 || batches[i - 1].Joins(batches[i]), "Batches that do not follow each other cannot become one.");
            size += batches[i].Encoded.Length - HeaderSize;
            count += batches[i].Count;
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(size);
        int at = HeaderSize;
        for (int i = 0; i < batches.Count; i++)
        {
            ReadOnlySpan<byte> body = batches[i].Encoded.Span[HeaderSize..];
            body.CopyTo(bytes.AsSpan(at));
            at += body.Length;
        }

        WriteHeader(bytes, batches[0].Term, batches[0].FirstIndex, count);
        return new EntryBatch(batches[0].Term, batches[0].FirstIndex, count, bytes);
    }

    /// <summary>Walks the entries without allocating.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<LogEntry> IEnumerable<LogEntry>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => $"[{Term}:{FirstIndex}..{LastIndex}]";

    private EntryKind FirstKind => (EntryKind)Encoded.Span[HeaderSize];

    private static int Write(in ProposedEntry entry, Span<byte> target)
    {
        byte flags = 0;
        int at = EntryHeaderSize;
        if (entry.Key != 0)
        {
            flags |= FlagKey;
            BinaryPrimitives.WriteUInt64LittleEndian(target[at..], entry.Key);
            at += 8;
        }

        if (entry.SessionId != 0)
        {
            flags |= FlagSession;
            BinaryPrimitives.WriteUInt64LittleEndian(target[at..], entry.SessionId);
            BinaryPrimitives.WriteUInt64LittleEndian(target[(at + 8)..], entry.SessionSerial);
            at += 16;
        }

        target[0] = (byte)entry.Kind;
        target[1] = flags;
        target[2] = 0;
        target[3] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], (uint)entry.Data.Length);
        entry.Data.Span.CopyTo(target[at..]);
        return at + entry.Data.Length;
    }

    private static void WriteHeader(Span<byte> bytes, Term term, LogIndex firstIndex, int count)
    {
        bytes[0] = FormatVersion;
        bytes[1] = 0;
        bytes[2] = 0;
        bytes[3] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], (uint)(bytes.Length - HeaderSize));
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], firstIndex.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[24..], (uint)count);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[28..], Checksum(bytes));
    }

    private static uint Checksum(ReadOnlySpan<byte> batch) => Crc32C.Compute(batch[HeaderSize..], Crc32C.Compute(batch[..28]));

    private static bool TryMeasure(ReadOnlySpan<byte> span, out int length)
    {
        length = 0;
        if (span.Length < EntryHeaderSize || span[0] > (byte)EntryKind.Session || (span[1] & ~(FlagKey | FlagSession)) != 0 || span[2] != 0 || span[3] != 0)
        {
            return false;
        }

        long total = EntryHeaderSize
            + ((span[1] & FlagKey) != 0 ? 8 : 0)
            + ((span[1] & FlagSession) != 0 ? 16 : 0)
            + (long)BinaryPrimitives.ReadUInt32LittleEndian(span[4..]);
        if (total > span.Length)
        {
            return false;
        }

        length = (int)total;
        return true;
    }

    /// <summary>Walks the entries of a batch in order.</summary>
    public struct Enumerator : IEnumerator<LogEntry>
    {
        private readonly EntryBatch _batch;
        private int _at;
        private int _seen;

        internal Enumerator(EntryBatch batch)
        {
            _batch = batch;
            _at = HeaderSize;
        }

        /// <summary>The entry that the last <see cref="MoveNext"/> found.</summary>
        public LogEntry Current { get; private set; }

        readonly object IEnumerator.Current => Current;

        /// <summary>Goes to the next entry; false behind the last.</summary>
        public bool MoveNext()
        {
            if (_seen == _batch.Count)
            {
                return false;
            }

            ReadOnlyMemory<byte> rest = _batch.Encoded[_at..];
            ReadOnlySpan<byte> span = rest.Span;
            int at = EntryHeaderSize;
            ulong key = 0;
            ulong session = 0;
            ulong serial = 0;
            if ((span[1] & FlagKey) != 0)
            {
                key = BinaryPrimitives.ReadUInt64LittleEndian(span[at..]);
                at += 8;
            }

            if ((span[1] & FlagSession) != 0)
            {
                session = BinaryPrimitives.ReadUInt64LittleEndian(span[at..]);
                serial = BinaryPrimitives.ReadUInt64LittleEndian(span[(at + 8)..]);
                at += 16;
            }

            int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(span[4..]);
            Current = new LogEntry(
                new EntryId(_batch.Term, _batch.FirstIndex + _seen),
                (EntryKind)span[0],
                key,
                session,
                serial,
                rest.Slice(at, length));
            _at += at + length;
            _seen++;
            return true;
        }

        /// <inheritdoc/>
        public void Reset()
        {
            _at = HeaderSize;
            _seen = 0;
        }

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
