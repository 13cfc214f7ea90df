using System.Globalization;
using RaftActors.Journal.Storage;
using RaftActors.Journal.Wal;

namespace RaftActors.Journal;

/// <summary>One record of a log, for people to read.</summary>
/// <param name="File">Name of the segment file.</param>
/// <param name="Offset">Where in the file the record begins.</param>
/// <param name="Lsn">Its number in the log.</param>
/// <param name="Kind">name, event, delete, head, trim or mark.</param>
/// <param name="PersistenceId">Whom it concerns; empty for records of the log itself.</param>
/// <param name="SequenceNr">Number of an event; highest number of a delete or head.</param>
/// <param name="SerializerId">Of an event.</param>
/// <param name="Manifest">Of an event; the text of a name.</param>
/// <param name="Timestamp">Of an event, UTC.</param>
/// <param name="Bytes">Length of an event's payload.</param>
public sealed record JournalRecord(
    string File, long Offset, ulong Lsn, string Kind, string PersistenceId, long SequenceNr, int SerializerId, string Manifest, DateTime Timestamp, int Bytes);

/// <summary>What a log holds.</summary>
/// <param name="Segments">How many segment files.</param>
/// <param name="Records">How many records.</param>
/// <param name="PersistenceIds">How many persistence ids.</param>
/// <param name="Events">How many events that are not deleted.</param>
/// <param name="LiveBytes">Bytes of these.</param>
/// <param name="UsedBytes">Bytes of all records.</param>
/// <param name="NextLsn">Number that the next record will have.</param>
/// <param name="TornTail">The write at the end that a crash cut off, as file and offset; null when there is none. The next start drops it.</param>
public sealed record JournalReport(
    int Segments, long Records, int PersistenceIds, long Events, long LiveBytes, long UsedBytes, ulong NextLsn, string? TornTail)
{
    /// <summary>The persistence ids, in no order.</summary>
    public IReadOnlyCollection<string> Names { get; init; } = [];
}

/// <summary>What a repair did.</summary>
/// <param name="Damage">What was wrong; null when nothing was, and then nothing was changed.</param>
/// <param name="MovedTo">The folder with the damaged segment as it was and all segments behind it.</param>
/// <param name="LostRecords">Intact records behind the damage, which are no longer in the log.</param>
public sealed record JournalRepair(string? Damage, string? MovedTo, long LostRecords);

/// <summary>Reads, checks and repairs the files of a log that no process has open.</summary>
public static class JournalTool
{
    /// <summary>Calls <paramref name="visit"/> for every record, in order.</summary>
    /// <exception cref="JournalException">The log is in use, or damaged; what stands before the damage was visited.</exception>
    public static void Dump(string directory, Action<JournalRecord> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        using IDisposable taken = Take(directory);
        LogReader.Close(LogReader.Read(FileSystem.Instance, directory, StorageMode.Read, (segment, offset, record) => visit(Describe(segment, offset, record))).State);
    }

    /// <summary>Reads everything and checks every checksum and every order.</summary>
    /// <exception cref="JournalDamagedException">The log is damaged; says where.</exception>
    /// <exception cref="JournalException">The log is in use or cannot be read.</exception>
    public static JournalReport Verify(string directory)
    {
        using IDisposable taken = Take(directory);
        LogContent content = LogReader.Read(FileSystem.Instance, directory, StorageMode.Read);
        try
        {
            return new JournalReport(
                content.State.Segments.Count,
                content.Records,
                content.State.Streams.Count,
                content.State.Streams.Values.Sum(s => s.Events.Count),
                content.State.Segments.Values.Sum(s => s.Live),
                content.State.Segments.Values.Sum(s => (long)s.End - SegmentHeader.Length),
                content.NextLsn,
                content.Cut is { } cut ? string.Create(CultureInfo.InvariantCulture, $"{cut.File}, offset {cut.Offset}") : null)
            {
                Names = [.. content.State.Streams.Keys],
            };
        }
        finally
        {
            LogReader.Close(content.State);
        }
    }

    /// <summary>
    /// Ends a damaged log before the damage. The damaged segment as it was, and every segment behind it, is kept in a folder beside.
    /// Acknowledged events behind the damage are lost to this log: only for who accepts that.
    /// </summary>
    /// <exception cref="JournalException">The log is in use, or the damage is of a kind that this cannot mend.</exception>
    public static JournalRepair Repair(string directory)
    {
        using IDisposable taken = Take(directory);
        JournalDamagedException damage;
        try
        {
            LogReader.Close(LogReader.Read(FileSystem.Instance, directory, StorageMode.Read).State);
            return new JournalRepair(null, null, 0);
        }
        catch (JournalDamagedException e)
        {
            damage = e;
        }

        List<(ulong Number, string Path)> segments = LogReader.Find(FileSystem.Instance, directory);
        ulong damaged = SegmentHeader.NumberOf(damage.File) ?? throw new JournalException($"This cannot be repaired: {damage.Message}", damage);
        if (segments.Count == 0 || damaged < segments[0].Number)
        {
            throw new JournalException($"The beginning of the log is missing, which this cannot mend: {damage.Message}", damage);
        }

        string aside = Path.Combine(directory, "damaged-" + DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture));
        FileSystem.Instance.CreateDirectory(aside);
        long lost = 0;
        foreach ((ulong number, string path) in segments.Where(s => s.Number >= damaged).Reverse())
        {
            string copy = Path.Combine(aside, Path.GetFileName(path));
            bool keep = number == damaged && damage.Offset >= SegmentHeader.Length;
            lost += CountIntact(path, keep ? (int)damage.Offset : SegmentHeader.Length);
            if (keep)
            {
                File.Copy(path, copy);
                Wipe(path, damage.Offset);
            }
            else
            {
                FileSystem.Instance.Rename(path, copy);
            }
        }

        FileSystem.Instance.SyncDirectory(aside);
        FileSystem.Instance.SyncDirectory(directory);
        return new JournalRepair(damage.Message, aside, lost);
    }

    private static IDisposable Take(string directory) => Directory.Exists(directory)
        ? LogWriter.TakeLock(FileSystem.Instance, directory, TimeSpan.Zero)
        : throw new JournalException($"There is no directory {directory}.");

    private static long CountIntact(string path, int from)
    {
        byte[] content = File.ReadAllBytes(path);
        SegmentHeader header;
        try
        {
            header = SegmentHeader.Parse(content.AsSpan(0, Math.Min(content.Length, SegmentHeader.Length)), path, content.Length);
        }
        catch (JournalException)
        {
            return 0;
        }

        uint salt = RecordFormat.SaltState(header.Salt);
        long count = 0;
        int at = from;
        while (at < content.Length)
        {
            bool intact = RecordFormat.TryParse(content.AsSpan(at), salt, out int length);
            count += intact ? 1 : 0;
            at += intact ? RecordFormat.Padded(length) : RecordFormat.Alignment;
        }

        return count;
    }

    private static void Wipe(string path, long from)
    {
        using IStorageFile file = FileSystem.Instance.Open(path, StorageMode.ReadWrite);
        byte[] zeroes = new byte[256 * 1024];
        long length = file.Length;
        for (long at = from; at < length; at += zeroes.Length)
        {
            file.Write(zeroes.AsSpan(0, (int)Math.Min(zeroes.Length, length - at)), at);
        }

        file.Sync(metadata: true);
    }

    private static JournalRecord Describe(Segment segment, int offset, ReadOnlySpan<byte> record)
    {
        RecordType type = RecordFormat.TypeOf(record);
        string kind = type.ToString().ToLowerInvariant();
        string file = Path.GetFileName(segment.Path);
        ulong lsn = RecordFormat.LsnOf(record);
        return type switch
        {
            RecordType.Event => new JournalRecord(
                file, offset, lsn, kind, Name(segment, RecordFormat.ReferenceOf(record)), RecordFormat.SequenceNrOf(record), RecordFormat.SerializerOf(record),
                Name(segment, RecordFormat.ManifestOf(record)), new DateTime(RecordFormat.TicksOf(record), DateTimeKind.Utc), RecordFormat.PayloadOf(record).Length),
            RecordType.Delete or RecordType.Head => new JournalRecord(
                file, offset, lsn, kind, Name(segment, RecordFormat.ReferenceOf(record)), RecordFormat.HighestOf(record), 0,
                string.Create(CultureInfo.InvariantCulture, $"deleted to {RecordFormat.DeletedToOf(record)}"), default, 0),
            RecordType.Name => new JournalRecord(file, offset, lsn, kind, "", RecordFormat.ReferenceOf(record), 0, RecordFormat.NameOf(record), default, 0),
            RecordType.Trim => new JournalRecord(file, offset, lsn, kind, "", (long)RecordFormat.TrimmedToOf(record), 0, "", default, 0),
            _ => new JournalRecord(file, offset, lsn, kind, "", 0, 0, "", default, 0),
        };
    }

    private static string Name(Segment segment, uint reference) => reference < (uint)segment.Names.Count ? segment.Names[(int)reference] : "?";
}
