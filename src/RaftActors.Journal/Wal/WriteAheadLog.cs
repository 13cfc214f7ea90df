using System.Collections.Immutable;
using RaftActors.Journal.Storage;

namespace RaftActors.Journal.Wal;

/// <summary>
/// The log as its users see it: requests go to the one writer thread, reads to the files. Any thread may call it.
/// </summary>
internal sealed class WriteAheadLog : IAsyncDisposable
{
    private const int ReadPage = 512;
    private const int ReadWindow = 256 * 1024;
    private readonly LogState _state;
    private readonly LogWriter _writer;
    private readonly SemaphoreSlim _replays;

    internal WriteAheadLog(LogState state, LogWriter writer, WalSettings settings)
    {
        _state = state;
        _writer = writer;
        _replays = new SemaphoreSlim(settings.MaxConcurrentReplays);
    }

    /// <summary>How often the log was written and synced since it was opened.</summary>
    public long Writes => _writer.Writes;

    public long Syncs => _writer.Syncs;

    /// <summary>How many of the writes were done by threads that asked for them.</summary>
    public long InlineWrites => _writer.InlineWrites;

    public int SegmentCount
    {
        get
        {
            lock (_state.Sync)
            {
                return _state.Segments.Count;
            }
        }
    }

    /// <summary>Opens or creates the log, on its writer's thread.</summary>
    /// <exception cref="JournalException">It cannot be opened; says why.</exception>
    public static Task<WriteAheadLog> OpenAsync(WalSettings settings, IFileSystem? files = null, Action<bool, string>? report = null) =>
        LogWriter.Start(settings, files ?? FileSystem.Instance, report ?? ((_, _) => { }));

    /// <summary>Done, with null, when all of it is durable.</summary>
    public Task<IImmutableList<Exception>?> AppendAsync(string persistenceId, List<EventToWrite[]> writes)
    {
        AppendRequest request = new(persistenceId, writes);
        _ = _writer.Submit(request);
        return request.Done;
    }

    public Task DeleteAsync(string persistenceId, long to) => _writer.Submit(new DeleteRequest(persistenceId, to));

    /// <summary>The highest number, after what was handed in before.</summary>
    public async Task<long> HighestAsync(string persistenceId)
    {
        await _writer.BarrierAsync().ConfigureAwait(false);
        lock (_state.Sync)
        {
            return _state.Streams.TryGetValue(persistenceId, out StreamState? stream) ? stream.Highest : 0;
        }
    }

    /// <summary>Reads the events from one number to another, at most so many.</summary>
    public async Task ReadAsync(string persistenceId, long from, long to, long max, Action<StoredEvent> visit)
    {
        await _replays.WaitAsync().ConfigureAwait(false);
        try
        {
            await Task.Run(() => ReadPages(persistenceId, from, to, max, visit)).ConfigureAwait(false);
        }
        finally
        {
            _replays.Release();
        }
    }

    public ValueTask DisposeAsync() => new(_writer.CloseAsync());

    private void ReadPages(string persistenceId, long from, long to, long max, Action<StoredEvent> visit)
    {
        List<(long SequenceNr, RecordLocation Location)> page = new(ReadPage);
        byte[] window = new byte[ReadWindow];
        long next = from;
        while (max > 0)
        {
            page.Clear();
            List<Segment> pinned = Pin(persistenceId, next, to, (int)Math.Min(max, ReadPage), page);
            try
            {
                ReadAll(persistenceId, page, pinned, ref window, visit);
            }
            finally
            {
                lock (_state.Sync)
                {
                    pinned.ForEach(s => s.Readers--);
                }
            }

            if (page.Count < Math.Min(max, ReadPage))
            {
                return;
            }

            max -= page.Count;
            next = page[^1].SequenceNr + 1;
        }
    }

    private List<Segment> Pin(string persistenceId, long from, long to, int most, List<(long SequenceNr, RecordLocation Location)> page)
    {
        List<Segment> pinned = [];
        lock (_state.Sync)
        {
            if (!_state.Streams.TryGetValue(persistenceId, out StreamState? stream))
            {
                return pinned;
            }

            stream.Events.Copy(from, to, most, page);
            foreach ((_, RecordLocation location) in page)
            {
                if (pinned.Count == 0 || pinned[^1].Number != location.Segment)
                {
                    Segment segment = _state.Segments[location.Segment];
                    segment.Readers++;
                    pinned.Add(segment);
                }
            }
        }

        return pinned;
    }

    private static void ReadAll(
        string persistenceId, List<(long SequenceNr, RecordLocation Location)> page, List<Segment> pinned, ref byte[] window, Action<StoredEvent> visit)
    {
        int segmentAt = 0;
        long windowStart = 0;
        int windowLength = 0;
        for (int i = 0; i < page.Count; i++)
        {
            (long number, RecordLocation location) = page[i];
            if (pinned[segmentAt].Number != location.Segment)
            {
                segmentAt++;
                windowLength = 0;
            }

            Segment segment = pinned[segmentAt];
            if (location.Offset < windowStart || location.Offset + location.Length > windowStart + windowLength)
            {
                int wanted = WindowFor(page, i);
                if (window.Length < wanted)
                {
                    window = new byte[wanted];
                }

                windowStart = location.Offset;
                windowLength = segment.File.Read(window.AsSpan(0, wanted), windowStart);
            }

            int at = (int)(location.Offset - windowStart);
            ReadOnlySpan<byte> record = windowLength >= at + location.Length ? window.AsSpan(at, location.Length) : default;
            if (!RecordFormat.TryParse(record, segment.Salt, out int length) || length != location.Length
                || RecordFormat.TypeOf(record) != RecordType.Event || RecordFormat.SequenceNrOf(record) != number)
            {
                throw new JournalDamagedException(segment.Path, location.Offset, $"event {number} of [{persistenceId}] is not intact.");
            }

            List<string> names = segment.Names;
            string manifest;
            string adapterManifest;
            string writer;
            lock (names)
            {
                manifest = names[(int)RecordFormat.ManifestOf(record)];
                adapterManifest = names[(int)RecordFormat.AdapterManifestOf(record)];
                writer = names[(int)RecordFormat.WriterOf(record)];
            }

            visit(new StoredEvent(
                number, RecordFormat.SerializerOf(record), manifest, adapterManifest, writer, RecordFormat.TicksOf(record),
                RecordFormat.PayloadOf(record).ToArray()));
        }
    }

    // As far as the next events of the page lie close behind: one read for many.
    private static int WindowFor(List<(long SequenceNr, RecordLocation Location)> page, int first)
    {
        RecordLocation start = page[first].Location;
        int wanted = start.Length;
        for (int i = first + 1; i < page.Count; i++)
        {
            RecordLocation next = page[i].Location;
            long end = (long)next.Offset + next.Length - start.Offset;
            if (next.Segment != start.Segment || next.Offset < start.Offset || end > ReadWindow)
            {
                break;
            }

            wanted = Math.Max(wanted, (int)end);
        }

        return wanted;
    }
}
