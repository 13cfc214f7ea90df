using System.Buffers.Binary;
using System.Text;

namespace RaftActors.Journal.Wal;

/// <summary>What a record says. The numbers are on disk: never change one, only add.</summary>
internal enum RecordType : byte
{
    /// <summary>Gives a text a number within its segment.</summary>
    Name = 1,

    /// <summary>An event of a persistent actor.</summary>
    Event = 2,

    /// <summary>The events of a persistence id up to a number are deleted; also carries the highest number.</summary>
    Delete = 3,

    /// <summary>The highest number and what is deleted, written again because the segment that said so goes.</summary>
    Head = 4,

    /// <summary>Segments up to a number hold nothing live.</summary>
    Trim = 5,

    /// <summary>Says nothing, but that everything before it was complete.</summary>
    Mark = 6,
}

[Flags]
internal enum RecordFlags : byte
{
    None = 0,

    /// <summary>The next event belongs to the same atomic write.</summary>
    Continues = 1,

    /// <summary>A copy of an older record whose segment goes.</summary>
    Rewritten = 2,

    /// <summary>On a mark: the log was closed.</summary>
    Closed = 4,
}

/// <summary>
/// The layout of records: 24 bytes that all have, then fields by type; little endian, padded with zeroes to 8 bytes.
/// The checksum covers the segment's salt and everything behind the checksum itself, so that what an earlier use of the file left is never valid.
/// </summary>
internal static class RecordFormat
{
    public const int Alignment = 8;
    public const int Prefix = 24;
    public const int EventHeader = 64;
    public const int NameHeader = 32;
    public const int StateLength = 48;
    public const int TrimLength = 40;
    public const int MarkLength = 32;
    public const int Smallest = MarkLength;

    public static int Padded(int length) => (length + Alignment - 1) & ~(Alignment - 1);

    public static int EventLength(int payload) => EventHeader + payload;

    public static int NameLength(string name) => NameHeader + Encoding.UTF8.GetByteCount(name);

    public static uint LengthOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);

    public static ulong LsnOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt64LittleEndian(record[8..]);

    /// <summary>The number of the first record that was written together with this one.</summary>
    public static ulong BatchOf(ReadOnlySpan<byte> record) => LsnOf(record) - BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);

    public static RecordType TypeOf(ReadOnlySpan<byte> record) => (RecordType)record[20];

    public static RecordFlags FlagsOf(ReadOnlySpan<byte> record) => (RecordFlags)record[21];

    public static uint ReferenceOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt32LittleEndian(record[24..]);

    public static string NameOf(ReadOnlySpan<byte> record) =>
        Encoding.UTF8.GetString(record.Slice(NameHeader, BinaryPrimitives.ReadInt32LittleEndian(record[28..])));

    public static uint ManifestOf(ReadOnlySpan<byte> e) => BinaryPrimitives.ReadUInt32LittleEndian(e[28..]);

    public static uint WriterOf(ReadOnlySpan<byte> e) => BinaryPrimitives.ReadUInt32LittleEndian(e[32..]);

    public static uint AdapterManifestOf(ReadOnlySpan<byte> e) => BinaryPrimitives.ReadUInt32LittleEndian(e[36..]);

    public static long SequenceNrOf(ReadOnlySpan<byte> e) => BinaryPrimitives.ReadInt64LittleEndian(e[40..]);

    public static long TicksOf(ReadOnlySpan<byte> e) => BinaryPrimitives.ReadInt64LittleEndian(e[48..]);

    public static int SerializerOf(ReadOnlySpan<byte> e) => BinaryPrimitives.ReadInt32LittleEndian(e[56..]);

    public static ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> e) => e.Slice(EventHeader, BinaryPrimitives.ReadInt32LittleEndian(e[60..]));

    public static long HighestOf(ReadOnlySpan<byte> state) => BinaryPrimitives.ReadInt64LittleEndian(state[32..]);

    public static long DeletedToOf(ReadOnlySpan<byte> state) => BinaryPrimitives.ReadInt64LittleEndian(state[40..]);

    public static ulong TrimmedToOf(ReadOnlySpan<byte> trim) => BinaryPrimitives.ReadUInt64LittleEndian(trim[32..]);

    public static uint SaltState(ulong salt)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, salt);
        return Castagnoli.Append(Castagnoli.Start, bytes);
    }

    /// <summary>Whether <paramref name="at"/> begins with a whole, undamaged record of the segment, and where that ends.</summary>
    public static bool TryParse(ReadOnlySpan<byte> at, uint saltState, out int length)
    {
        length = 0;
        if (at.Length < Smallest)
        {
            return false;
        }

        uint claimed = LengthOf(at);
        if (claimed < Smallest || claimed > (uint)at.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> record = at[..(int)claimed];
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != Castagnoli.Finish(Castagnoli.Append(saltState, record[4..])) || !IsWellFormed(record))
        {
            return false;
        }

        length = (int)claimed;
        return true;
    }

    /// <summary>Fills in what every record has, when its fields are written, and the checksum.</summary>
    public static void Seal(Span<byte> record, uint saltState, ulong lsn, uint indexInBatch, RecordType type, RecordFlags flags) =>
        Seal(record, default, saltState, lsn, indexInBatch, type, flags);

    /// <summary>The same for a record whose rest stands elsewhere.</summary>
    public static void Seal(Span<byte> record, ReadOnlySpan<byte> rest, uint saltState, ulong lsn, uint indexInBatch, RecordType type, RecordFlags flags)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], record.Length + rest.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], lsn);
        BinaryPrimitives.WriteUInt32LittleEndian(record[16..], indexInBatch);
        record[20] = (byte)type;
        record[21] = (byte)flags;
        record[22] = 0;
        record[23] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(record, Castagnoli.Finish(Castagnoli.Append(Castagnoli.Append(saltState, record[4..]), rest)));
    }

    // The checksum says that this is what was written; a length inside that points outside would still be a mistake of ours.
    private static bool IsWellFormed(ReadOnlySpan<byte> record) => TypeOf(record) switch
    {
        RecordType.Event => record.Length >= EventHeader && BinaryPrimitives.ReadInt32LittleEndian(record[60..]) == record.Length - EventHeader,
        RecordType.Name => record.Length >= NameHeader && BinaryPrimitives.ReadInt32LittleEndian(record[28..]) == record.Length - NameHeader,
        RecordType.Delete or RecordType.Head => record.Length >= StateLength,
        RecordType.Trim => record.Length >= TrimLength,
        _ => true,
    };
}
