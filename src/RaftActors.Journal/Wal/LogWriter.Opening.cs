using System.Diagnostics;
using RaftActors.Journal.Storage;

namespace RaftActors.Journal.Wal;

/// <content>How the log is opened and closed.</content>
internal sealed partial class LogWriter
{
    public const string LockFile = "wal.lock";

    /// <exception cref="JournalInUseException">Somebody else has the directory.</exception>
    public static IDisposable TakeLock(IFileSystem files, string directory, TimeSpan patience)
    {
        string path = Path.Combine(directory, LockFile);
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            if (files.TryLock(path) is { } taken)
            {
                return taken;
            }

            if (Stopwatch.GetElapsedTime(begin) >= patience)
            {
                throw new JournalInUseException($"The journal in {directory} is in use: another process, or another journal in this one, has the lock {path}.");
            }

            Thread.Sleep(20);
        }
    }

    private void Open()
    {
        _files.CreateDirectory(_settings.Directory);
        _lock = TakeLock(_files, _settings.Directory, _settings.LockTimeout);
        _factory.Adopt();
        long begin = Stopwatch.GetTimestamp();
        LogContent content = LogReader.Read(_files, _settings.Directory, StorageMode.ReadWrite);
        _state = content.State;
        _buffer.NextLsn = content.NextLsn;
        if (content.Last is null)
        {
            Activate(_factory.Create(1, content.NextLsn, 0, _settings.SegmentSize, zeroed: true));
            _state.OldestSegment = 1;
            return;
        }

        _active = content.Last;
        _buffer.Use(_active);
        Settle(content);
        _report(false, FormattableString.Invariant(
            $"The journal in {_settings.Directory} is open: {content.Records} records, {_state.Streams.Count} persistence ids, {_state.Segments.Count} segments, {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:0} ms."));
        DropTrimmed();
    }

    /// <summary>Ends a torn write, and makes durable what was read: it may be in the system's cache only, and will now be seen.</summary>
    private void Settle(LogContent content)
    {
        if (content.Cut is { } cut)
        {
            _report(true, $"{cut.File} ends at offset {cut.Offset} with a write that a crash cut off; it was never acknowledged and is dropped.");
        }

        // Intact records behind the hole must not look like the continuation of what is written into it.
        if (content.LeftoverEnd > _active.End)
        {
            _active.File.Write(new byte[content.LeftoverEnd - _active.End], _active.End);
        }

        if (_settings.Fsync != FsyncMode.Off)
        {
            // The last write may be one whose sync failed: the system then holds its pages for clean, shows them to every reader, and syncs them never again. Every write before it was durable when it began.
            // What was checked is what is written, not what a second read brings.
            _active.File.Write(content.LastWrite, _active.End - content.LastWrite.Length);
            _active.File.Sync(metadata: true);
            _factory.SyncDirectory();
        }
    }

    private void Close()
    {
        _factory.Stop();
        List<Request> late;
        lock (_gate)
        {
            _closing = true;
            late = _queue;
            _queue = [];
        }

        late.ForEach(r => r.Fail(new JournalException($"The journal in {_settings.Directory} is closed.")));
        lock (_state.Sync)
        {
            LogReader.Close(_state);
        }

        _blocks?.Dispose();
        _lock?.Dispose();
        _closed.TrySetResult();
    }
}
