using System.Diagnostics;
using RaftActors.Threads;

namespace RaftActors.Journal.Wal;

/// <content>
/// Small writes by the thread that asks for them, when nothing else is to be written and that thread may block (<c>inline-writes-below</c>): waking the writer's thread can take as long as a third of the sync. The
/// thread goes on with what it is at first, so that the followers have the entries before the leader's own write begins.
/// </content>
internal sealed partial class LogWriter
{
    // A disk that takes longer than this at times shall not hold up whoever lends threads: for a while the writer's thread does everything.
    private static readonly TimeSpan SlowWrite = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PauseAfterSlowWrite = TimeSpan.FromSeconds(1);

    [ThreadStatic]
    private static Func<Action, bool>? _atEndHere;

    [ThreadStatic]
    private static bool _knowsAtEndHere;

    private readonly Action _writeInline;
    private bool _inline;
    private long _inlineFrom = long.MinValue;
    private long _inlineWrites;

    public long InlineWrites => Volatile.Read(ref _inlineWrites);

    // Holding the gate, nobody at work, the request in the queue.
    private bool TryPromise(Request request)
    {
        if (_settings.InlineWritesBelow == 0 || _queue.Count > 1 || request is not AppendRequest append)
        {
            return false;
        }

        if (!_knowsAtEndHere)
        {
            _knowsAtEndHere = true;
            _atEndHere = LentThread.AtEndOfThisThread;
        }

        return _atWork = _atEndHere is { } atEnd && IsSmall(append) && Stopwatch.GetTimestamp() >= _inlineFrom && atEnd(_writeInline);
    }

    // With room in the segment: getting the next one may take long.
    private bool IsSmall(AppendRequest append)
    {
        long size = 0;
        foreach (EventToWrite[] write in append.Writes)
        {
            size += _buffer.Measure(append.PersistenceId, write, fresh: false);
        }

        return size <= _settings.InlineWritesBelow && Fits(size, useReserve: false);
    }

    private void WriteInline()
    {
        lock (_gate)
        {
            (_queue, _taken) = (_taken, _queue);
        }

        long begin = Stopwatch.GetTimestamp();
        _inline = true;
        try
        {
            Process(_taken);
        }
        catch (Exception e)
        {
            FailTaken(e);
        }

        _inline = false;
        Volatile.Write(ref _inlineWrites, _inlineWrites + 1);
        bool wakesWriter;
        lock (_gate)
        {
            Rest();
            if (Stopwatch.GetElapsedTime(begin, _restsSince) > SlowWrite)
            {
                _inlineFrom = _restsSince + (long)(PauseAfterSlowWrite.TotalSeconds * Stopwatch.Frequency);
            }

            _reclaimAgain |= _reclaim;
            wakesWriter = _queue.Count > 0 || _closing || _reclaimAgain || (WantsMark && !_waitsForMark);
        }

        if (wakesWriter)
        {
            _work.Set();
        }
    }
}
