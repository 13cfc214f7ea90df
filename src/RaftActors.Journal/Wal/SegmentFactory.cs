using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using RaftActors.Journal.Storage;

namespace RaftActors.Journal.Wal;

/// <summary>
/// Makes segment files: from dropped ones, from ones zeroed ahead in the background, or on the spot. A file whose blocks have been
/// written before is synced without a change to the file system's own records, which is what makes a commit cheap.
/// </summary>
internal sealed class SegmentFactory(IFileSystem files, string directory, WalSettings settings, Action<Thread> start)
{
    private const string SparePrefix = "spare-";
    private const string SpareExtension = ".tmp";

    // Zeroes go to the disk in pieces: a sync of the log that comes in between waits for one of them, not for a whole segment.
    private const int ZeroesPerSync = 4 * 1024 * 1024;

    // Who fills segments faster than this makes few large writes; zeroing ahead would only write everything twice then.
    private static readonly TimeSpan TooFastToZero = TimeSpan.FromSeconds(1);

    // A disk without room is not asked again after every write.
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly Lock _sync = new();
    private readonly Queue<string> _spares = new();
    private long _spareNumber;
    private Thread? _preparing;
    private long _begun = Stopwatch.GetTimestamp();
    private long? _failedAt;

    /// <summary>Takes over the spare files that an earlier run left; wrong ones are deleted.</summary>
    public void Adopt()
    {
        foreach (string path in files.List(directory).Where(IsSpare).Order(StringComparer.Ordinal).ToArray())
        {
            long length;
            using (IStorageFile file = files.Open(path, StorageMode.Read))
            {
                length = file.Length;
            }

            string name = Path.GetFileNameWithoutExtension(path)[SparePrefix.Length..];
            if (length == settings.SegmentSize && _spares.Count < settings.SpareSegments
                && long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                _spareNumber = Math.Max(_spareNumber, number);
                _spares.Enqueue(path);
            }
            else
            {
                files.Delete(path);
            }
        }
    }

    /// <summary>Makes the segment durable, name and header, and opens it.</summary>
    /// <exception cref="JournalFailedException">The segment may be there or not after a crash: nothing may be written any more, in front of it or into it.</exception>
    public Segment Create(ulong number, ulong firstLsn, ulong trimmedTo, int capacity, bool zeroed)
    {
        string? spare = null;
        lock (_sync)
        {
            if (capacity == settings.SegmentSize)
            {
                _spares.TryDequeue(out spare);
            }
        }

        bool isNew = spare is null;
        spare ??= NewSpareName();
        IStorageFile? file = null;
        try
        {
            file = isNew ? MakeFile(spare, capacity, zeroed) : files.Open(spare, StorageMode.ReadWrite);
            ulong salt = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
            SegmentHeader header = new(number, firstLsn, salt, trimmedTo, capacity);
            file.Write(header.ToBytes(), 0);
            if (settings.Fsync != FsyncMode.Off)
            {
                file.Sync(metadata: true);
            }

            string path = Path.Combine(directory, SegmentHeader.FileName(number));
            files.Rename(spare, path);
            file.MovedTo(path);
            try
            {
                SyncDirectory();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw JournalFailedException.At(directory, path, e);
            }

            Volatile.Write(ref _begun, Stopwatch.GetTimestamp());
            return new Segment(header, path, file);
        }
        catch
        {
            file?.Dispose();
            TryDelete(spare);
            throw;
        }
    }

    /// <summary>Keeps the dropped segment's file for new use, or deletes it.</summary>
    public void Recycle(Segment segment)
    {
        segment.File.Dispose();
        bool keep;
        lock (_sync)
        {
            keep = segment.Header.Capacity == settings.SegmentSize && _spares.Count < settings.SpareSegments;
        }

        if (!keep)
        {
            files.Delete(segment.Path);
            return;
        }

        string spare = NewSpareName();
        files.Rename(segment.Path, spare);
        lock (_sync)
        {
            _spares.Enqueue(spare);
        }
    }

    public void SyncDirectory()
    {
        if (settings.Fsync != FsyncMode.Off)
        {
            files.SyncDirectory(directory);
        }
    }

    /// <summary>Makes a file ahead, on a thread of its own, unless there is one already. Called when the newest segment is half full.</summary>
    public void PrepareAhead()
    {
        bool zeroed = Stopwatch.GetElapsedTime(Volatile.Read(ref _begun)) >= TooFastToZero;
        lock (_sync)
        {
            bool pauses = _failedAt is { } failed && Stopwatch.GetElapsedTime(failed) < PauseAfterFailure;
            if (_preparing is not null || _spares.Count > 0 || settings.SpareSegments == 0 || pauses)
            {
                return;
            }

            Thread preparing = new(() => Prepare(zeroed)) { IsBackground = true, Name = "raft-wal-prepare" };
            try
            {
                start(preparing);
                _preparing = preparing;
            }
            catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
            {
                // A process that is out of threads or file descriptors; like a disk without room. Nobody may wait for a thread that never ran.
                _failedAt = Stopwatch.GetTimestamp();
            }
        }
    }

    /// <summary>Waits for the background thread, so that no file is made any more.</summary>
    public void Stop()
    {
        Thread? preparing;
        lock (_sync)
        {
            preparing = _preparing;
        }

        preparing?.Join();
    }

    private static bool IsSpare(string path)
    {
        string name = Path.GetFileName(path);
        return name.StartsWith(SparePrefix, StringComparison.Ordinal) && name.EndsWith(SpareExtension, StringComparison.Ordinal);
    }

    private void Prepare(bool zeroed)
    {
        string spare = NewSpareName();
        try
        {
            MakeFile(spare, settings.SegmentSize, zeroed).Dispose();
            lock (_sync)
            {
                _spares.Enqueue(spare);
                _preparing = null;
                _failedAt = null;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only an attempt: when the segment is needed and there is still no room, the writer says so.
            TryDelete(spare);
            lock (_sync)
            {
                _preparing = null;
                _failedAt = Stopwatch.GetTimestamp();
            }
        }
    }

    private IStorageFile MakeFile(string path, int capacity, bool zeroed)
    {
        IStorageFile file = files.Open(path, StorageMode.CreateNew);
        try
        {
            file.Allocate(capacity);
            if (zeroed)
            {
                byte[] zeroes = new byte[Math.Min(capacity, 1024 * 1024)];
                for (long at = 0; at < capacity; at += zeroes.Length)
                {
                    file.Write(zeroes.AsSpan(0, (int)Math.Min(zeroes.Length, capacity - at)), at);
                    if (settings.Fsync != FsyncMode.Off && (at + zeroes.Length) % ZeroesPerSync == 0)
                    {
                        file.Sync(metadata: false);
                    }
                }

                if (settings.Fsync != FsyncMode.Off)
                {
                    file.Sync(metadata: true);
                }
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private string NewSpareName() => Path.Combine(
        directory, string.Create(CultureInfo.InvariantCulture, $"{SparePrefix}{Interlocked.Increment(ref _spareNumber):d8}{SpareExtension}"));

    private void TryDelete(string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start deletes it.
        }
    }
}
