using System.Globalization;
using RaftActors.Journal.Wal;

namespace RaftActors.Journal.Tests;

/// <summary>The program that is killed: writes as fast as it can and says what was acknowledged.</summary>
public static class ChildWriter
{
    /// <summary>Writes in the directory for a number of persistence ids until it is killed.</summary>
    public static async Task<int> Main(string[] arguments)
    {
        WriteAheadLog log = await WriteAheadLog.OpenAsync(new WalSettings { Directory = arguments[0], SegmentSize = 256 * 1024 });
        Stream output = Console.OpenStandardOutput();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => WriteAsync(log, $"id-{i}", i, output)));
        return 0;
    }

    private static async Task WriteAsync(WriteAheadLog log, string id, int stream, Stream output)
    {
        long next = await log.HighestAsync(id) + 1;
        Random random = new(stream);
        while (true)
        {
            int count = random.Next(1, 5);
            await TestFolder.WriteAllAsync(log, id, next, next + count - 1, random.Next(40, 400));
            next += count;
            byte[] line = System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id} {next - 1}\n"));
            lock (output)
            {
                output.Write(line);
                output.Flush();
            }

            if (next % 300 < 5)
            {
                await log.DeleteAsync(id, next - 100);
            }
        }
    }
}
