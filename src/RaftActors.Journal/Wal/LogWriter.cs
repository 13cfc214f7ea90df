using System.Diagnostics;
using System.Runtime.CompilerServices;
using RaftActors.Journal.Storage;
using RaftActors.Threads;

namespace RaftActors.Journal.Wal;

/// <summary>
/// Writes the log: a thread of its own takes everything that waits, writes and syncs it as one, and then answers all of it.
/// A write or sync that fails is final: nobody knows what the disk holds then, and a second sync would not tell.
/// </summary>
/// <remarks>With <c>inline-writes-below</c> a small write may be done by the thread that asks for it instead (LogWriter.Inline.cs). One thread is at work on the log at a time: <c>_atWork</c>, guarded by <c>_gate</c>.</remarks>
internal sealed partial class LogWriter
{
    private readonly WalSettings _settings;
    private readonly IFileSystem _files;
    private readonly Action<bool, string> _report;
    private readonly SegmentFactory _factory;
    private readonly object _gate = new();
    private readonly ThreadSignal _work = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly BatchBuffer _buffer = new();
    private readonly List<Request> _written = [];
    private readonly BlockWriter? _blocks;

    // With nothing left to write this thread may carry the last answer on itself (raft-actors.dispatchers.consensus): the next write comes from there.
    private readonly StrongBox<bool> _lent = new();
    private List<Request> _queue = [];
    private List<Request> _taken = [];
    private int _unanswered;
    private bool _atWork = true;
    private bool _closing;
    private bool _unmarked;
    private bool _waitsForMark;
    private long _restsSince;
    private bool _full;
    private JournalFailedException? _failure;
    private LogState _state = new();
    private Segment _active = null!;
    private IDisposable? _lock;
    private long _writes;
    private long _syncs;

    private LogWriter(WalSettings settings, IFileSystem files, Action<bool, string> report)
    {
        _settings = settings;
        _files = files;
        _report = report;
        _writeInline = WriteInline;
        _factory = new SegmentFactory(files, settings.Directory, settings, thread => thread.Start());
        _blocks = settings is { DirectIo: true, Fsync: not FsyncMode.Off } ? new BlockWriter() : null;
    }

    public long Writes => Volatile.Read(ref _writes);

    public long Syncs => Volatile.Read(ref _syncs);

    private bool WantsMark => _unmarked && _failure is null && _settings.IdleMark > TimeSpan.Zero;

    // Deletions must go through when nothing else does: they are what makes room.
    private int Reserve => Math.Min(256 * 1024, _settings.SegmentSize / 8);

    public static Task<WriteAheadLog> Start(WalSettings settings, IFileSystem files, Action<bool, string> report)
    {
        LogWriter writer = new(settings, files, report);
        TaskCompletionSource<WriteAheadLog> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => writer.Run(opened)) { IsBackground = true, Name = "raft-wal-writer" }.Start();
        return opened.Task;
    }

    public Task Submit(Request request)
    {
        lock (_gate)
        {
            if (_closing)
            {
                request.Fail(new JournalException($"The journal in {_settings.Directory} is closed."));
                return request.Done;
            }

            _queue.Add(request);
            _unanswered++;
            if (_atWork || TryPromise(request))
            {
                // Whoever is at work looks for what has come before it rests.
                return request.Done;
            }
        }

        _work.Set();
        return request.Done;
    }

    /// <summary>Done when everything submitted before is answered.</summary>
    public Task BarrierAsync()
    {
        lock (_gate)
        {
            if (_unanswered == 0)
            {
                return Task.CompletedTask;
            }
        }

        return Submit(new BarrierRequest());
    }

    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closing = true;
        }

        _work.Set();
        return _closed.Task;
    }

    private void Run(TaskCompletionSource<WriteAheadLog> opened)
    {
        LentThread.OfThisThread = _lent;
        try
        {
            Open();
            Rest();
            opened.SetResult(new WriteAheadLog(_state, this, _settings));
        }
        catch (Exception e)
        {
            LogReader.Close(_state);
            _blocks?.Dispose();
            _lock?.Dispose();
            _closed.SetResult();
            opened.SetException(e is JournalException ? e : new JournalException($"The journal in {_settings.Directory} cannot be opened: {e.Message}", e));
            return;
        }

        try
        {
            while (Take())
            {
                Process(_taken);
                Reclaim();
                Rest();
            }

            Mark(RecordFlags.Closed);
        }
        catch (Exception e)
        {
            FailTaken(e);
            Rest();
            while (Take())
            {
                Process(_taken);
                Rest();
            }
        }

        Close();
    }

    private bool Take()
    {
        while (true)
        {
            TimeSpan wait;
            lock (_gate)
            {
                wait = WaitForMark();
                if (!_atWork && (_queue.Count > 0 || _closing || _reclaimAgain || wait == TimeSpan.Zero))
                {
                    _atWork = true;
                    (_queue, _taken) = (_taken, _queue);
                    return _taken.Count > 0 || !_closing;
                }
            }

            _work.Wait(wait);
        }
    }

    // The thread at work is done with what it took. It says so itself: once another may be at work, what was taken is that one's.
    private void Rest()
    {
        lock (_gate)
        {
            _unanswered -= _taken.Count;
            _taken.Clear();
            _atWork = false;
            _restsSince = Stopwatch.GetTimestamp();
        }
    }

    // None: the log has been idle for long enough. Endless: it ends with a mark, or gets none.
    private TimeSpan WaitForMark()
    {
        _waitsForMark = WantsMark;
        if (!_waitsForMark)
        {
            return Timeout.InfiniteTimeSpan;
        }

        TimeSpan left = _atWork ? _settings.IdleMark : _settings.IdleMark - Stopwatch.GetElapsedTime(_restsSince);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void Process(List<Request> requests)
    {
        if (requests.Count == 0 && !_reclaimAgain)
        {
            Mark(RecordFlags.None);
            return;
        }

        foreach (Request request in requests)
        {
            switch (request)
            {
                case BarrierRequest:
                    break;
                case var _ when _failure is not null:
                    Refuse(request, _failure);
                    continue;
                case AppendRequest append when !Append(append):
                case DeleteRequest delete when !Delete(delete):
                    continue;
            }

            _written.Add(request);
        }

        Flush();
    }

    private bool Append(AppendRequest request)
    {
        StreamState stream = StreamOf(request.PersistenceId);
        stream.Accepted = Math.Max(stream.Accepted, stream.Highest);
        foreach (EventToWrite[] write in request.Writes)
        {
            if (write[0].SequenceNr <= stream.Accepted)
            {
                Refuse(request, new JournalException(
                    $"Event {write[0].SequenceNr} of [{request.PersistenceId}] is already there, up to {stream.Accepted}. " +
                    "Do two actors have the same persistence id?"));
                return false;
            }

            if (MakeRoom(request.PersistenceId, write) is { } why)
            {
                Refuse(request, why);
                return false;
            }

            for (int i = 0; i < write.Length; i++)
            {
                _buffer.AddEvent(request.PersistenceId, write[i], i < write.Length - 1 ? RecordFlags.Continues : RecordFlags.None);
            }

            stream.Accepted = write[^1].SequenceNr;
        }

        return true;
    }

    private bool Delete(DeleteRequest request)
    {
        StreamState stream = StreamOf(request.PersistenceId);
        stream.Accepted = Math.Max(stream.Accepted, stream.Highest);
        long to = Math.Min(request.To, stream.Accepted);
        if (to <= stream.DeletedTo)
        {
            return true;
        }

        int size = RecordFormat.StateLength + _buffer.NameSize(request.PersistenceId, fresh: true);
        if (MakeRoom(size, size, useReserve: true) is { } why)
        {
            Refuse(request, why);
            return false;
        }

        _buffer.AddState(RecordType.Delete, request.PersistenceId, stream.Accepted, to);
        _reclaim = true;
        return true;
    }

    private JournalException? MakeRoom(string persistenceId, ReadOnlySpan<EventToWrite> events)
    {
        long size = _buffer.Measure(persistenceId, events, fresh: false);
        return Fits(size, useReserve: false) && _buffer.Used + size <= Math.Max(_settings.MaxBatchBytes, size)
            ? null
            : MakeRoom(size, _buffer.Measure(persistenceId, events, fresh: true), useReserve: false);
    }

    /// <summary>Flushes and goes to the next segment where needed. Null, or why there is no room.</summary>
    private JournalException? MakeRoom(long size, long sizeInNewSegment, bool useReserve)
    {
        if (_buffer.Used > 0 && _buffer.Used + size > _settings.MaxBatchBytes)
        {
            Flush();
        }

        if (_failure is null && !Fits(size, useReserve))
        {
            Flush();
            if (_failure is null && !Fits(size, useReserve))
            {
                return Roll(sizeInNewSegment) ?? _failure;
            }
        }

        return _failure;
    }

    private bool Fits(long size, bool useReserve) =>
        _active.End + (long)_buffer.Used + size <= _active.Header.Capacity - (useReserve ? 0 : Reserve);

    /// <summary>Goes to the next segment. When there is no room for one, nothing has happened and everything acknowledged stays.</summary>
    private JournalException? Roll(long size)
    {
        long needed = size + SegmentHeader.Length + Reserve;
        long capacity = Math.Max(_settings.SegmentSize, (needed + 4095) & ~4095L);
        if (capacity > WalSettings.LargestSegment)
        {
            return new JournalException($"A write of {size} bytes is more than a segment can take.");
        }

        try
        {
            Activate(_factory.Create(_active.Number + 1, _buffer.NextLsn, _state.TrimmedTo, (int)capacity, zeroed: false));
            if (_full)
            {
                _full = false;
                _report(false, $"The journal in {_settings.Directory} has room again.");
            }

            _reclaim = true;
            return null;
        }
        catch (JournalFailedException e)
        {
            Fail(e);
            return _failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_full)
            {
                _full = true;
                _report(true, $"The journal in {_settings.Directory} cannot get a new segment and refuses writes until it can; reads go on: {e.Message}");
            }

            string reason = StorageException.SaysNoSpace(e) ? "has no room for this write, nothing of it is stored: the disk is full." : $"cannot get a new segment for this write, nothing of it is stored: {e.Message}";
            return new JournalFullException($"The journal in {_settings.Directory} {reason}", e);
        }
    }

    private void Activate(Segment segment)
    {
        lock (_state.Sync)
        {
            _state.Segments.Add(segment.Number, segment);
            _active = segment;
        }

        _buffer.Use(segment);
    }

    private void Mark(RecordFlags flags)
    {
        if (_failure is null && _unmarked && Fits(RecordFormat.MarkLength, useReserve: true))
        {
            _buffer.AddMark(flags);
            Flush();
        }

        _unmarked = false;
    }

    /// <summary>Writes and syncs what is in the buffer, then makes it visible and answers.</summary>
    private void Flush()
    {
        if (_buffer.Used > 0 && _failure is null)
        {
            try
            {
                WriteDurably();
            }
            catch (Exception e)
            {
                Fail(e);
            }

            if (_failure is null)
            {
                TakeIn();
            }
        }

        _buffer.Clear();
        for (int i = 0; i < _written.Count; i++)
        {
            Request request = _written[i];
            _lent.Value = !_inline && i == _written.Count - 1 && NothingWaits();
            if (_failure is null || request is BarrierRequest)
            {
                request.Complete();
            }
            else
            {
                request.Fail(_failure);
            }
        }

        _lent.Value = false;
        _written.Clear();
    }

    private void WriteDurably()
    {
        if (_blocks is null || !_blocks.TryWrite(_active, _buffer.Pieces(), _buffer.Used))
        {
            _active.File.Write(_buffer.Pieces(), _active.End);
        }

        Volatile.Write(ref _writes, _writes + 1);
        if (_settings.Fsync != FsyncMode.Off)
        {
            _active.File.Sync(_settings.Fsync == FsyncMode.Full);
            Volatile.Write(ref _syncs, _syncs + 1);
        }
    }

    private bool NothingWaits()
    {
        lock (_gate)
        {
            return _queue.Count == 0;
        }
    }

    private void TakeIn()
    {
        lock (_state.Sync)
        {
            _buffer.Visit((record, at) => _state.Apply(_active, record, _active.End + at));
            _active.End += _buffer.Used;
        }

        _unmarked = true;
        if (_active.End > _active.Header.Capacity / 2)
        {
            _factory.PrepareAhead();
        }
    }

    private void Fail(Exception cause)
    {
        _failure = cause as JournalFailedException ?? JournalFailedException.At(_settings.Directory, _active.Path, cause);
        _report(true, _failure.Message);
    }

    // A mistake of ours, not of the disk. Nothing may be written on top of it, and nobody left without an answer.
    private void FailTaken(Exception cause)
    {
        Fail(cause);
        _taken.ForEach(r => r.Fail(_failure!));
    }

    private static void Refuse(Request request, Exception why) => request.Fail(why);

    private StreamState StreamOf(string persistenceId)
    {
        lock (_state.Sync)
        {
            return _state.Stream(persistenceId);
        }
    }
}
