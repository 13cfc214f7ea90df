using System.Diagnostics;
using System.Globalization;
using RaftActors.Journal.Wal;

namespace RaftActors.Journal.Tests;

/// <summary>kill -9 while writing, again and again on the same files: nothing acknowledged may be missing.</summary>
public sealed class KillSpec : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task No_acknowledged_event_must_be_lost_when_the_process_is_killed()
    {
        int seed = Environment.GetEnvironmentVariable("RAFT_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        Console.WriteLine($"seed {seed}");
        Random random = new(seed);
        int rounds = Environment.GetEnvironmentVariable("RAFT_KILL_ROUNDS") is { Length: > 0 } many ? int.Parse(many, CultureInfo.InvariantCulture) : 8;
        Dictionary<string, long> acknowledged = [];
        for (int round = 0; round < rounds; round++)
        {
            await KillWhileWritingAsync(random.Next(50, 2000), acknowledged);
            await using WriteAheadLog log = await TestFolder.OpenAsync(_folder.Settings with { LockTimeout = TimeSpan.FromSeconds(5), SegmentSize = 256 * 1024 });
            foreach ((string id, long number) in acknowledged)
            {
                long highest = await log.HighestAsync(id);
                Assert.True(highest >= number, $"seed {seed}, round {round}: {id} was acknowledged to {number}, the log has {highest}");
                List<(long Number, string Text)> events = await TestFolder.ReadAsync(log, id);
                Assert.NotEmpty(events);
                Assert.Equal(TestFolder.Numbers(events[0].Number, highest), events.Select(e => e.Number));
                Assert.All(events, e => Assert.Equal(TestFolder.Text(e.Number, e.Text.Length), e.Text));
            }
        }
    }

    private async Task KillWhileWritingAsync(int lines, Dictionary<string, long> acknowledged)
    {
        ProcessStartInfo info = new("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        info.ArgumentList.Add(typeof(ChildWriter).Assembly.Location);
        info.ArgumentList.Add(_folder.Log);
        using Process child = Process.Start(info)!;
        try
        {
            int read = 0;
            while (await child.StandardOutput.ReadLineAsync() is { } line)
            {
                // A line that the kill cut off says nothing.
                string[] parts = line.Split(' ');
                if (++read == lines)
                {
                    child.Kill();
                }

                if (parts.Length == 2 && read <= lines)
                {
                    acknowledged[parts[0]] = long.Parse(parts[1], CultureInfo.InvariantCulture);
                }
            }

            Assert.True(read >= lines, $"the child ended after {read} lines");
        }
        finally
        {
            if (!child.HasExited)
            {
                child.Kill();
            }

            await child.WaitForExitAsync();
        }
    }
}
