using System.Buffers.Binary;
using System.Text;

namespace RaftActors.Journal.Wal;

/// <summary>The records of one write, as they will stand in the active segment. Large payloads are not copied: they are written from where they are.</summary>
internal sealed class BatchBuffer
{
    private readonly Dictionary<string, uint> _names = new(StringComparer.Ordinal);
    private readonly List<(int At, ReadOnlyMemory<byte> Payload)> _outside = [];
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];

    // Below this a copy costs less than a piece of its own in the write.
    private const int LeastOutside = 4096;

    private byte[] _bytes = new byte[64 * 1024];
    private int _inside;
    private uint _saltState;
    private uint _records;

    // Consecutive events mostly carry the very same text objects.
    private (string? Text, uint Reference) _lastId;
    private (string? Text, uint Reference) _lastManifest;
    private (string? Text, uint Reference) _lastWriter;

    public int Used { get; private set; }

    public ulong NextLsn { get; set; }

    /// <summary>What is to be written, in order.</summary>
    public List<ReadOnlyMemory<byte>> Pieces()
    {
        _pieces.Clear();
        int from = 0;
        foreach ((int at, ReadOnlyMemory<byte> payload) in _outside)
        {
            _pieces.Add(_bytes.AsMemory(from, at - from));
            _pieces.Add(payload);
            from = at;
        }

        if (from < _inside)
        {
            _pieces.Add(_bytes.AsMemory(from, _inside - from));
        }

        return _pieces;
    }

    /// <summary>Every record, where it stands behind the first, and as much of it as is not in a large payload: all fields are.</summary>
    public void Visit(RecordVisitor visit)
    {
        int at = 0;
        int offset = 0;
        int outside = 0;
        while (at < _inside)
        {
            int length = (int)RecordFormat.LengthOf(_bytes.AsSpan(at));
            int left = outside < _outside.Count && _outside[outside].At - at == RecordFormat.EventHeader ? _outside[outside++].Payload.Length : 0;
            visit(_bytes.AsSpan(at, length - left), offset);
            at += RecordFormat.Padded(length) - left;
            offset += RecordFormat.Padded(length);
        }
    }

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
        _inside = 0;
        _outside.Clear();
        _pieces.Clear();
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
        bool outside = e.Payload.Length >= LeastOutside;
        int length = RecordFormat.EventLength(e.Payload.Length);
        Span<byte> record = outside ? NextOutside(e.Payload) : Next(length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[24..], id);
        BinaryPrimitives.WriteUInt32LittleEndian(record[28..], manifest);
        BinaryPrimitives.WriteUInt32LittleEndian(record[32..], writer);
        BinaryPrimitives.WriteUInt32LittleEndian(record[36..], adapter);
        BinaryPrimitives.WriteInt64LittleEndian(record[40..], e.SequenceNr);
        BinaryPrimitives.WriteInt64LittleEndian(record[48..], e.Ticks);
        BinaryPrimitives.WriteInt32LittleEndian(record[56..], e.SerializerId);
        BinaryPrimitives.WriteInt32LittleEndian(record[60..], e.Payload.Length);
        if (outside)
        {
            RecordFormat.Seal(record, e.Payload.Span, _saltState, NextLsn++, _records++, RecordType.Event, flags);
            return;
        }

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

    private Span<byte> Next(int length) => Next(length, RecordFormat.Padded(length) - length);

    /// <summary>The fields of an event whose payload is written from where it is.</summary>
    private Span<byte> NextOutside(ReadOnlyMemory<byte> payload)
    {
        int length = RecordFormat.EventLength(payload.Length);
        Span<byte> fields = Next(RecordFormat.EventHeader, RecordFormat.Padded(length) - length);
        _outside.Add((_inside - (RecordFormat.Padded(length) - length), payload));
        Used += payload.Length;
        return fields;
    }

    private Span<byte> Next(int length, int padding)
    {
        int size = length + padding;
        if (_bytes.Length - _inside < size)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max((long)_bytes.Length * 2, (long)_inside + size)));
        }

        _bytes.AsSpan(_inside + length, padding).Clear();
        Span<byte> record = _bytes.AsSpan(_inside, length);
        _inside += size;
        Used += size;
        return record;
    }

    private void Seal(Span<byte> record, RecordType type, RecordFlags flags) =>
        RecordFormat.Seal(record, _saltState, NextLsn++, _records++, type, flags);

    private void ForgetTexts() => _lastId = _lastManifest = _lastWriter = default;
}
