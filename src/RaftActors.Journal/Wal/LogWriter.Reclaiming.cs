namespace RaftActors.Journal.Wal;

/// <content>How space comes back: the oldest segments go when nothing in them is live; few live events are written again at the end.</content>
internal sealed partial class LogWriter
{
    private bool _reclaim;
    private bool _reclaimAgain;

    // Dead, and its file would not go. No later one may go before it: a log with a gap is a damaged one.
    private Segment? _stuck;

    private void Reclaim()
    {
        _reclaimAgain = false;
        if (!_reclaim || _failure is not null)
        {
            return;
        }

        _reclaim = false;
        ulong dead = LastDead();
        if (dead < _state.OldestSegment && WorthRewriting())
        {
            // One segment at a time: those who wait to write have their turn in between.
            if (!Rewrite(_state.Segments[_state.OldestSegment]))
            {
                return;
            }

            dead = LastDead();
            _reclaim = _reclaimAgain = dead >= _state.OldestSegment;
        }

        if (dead > _state.TrimmedTo && dead >= _state.OldestSegment && !Trim(dead))
        {
            return;
        }

        DropTrimmed();
    }

    // The last of the oldest segments that hold no live event; one less than the oldest when there is none.
    private ulong LastDead()
    {
        ulong last = _state.OldestSegment - 1;
        while (last + 1 < _active.Number && _state.Segments[last + 1].Live == 0)
        {
            last++;
        }

        return last;
    }

    private bool WorthRewriting()
    {
        if (_state.OldestSegment >= _active.Number || _state.Segments.Count < 3)
        {
            return false;
        }

        long used = 0;
        long live = 0;
        foreach (Segment segment in _state.Segments.Values)
        {
            used += segment.End - SegmentHeader.Length;
            live += segment.Live;
        }

        return used - live > used * _settings.RewriteGarbageRatio;
    }

    private bool Rewrite(Segment segment)
    {
        byte[] content = new byte[segment.End];
        List<int> live = [];
        try
        {
            int read = segment.File.Read(content, 0);
            SegmentScanner.Scan(content.AsSpan(0, read), segment.Header, (record, offset) =>
            {
                if (RecordFormat.TypeOf(record) == RecordType.Event
                    && _state.Streams.TryGetValue(segment.Names[(int)RecordFormat.ReferenceOf(record)], out StreamState? stream)
                    && stream.Events.Get(RecordFormat.SequenceNrOf(record)) is { } location
                    && location.Segment == segment.Number && location.Offset == offset)
                {
                    live.Add(offset);
                }
            });
        }
        catch (Exception e) when (e is IOException)
        {
            _report(true, $"{segment.Path} cannot be read, its space does not come back: {e.Message}");
            return false;
        }

        foreach (int offset in live)
        {
            ReadOnlySpan<byte> record = content.AsSpan(offset, (int)RecordFormat.LengthOf(content.AsSpan(offset)));
            string id = segment.Names[(int)RecordFormat.ReferenceOf(record)];
            EventToWrite copy = new(
                RecordFormat.SequenceNrOf(record), RecordFormat.SerializerOf(record), segment.Names[(int)RecordFormat.ManifestOf(record)],
                segment.Names[(int)RecordFormat.AdapterManifestOf(record)], segment.Names[(int)RecordFormat.WriterOf(record)],
                RecordFormat.TicksOf(record), content.AsMemory(offset + RecordFormat.EventHeader, RecordFormat.PayloadOf(record).Length));
            if (MakeRoom(id, [copy]) is not null)
            {
                break;
            }

            _buffer.AddEvent(id, copy, RecordFlags.Rewritten);
        }

        Flush();
        return _failure is null && segment.Live == 0;
    }

    /// <summary>Says what only the dying segments say once more, and then that they are dead.</summary>
    private bool Trim(ulong to)
    {
        foreach (StreamState stream in _state.Streams.Values)
        {
            bool saysHighest = stream.HighestSegment != 0 && stream.HighestSegment <= to;
            bool saysDeleted = stream.DeletedSegment != 0 && stream.DeletedSegment <= to;
            if (!saysHighest && !saysDeleted)
            {
                continue;
            }

            int size = RecordFormat.StateLength + _buffer.NameSize(stream.PersistenceId, fresh: true);
            if (MakeRoom(size, size, useReserve: true) is not null)
            {
                Flush();
                return false;
            }

            _buffer.AddState(RecordType.Head, stream.PersistenceId, stream.Highest, stream.DeletedTo);
        }

        if (MakeRoom(RecordFormat.TrimLength, RecordFormat.TrimLength, useReserve: true) is not null)
        {
            Flush();
            return false;
        }

        _buffer.AddTrim(to);
        Flush();
        return _failure is null;
    }

    private void DropTrimmed()
    {
        bool dropped = false;
        try
        {
            if (_stuck is not null)
            {
                _factory.Recycle(_stuck);
                _stuck = null;
                dropped = true;
            }

            while (_state.OldestSegment <= _state.TrimmedTo && _state.OldestSegment < _active.Number)
            {
                Segment segment;
                lock (_state.Sync)
                {
                    segment = _state.Segments[_state.OldestSegment];
                    if (segment.Readers > 0 || segment.Live != 0)
                    {
                        // Somebody is reading what was deleted meanwhile; the next time, then.
                        _reclaim = true;
                        break;
                    }

                    _state.Segments.Remove(segment.Number);
                    _state.OldestSegment++;
                }

                _stuck = segment;
                _factory.Recycle(segment);
                _stuck = null;
                dropped = true;
            }

            if (dropped)
            {
                _factory.SyncDirectory();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The log says that the segments are dead; the next deletion that finds one tries again, and so does the next start.
            _report(true, $"A dead segment in {_settings.Directory} cannot be dropped: {e.Message}");
        }
    }
}
