using System.Diagnostics;
using RaftActors.Journal.Storage;
using RaftActors.Journal.Wal;

namespace RaftActors.Journal.Tests;

public sealed class WriteAheadLogSpec : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Events_must_be_there_after_the_log_is_opened_again()
    {
        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            for (int n = 1; n <= 1000; n++)
            {
                await TestFolder.WriteAsync(log, "a", n);
            }

            await TestFolder.WriteAllAsync(log, "b", 1, 50, bytes: 4000);
            Assert.True(log.SegmentCount > 3);
        }

        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            Assert.Equal(TestFolder.Numbers(1, 1000).Select(n => (n, TestFolder.Text(n))), await TestFolder.ReadAsync(log, "a"));
            Assert.Equal(TestFolder.Numbers(1, 50).Select(n => (n, TestFolder.Text(n, 4000))), await TestFolder.ReadAsync(log, "b"));
            Assert.Equal([10L, 11L], (await TestFolder.ReadAsync(log, "a", 10, 20, 2)).Select(e => e.Number));
            Assert.Equal(1000, await log.HighestAsync("a"));
            await TestFolder.WriteAsync(log, "a", 1001);
            Assert.Equal(1001, (await TestFolder.ReadAsync(log, "a")).Count);
        }
    }

    [Fact]
    public async Task What_waits_together_must_be_synced_once()
    {
        FaultyFiles files = new();
        await using WriteAheadLog log = await _folder.OpenAsync(files);
        files.SyncGate.Reset();
        Task first = TestFolder.WriteAsync(log, "first", 1);
        while (log.Writes == 0)
        {
            await Task.Yield();
        }

        Task[] rest = [.. Enumerable.Range(0, 100).Select(i => TestFolder.WriteAsync(log, $"id-{i}", 1))];
        files.SyncGate.Set();
        await Task.WhenAll(rest.Append(first));

        Assert.Equal(2, log.Syncs);
        Assert.Equal(2, log.Writes);
    }

    [Fact]
    public async Task A_failed_sync_must_be_final()
    {
        FaultyFiles files = new();
        List<string> report = [];
        await using (WriteAheadLog log = await _folder.OpenAsync(files, report))
        {
            await TestFolder.WriteAsync(log, "a", 1);
            files.FailSync = true;
            await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAsync(log, "a", 2));
            files.FailSync = false;
            JournalFailedException later = await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAsync(log, "b", 1));
            Assert.Contains("Sync", later.Message);
            await Assert.ThrowsAsync<JournalFailedException>(() => log.DeleteAsync("a", 1));

            Assert.Single(await TestFolder.ReadAsync(log, "a"));
            Assert.Equal(1, await log.HighestAsync("a"));
            Assert.Contains(report, r => r.Contains("failed", StringComparison.Ordinal));
        }

        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            await TestFolder.WriteAsync(log, "b", 1);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(500)]
    [InlineData(5000)]
    public async Task A_short_write_must_be_final_and_leave_whole_atomic_writes_only(int length)
    {
        FaultyFiles files = new();
        await using (WriteAheadLog log = await _folder.OpenAsync(files))
        {
            await TestFolder.WriteAsync(log, "a", 1);
            files.ShortWrite = length;
            await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAllAsync(log, "a", 2, 100));
            files.ShortWrite = null;
            await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAsync(log, "a", 101));
        }

        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            Assert.Equal(1, await log.HighestAsync("a"));
            await TestFolder.WriteAllAsync(log, "a", 2, 100);
        }

        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            Assert.Equal(TestFolder.Numbers(1, 100), (await TestFolder.ReadAsync(log, "a")).Select(e => e.Number));
        }
    }

    [Fact]
    public async Task Large_and_small_events_in_one_write_must_read_back_the_same_now_and_after_a_restart()
    {
        int[] sizes = [10, 4095, 4096, 4097, 70_001, 3, 4103, 9_000, 1];
        List<(long, string)> expected = [.. sizes.Select((size, i) => ((long)i + 1, TestFolder.Text(i + 1, size)))];
        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            await log.AppendAsync("a", [[.. sizes.Select((size, i) => TestFolder.Event(i + 1, size))]]);
            await TestFolder.WriteAsync(log, "b", 1, 20_000);
            Assert.Equal(expected, await TestFolder.ReadAsync(log, "a"));
        }

        Assert.Null(JournalTool.Verify(_folder.Log).TornTail);
        await using WriteAheadLog again = await _folder.OpenAsync();
        Assert.Equal(expected, await TestFolder.ReadAsync(again, "a"));
        Assert.Equal([(1L, TestFolder.Text(1, 20_000))], await TestFolder.ReadAsync(again, "b"));
    }

    [Fact]
    public async Task A_full_disk_must_refuse_writes_keep_reads_and_recover_by_deletion_or_space()
    {
        FaultyFiles files = new();
        WalSettings settings = _folder.Settings with { SpareSegments = 0 };
        await using (WriteAheadLog log = await TestFolder.OpenAsync(settings, files))
        {
            files.NoSpace = true;
            long acknowledged = 0;
            JournalFullException? full = null;
            for (long n = 1; full is null; n++)
            {
                try
                {
                    await TestFolder.WriteAsync(log, "a", n, 1000);
                    acknowledged = n;
                }
                catch (JournalFullException e)
                {
                    full = e;
                }
            }

            Assert.Contains("disk is full", full.Message);
            Assert.Equal(acknowledged, (await TestFolder.ReadAsync(log, "a")).Count);
            await log.DeleteAsync("a", acknowledged - 1);
            Assert.Single(await TestFolder.ReadAsync(log, "a"));

            files.NoSpace = false;
            await TestFolder.WriteAsync(log, "a", acknowledged + 1, 1000);
            Assert.Equal(2, (await TestFolder.ReadAsync(log, "a")).Count);
        }

        Assert.Null(JournalTool.Verify(_folder.Log).TornTail);
    }

    [Fact]
    public async Task A_disk_without_room_must_not_be_asked_for_the_next_segment_after_every_write()
    {
        FaultyFiles files = new();
        await using WriteAheadLog log = await TestFolder.OpenAsync(_folder.Settings with { SegmentSize = 1024 * 1024 }, files);
        files.NoSpace = true;
        await TestFolder.WriteAsync(log, "a", 1, 520 * 1024);
        long begun = Stopwatch.GetTimestamp();
        for (long n = 2; n <= 400; n++)
        {
            await TestFolder.WriteAsync(log, "a", n);
        }

        // Once a second.
        Assert.InRange(files.Refused, 0, 2 + (int)Stopwatch.GetElapsedTime(begun).TotalSeconds);
    }

    [Fact]
    public async Task What_went_wrong_must_be_told_with_the_segments_own_name()
    {
        FaultyFiles files = new();
        await using WriteAheadLog log = await TestFolder.OpenAsync(_folder.Settings, files);
        files.FailSync = true;
        JournalFailedException failed = await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAsync(log, "a", 1));
        Assert.DoesNotContain("spare", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleted_segments_must_go_and_the_highest_number_must_stay()
    {
        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            for (int round = 0; round < 40; round++)
            {
                await TestFolder.WriteAllAsync(log, "a", (round * 100) + 1, (round + 1) * 100, 200);
                await TestFolder.WriteAsync(log, "quiet-" + round, 1);
                await log.DeleteAsync("a", (round + 1) * 100);
            }

            await log.DeleteAsync("quiet-3", long.MaxValue);
            Assert.True(log.SegmentCount <= 5, $"{log.SegmentCount} segments");
            Assert.Equal(4000, await log.HighestAsync("a"));
        }

        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            Assert.Equal(4000, await log.HighestAsync("a"));
            Assert.Empty(await TestFolder.ReadAsync(log, "a"));
            for (int round = 0; round < 40; round++)
            {
                Assert.Equal(round == 3 ? 0 : 1, (await TestFolder.ReadAsync(log, "quiet-" + round)).Count);
                Assert.Equal(1, await log.HighestAsync("quiet-" + round));
            }

            await Assert.ThrowsAsync<JournalException>(() => TestFolder.WriteAsync(log, "a", 4000));
            await TestFolder.WriteAsync(log, "a", 4001);
        }

        Assert.True(Directory.GetFiles(_folder.Log).Length <= 9);
    }

    [Fact]
    public async Task A_write_larger_than_a_segment_must_get_one_of_its_own()
    {
        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            await TestFolder.WriteAllAsync(log, "a", 1, 3, 300_000);
            await TestFolder.WriteAsync(log, "a", 4);
        }

        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            Assert.Equal([300_000, 300_000, 300_000, 100], (await TestFolder.ReadAsync(log, "a")).Select(e => e.Text.Length));
        }
    }

    [Fact]
    public async Task A_second_log_in_the_directory_must_be_refused()
    {
        await using WriteAheadLog log = await _folder.OpenAsync();
        await Assert.ThrowsAsync<JournalInUseException>(() => _folder.OpenAsync());
        Assert.Throws<JournalInUseException>(() => JournalTool.Verify(_folder.Log));
    }

    [Fact]
    public async Task Files_must_be_for_the_owner_alone()
    {
        await using WriteAheadLog log = await _folder.OpenAsync();
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.Log));
            foreach (string file in Directory.GetFiles(_folder.Log))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }
        }
    }

    [Fact]
    public async Task Reads_during_deletion_and_rewriting_must_see_every_live_event()
    {
        await using WriteAheadLog log = await _folder.OpenAsync();
        await TestFolder.WriteAllAsync(log, "kept", 1, 500);
        using CancellationTokenSource stop = new();
        Task reader = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal(500, (await TestFolder.ReadAsync(log, "kept")).Count);
            }
        });
        for (int round = 0; round < 100; round++)
        {
            await TestFolder.WriteAllAsync(log, "a", (round * 100) + 1, (round + 1) * 100, 300);
            await log.DeleteAsync("a", (round + 1) * 100);
        }

        await stop.CancelAsync();
        await reader;
        Assert.Equal(500, (await TestFolder.ReadAsync(log, "kept")).Count);

        // What is alive, and as many as are kept to be used again; without deletion it would be several times that.
        int bound = 10 + _folder.Settings.SpareSegments;
        Assert.True(log.SegmentCount < bound, $"{log.SegmentCount} segments, {bound} or more would be too many");
    }
}
