using System.Text;
using RaftActors.Journal.Storage;
using RaftActors.Journal.Wal;

namespace RaftActors.Journal.Tests;

/// <summary>A folder for one test, and short names for what tests do with logs.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("raft-journal-").FullName;

    public string Log => System.IO.Path.Combine(Path, "wal");

    public WalSettings Settings => new()
    {
        Directory = Log,
        SegmentSize = WalSettings.SmallestSegment,
        IdleMark = TimeSpan.Zero,
        LockTimeout = TimeSpan.Zero,
    };

    public Task<WriteAheadLog> OpenAsync(IFileSystem? files = null, List<string>? report = null) => OpenAsync(Settings, files, report);

    public static Task<WriteAheadLog> OpenAsync(WalSettings settings, IFileSystem? files = null, List<string>? report = null) =>
        WriteAheadLog.OpenAsync(settings, files, (_, text) => report?.Add(text));

    public static EventToWrite Event(long number, string text) => new(number, 1, "manifest", "", "writer", number, Encoding.UTF8.GetBytes(text));

    public static EventToWrite Event(long number, int bytes = 100) => Event(number, Text(number, bytes));

    public static string Text(long number, int bytes = 100) => $"{number}:".PadRight(bytes, (char)('a' + (number % 26)));

    public static Task WriteAsync(WriteAheadLog log, string id, long number, int bytes = 100) => log.AppendAsync(id, [[Event(number, bytes)]]);

    public static Task WriteAllAsync(WriteAheadLog log, string id, long from, long to, int bytes = 100) =>
        log.AppendAsync(id, [[.. Numbers(from, to).Select(n => Event(n, bytes))]]);

    public static IEnumerable<long> Numbers(long from, long to)
    {
        for (long n = from; n <= to; n++)
        {
            yield return n;
        }
    }

    public static async Task<List<(long Number, string Text)>> ReadAsync(WriteAheadLog log, string id, long from = 0, long to = long.MaxValue, long max = long.MaxValue)
    {
        List<(long, string)> read = [];
        await log.ReadAsync(id, from, to, max, e => read.Add((e.SequenceNr, Encoding.UTF8.GetString(e.Payload))));
        return read;
    }

    public void CopyTo(TestFolder other)
    {
        if (Directory.Exists(other.Log))
        {
            Directory.Delete(other.Log, recursive: true);
        }

        Directory.CreateDirectory(other.Log);
        foreach (string file in Directory.GetFiles(Log, "*.wal"))
        {
            File.Copy(file, System.IO.Path.Combine(other.Log, System.IO.Path.GetFileName(file)));
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
