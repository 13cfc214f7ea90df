using RaftActors.Journal.Storage;

namespace RaftActors.Journal.Wal;

/// <summary>What opening found out.</summary>
/// <param name="State">The index.</param>
/// <param name="Last">The segment to go on with; null when there is none.</param>
/// <param name="NextLsn">The number of the next record.</param>
/// <param name="Cut">The torn write that the last segment ends with, as file and offset; null when there is none.</param>
/// <param name="LastWrite">The bytes of the last write, as they were found intact, up to the end of the last segment; empty when it has none.</param>
/// <param name="LeftoverEnd">Up to where records of the torn write must be wiped.</param>
/// <param name="Records">How many records were read.</param>
internal sealed record LogContent(LogState State, Segment? Last, ulong NextLsn, (string File, int Offset)? Cut, byte[] LastWrite, int LeftoverEnd, long Records);

/// <summary>Reads a whole log: at the start of a node, and for the tools. Changes nothing.</summary>
internal static class LogReader
{
    /// <exception cref="JournalDamagedException">There is damage that no crash explains.</exception>
    public static LogContent Read(IFileSystem files, string directory, StorageMode mode, Action<Segment, int, byte[]>? visit = null)
    {
        LogState state = new();
        Segment? last = null;
        ulong nextLsn = 1;
        long records = 0;
        (string, int)? cut = null;
        byte[] lastWrite = [];
        int leftoverEnd = 0;
        byte[] buffer = [];
        try
        {
            List<(ulong Number, string Path)> found = Find(files, directory);
            for (int i = 0; i < found.Count; i++)
            {
                (ulong number, string path) = found[i];
                Segment segment = OpenSegment(files, path, mode);
                state.Segments.Add(number, segment);
                int capacity = (int)segment.Header.Capacity;
                if (buffer.Length < capacity)
                {
                    buffer = GC.AllocateUninitializedArray<byte>(capacity);
                }

                int read = segment.File.Read(buffer.AsSpan(0, capacity), 0);
                ReadOnlySpan<byte> content = buffer.AsSpan(0, read);
                CheckOrder(segment, last, nextLsn);
                state.TrimmedTo = Math.Max(state.TrimmedTo, segment.Header.TrimmedTo);

                int lastWriteAt = SegmentHeader.Length;
                ulong lastWriteLsn = 0;
                ScanEnd end = SegmentScanner.Scan(content, segment.Header, (record, offset) =>
                {
                    records++;
                    if (RecordFormat.BatchOf(record) != lastWriteLsn)
                    {
                        lastWriteLsn = RecordFormat.BatchOf(record);
                        lastWriteAt = offset;
                    }

                    visit?.Invoke(segment, offset, record.ToArray());
                    state.Apply(segment, record, offset);
                });
                segment.End = end.Offset;
                nextLsn = end.NextLsn;
                last = segment;
                if (i < found.Count - 1)
                {
                    CheckEnd(files, found[i + 1].Path, segment, nextLsn);
                    continue;
                }

                TailFinding tail = SegmentScanner.InspectTail(content, segment.Header, end);
                if (tail.LaterWriteAt >= 0)
                {
                    throw new JournalDamagedException(path, end.Offset, $"the record here is not intact, but a later write at offset {tail.LaterWriteAt} is.");
                }

                lastWrite = content[lastWriteAt..end.Offset].ToArray();
                leftoverEnd = tail.LeftoverEnd;
                cut = tail.LooksTorn ? (path, end.Offset) : null;
            }

            if (found.Count > 0)
            {
                state.OldestSegment = found[0].Number;
                if (found[0].Number > state.TrimmedTo + 1)
                {
                    throw new JournalDamagedException(
                        Path.Combine(directory, SegmentHeader.FileName(state.TrimmedTo + 1)), 0, "the segment is missing.");
                }
            }

            return new LogContent(state, last, nextLsn, cut, lastWrite, leftoverEnd, records);
        }
        catch
        {
            Close(state);
            throw;
        }
    }

    public static void Close(LogState state)
    {
        foreach (Segment segment in state.Segments.Values)
        {
            segment.File.Dispose();
        }
    }

    public static List<(ulong Number, string Path)> Find(IFileSystem files, string directory) =>
        [.. files.List(directory)
            .Select(path => (Number: SegmentHeader.NumberOf(path), Path: path))
            .Where(f => f.Number is not null)
            .Select(f => (f.Number!.Value, f.Path))
            .OrderBy(f => f.Value)];

    private static Segment OpenSegment(IFileSystem files, string path, StorageMode mode)
    {
        IStorageFile file = files.Open(path, mode);
        try
        {
            return new Segment(ReadHeader(file, path), path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static SegmentHeader ReadHeader(IStorageFile file, string path)
    {
        byte[] block = new byte[SegmentHeader.Length];
        int read = file.Read(block, 0);
        return SegmentHeader.Parse(block.AsSpan(0, read), path, file.Length);
    }

    private static void CheckOrder(Segment segment, Segment? before, ulong expected)
    {
        if (before is null)
        {
            return;
        }

        if (segment.Number != before.Number + 1)
        {
            throw new JournalDamagedException(
                Path.Combine(Path.GetDirectoryName(segment.Path)!, SegmentHeader.FileName(before.Number + 1)), 0, "the segment is missing.");
        }

        if (segment.Header.FirstLsn != expected)
        {
            throw new JournalDamagedException(
                before.Path, before.End, $"the record here is not intact, but the segment behind it begins with record {segment.Header.FirstLsn}.");
        }
    }

    private static void CheckEnd(IFileSystem files, string nextPath, Segment segment, ulong nextLsn)
    {
        using IStorageFile next = files.Open(nextPath, StorageMode.Read);
        if (ReadHeader(next, nextPath).FirstLsn != nextLsn)
        {
            throw new JournalDamagedException(segment.Path, segment.End, "the record here is not intact, but there is a later segment.");
        }
    }
}
