using System.Buffers.Binary;
using System.Text;

namespace RaftActors.Journal.Wal;

/// <summary>The records of one write, as they will stand in the active segment.</summary>
internal sealed class BatchBuffer
{
    private readonly Dictionary<string, uint> _names = new(StringComparer.Ordinal);
    private byte[] _bytes = new byte[64 * 1024];
    private uint _saltState;
    private uint _records;

    // Consecutive events mostly carry the very same text objects.
    private (string? Text, uint Reference) _lastId;
    private (string? Text, uint Reference) _lastManifest;
    private (string? Text, uint Reference) _lastWriter;

    public int Used { get; private set; }

    public ulong NextLsn { get; set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Used);

    /// <summary>Begins to write for another segment. The buffer must be empty.</summary>
    public void Use(Segment segment)
    {
        _saltState = segment.Salt;
        _names.Clear();
        for (int i = 0; i < segment.Names.Count; i++)
        {
            _names.TryAdd(segment.Names[i], (uint)i);
        }

        ForgetTexts();
    }

    /// <summary>After the write: the next record begins another one.</summary>
    public void Clear()
    {
        Used = 0;
        _records = 0;
        if (_bytes.Length > 16 * 1024 * 1024)
        {
            _bytes = new byte[64 * 1024];
        }
    }

    /// <summary>How many bytes the events take at most, with the names that the segment does not have yet.</summary>
    public long Measure(string persistenceId, ReadOnlySpan<EventToWrite> events, bool fresh)
    {
        long size = NameSize(persistenceId, fresh);
        EventToWrite before = default;
        foreach (ref readonly EventToWrite e in events)
        {
            size += RecordFormat.Padded(RecordFormat.EventLength(e.Payload.Length));
            size += ReferenceEquals(e.Manifest, before.Manifest) ? 0 : NameSize(e.Manifest, fresh);
            size += ReferenceEquals(e.Writer, before.Writer) ? 0 : NameSize(e.Writer, fresh);
            size += ReferenceEquals(e.AdapterManifest, before.AdapterManifest) ? 0 : NameSize(e.AdapterManifest, fresh);
            before = e;
        }

        return size;
    }

    public int NameSize(string name, bool fresh) =>
        name.Length == 0 || (!fresh && _names.ContainsKey(name)) ? 0 : RecordFormat.Padded(RecordFormat.NameLength(name));

    public void AddEvent(string persistenceId, in EventToWrite e, RecordFlags flags)
    {
        uint id = Reference(persistenceId, ref _lastId);
        uint manifest = Reference(e.Manifest, ref _lastManifest);
        uint writer = Reference(e.Writer, ref _lastWriter);
        (string?, uint) none = default;
        uint adapter = e.AdapterManifest.Length == 0 ? 0 : Reference(e.AdapterManifest, ref none);
        Span<byte> record = Next(RecordFormat.EventLength(e.Payload.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(record[24..], id);
        BinaryPrimitives.WriteUInt32LittleEndian(record[28..], manifest);
        BinaryPrimitives.WriteUInt32LittleEndian(record[32..], writer);
        BinaryPrimitives.WriteUInt32LittleEndian(record[36..], adapter);
        BinaryPrimitives.WriteInt64LittleEndian(record[40..], e.SequenceNr);
        BinaryPrimitives.WriteInt64LittleEndian(record[48..], e.Ticks);
        BinaryPrimitives.WriteInt32LittleEndian(record[56..], e.SerializerId);
        BinaryPrimitives.WriteInt32LittleEndian(record[60..], e.Payload.Length);
        e.Payload.Span.CopyTo(record[RecordFormat.EventHeader..]);
        Seal(record, RecordType.Event, flags);
    }

    public void AddState(RecordType type, string persistenceId, long highest, long deletedTo)
    {
        uint id = Reference(persistenceId, ref _lastId);
        Span<byte> record = Next(RecordFormat.StateLength);
        BinaryPrimitives.WriteUInt32LittleEndian(record[24..], id);
        BinaryPrimitives.WriteInt32LittleEndian(record[28..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(record[32..], highest);
        BinaryPrimitives.WriteInt64LittleEndian(record[40..], deletedTo);
        Seal(record, type, RecordFlags.None);
    }

    public void AddTrim(ulong to)
    {
        Span<byte> record = Next(RecordFormat.TrimLength);
        BinaryPrimitives.WriteUInt64LittleEndian(record[24..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(record[32..], to);
        Seal(record, RecordType.Trim, RecordFlags.None);
    }

    public void AddMark(RecordFlags flags)
    {
        Span<byte> record = Next(RecordFormat.MarkLength);
        BinaryPrimitives.WriteInt64LittleEndian(record[24..], DateTime.UtcNow.Ticks);
        Seal(record, RecordType.Mark, flags);
    }

    private uint Reference(string text, ref (string? Text, uint Reference) last)
    {
        if (ReferenceEquals(last.Text, text))
        {
            return last.Reference;
        }

        if (!_names.TryGetValue(text, out uint reference))
        {
            reference = (uint)_names.Count;
            _names.Add(text, reference);
            Span<byte> record = Next(RecordFormat.NameLength(text));
            BinaryPrimitives.WriteUInt32LittleEndian(record[24..], reference);
            BinaryPrimitives.WriteInt32LittleEndian(record[28..], record.Length - RecordFormat.NameHeader);
            Encoding.UTF8.GetBytes(text, record[RecordFormat.NameHeader..]);
            Seal(record, RecordType.Name, RecordFlags.None);
        }

        last = (text, reference);
        return reference;
    }

    private Span<byte> Next(int length)
    {
        int padded = RecordFormat.Padded(length);
        if (_bytes.Length - Used < padded)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max((long)_bytes.Length * 2, (long)Used + padded)));
        }

        _bytes.AsSpan(Used + length, padded - length).Clear();
        Span<byte> record = _bytes.AsSpan(Used, length);
        Used += padded;
        return record;
    }

    private void Seal(Span<byte> record, RecordType type, RecordFlags flags) =>
        RecordFormat.Seal(record, _saltState, NextLsn++, _records++, type, flags);

    private void ForgetTexts() => _lastId = _lastManifest = _lastWriter = default;
}
