namespace RaftActors.Journal.Wal;

/// <summary>What is known of one persistence id.</summary>
internal sealed class StreamState(string persistenceId)
{
    public string PersistenceId { get; } = persistenceId;

    public EventIndex Events { get; } = new();

    public long Highest { get; set; }

    public long DeletedTo { get; set; }

    /// <summary>The segments whose records say what the two numbers are; when one goes, they are written again.</summary>
    public ulong HighestSegment { get; set; }

    public ulong DeletedSegment { get; set; }

    /// <summary>The highest number handed to the writer, durable or not. The writer's own.</summary>
    public long Accepted { get; set; }
}

/// <summary>An open segment file.</summary>
internal sealed class Segment(SegmentHeader header, string path, Storage.IStorageFile file)
{
    public SegmentHeader Header { get; } = header;

    public ulong Number => Header.Number;

    public string Path { get; } = path;

    public Storage.IStorageFile File { get; } = file;

    public uint Salt { get; } = RecordFormat.SaltState(header.Salt);

    /// <summary>Number to text, as the segment's name records say; number 0 is the empty text.</summary>
    public List<string> Names { get; } = [""];

    /// <summary>Where the records end. For the active segment: where the next one goes.</summary>
    public int End { get; set; } = SegmentHeader.Length;

    /// <summary>Bytes of events that are not deleted.</summary>
    public long Live { get; set; }

    /// <summary>Reads going on; the file stays as long as there is one.</summary>
    public int Readers { get; set; }
}

/// <summary>Everything that is rebuilt from the log at the start. Whoever reads or changes it holds the lock.</summary>
internal sealed class LogState
{
    public Lock Sync { get; } = new();

    public Dictionary<string, StreamState> Streams { get; } = new(StringComparer.Ordinal);

    public Dictionary<ulong, Segment> Segments { get; } = [];

    public ulong TrimmedTo { get; set; }

    public ulong OldestSegment { get; set; }

    public StreamState Stream(string persistenceId)
    {
        if (!Streams.TryGetValue(persistenceId, out StreamState? stream))
        {
            stream = new StreamState(persistenceId);
            Streams.Add(persistenceId, stream);
        }

        return stream;
    }

    /// <summary>Takes in a record that is durable. Of an event, the fields are enough.</summary>
    public void Apply(Segment segment, ReadOnlySpan<byte> record, int offset)
    {
        switch (RecordFormat.TypeOf(record))
        {
            case RecordType.Name:
                if (RecordFormat.ReferenceOf(record) != (uint)segment.Names.Count)
                {
                    throw new JournalDamagedException(segment.Path, offset, "a name is out of order.");
                }

                string name = RecordFormat.NameOf(record);

                // The same texts come again in every segment; one object each is enough.
                string shared = Streams.TryGetValue(name, out StreamState? known) ? known.PersistenceId : string.IsInterned(name) ?? name;
                lock (segment.Names)
                {
                    segment.Names.Add(shared);
                }

                break;
            case RecordType.Event:
                ApplyEvent(segment, Named(segment, record, offset), record, offset);
                break;
            case RecordType.Delete:
            case RecordType.Head:
                StreamState stream = Named(segment, record, offset);
                if (RecordFormat.HighestOf(record) >= stream.Highest)
                {
                    stream.Highest = RecordFormat.HighestOf(record);
                    stream.HighestSegment = segment.Number;
                }

                Delete(stream, RecordFormat.DeletedToOf(record), segment.Number);
                break;
            case RecordType.Trim:
                TrimmedTo = Math.Max(TrimmedTo, RecordFormat.TrimmedToOf(record));
                break;
        }
    }

    private void Delete(StreamState stream, long to, ulong segment)
    {
        if (to < stream.DeletedTo)
        {
            return;
        }

        stream.DeletedTo = to;
        stream.DeletedSegment = segment;
        stream.Events.RemoveTo(to, Unaccount);
    }

    private void ApplyEvent(Segment segment, StreamState stream, ReadOnlySpan<byte> record, int offset)
    {
        long number = RecordFormat.SequenceNrOf(record);
        if (number >= stream.Highest)
        {
            stream.Highest = number;
            stream.HighestSegment = segment.Number;
        }

        if (number <= stream.DeletedTo)
        {
            return;
        }

        int length = (int)RecordFormat.LengthOf(record);
        if (stream.Events.Set(number, new RecordLocation(segment.Number, offset, length)) is { } replaced)
        {
            Unaccount(replaced);
        }

        segment.Live += RecordFormat.Padded(length);
    }

    private void Unaccount(RecordLocation location)
    {
        if (Segments.TryGetValue(location.Segment, out Segment? segment))
        {
            segment.Live -= RecordFormat.Padded(location.Length);
        }
    }

    private StreamState Named(Segment segment, ReadOnlySpan<byte> record, int offset)
    {
        uint reference = RecordFormat.ReferenceOf(record);
        return reference < (uint)segment.Names.Count
            ? Stream(segment.Names[(int)reference])
            : throw new JournalDamagedException(segment.Path, offset, "a record refers to a name that the segment does not have.");
    }
}
