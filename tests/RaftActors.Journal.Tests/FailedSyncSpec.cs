using RaftActors.Journal.Storage;
using RaftActors.Journal.Wal;

namespace RaftActors.Journal.Tests;

/// <summary>What a failed sync leaves behind for the next start.</summary>
public sealed class FailedSyncSpec : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TestFolder _disk = new();

    public void Dispose()
    {
        _folder.Dispose();
        _disk.Dispose();
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(40, 700)]
    public async Task What_is_read_at_the_opening_must_be_written_again_when_its_sync_may_have_failed(int events, int bytes)
    {
        FaultyFiles files = new();
        await using (WriteAheadLog log = await _folder.OpenAsync(files))
        {
            await TestFolder.WriteAsync(log, "a", 1);
            _folder.CopyTo(_disk);
            files.FailSync = true;
            await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAllAsync(log, "a", 2, 1 + events, bytes));
        }

        // The system shows what it could not sync, and its next sync says that all is well, although the disk has none of it.
        files = new FaultyFiles();
        files.Wrote = (path, offset, written) =>
        {
            using FileStream file = File.OpenWrite(Path.Combine(_disk.Log, Path.GetFileName(path)));
            file.Position = offset;
            file.Write(written);
        };
        await using (WriteAheadLog log = await _folder.OpenAsync(files))
        {
            Assert.Equal(1 + events, await log.HighestAsync("a"));
            files.Wrote = null;
        }

        await using (WriteAheadLog log = await _disk.OpenAsync())
        {
            Assert.Equal(1 + events, (await TestFolder.ReadAsync(log, "a")).Count);
        }
    }

    [Fact]
    public async Task A_failed_sync_of_the_directory_must_be_final()
    {
        FaultyFiles files = new();
        List<string> report = [];
        await using (WriteAheadLog log = await _folder.OpenAsync(files, report))
        {
            await TestFolder.WriteAsync(log, "a", 1);
            files.FailDirectorySync = true;
            JournalException failed = await Assert.ThrowsAsync<JournalFailedException>(() => FillAsync(log, "a", 2));
            Assert.Contains("Sync of the directory", failed.Message, StringComparison.Ordinal);
            files.FailDirectorySync = false;

            // There is room for this in the segment before, whose successor begins with the number of this very record.
            await Assert.ThrowsAsync<JournalFailedException>(() => log.DeleteAsync("a", 1));
            Assert.Contains(report, r => r.Contains("failed", StringComparison.Ordinal));
            _folder.CopyTo(_disk);
        }

        foreach (TestFolder folder in new[] { _folder, _disk })
        {
            await using WriteAheadLog log = await folder.OpenAsync();
            await TestFolder.WriteAsync(log, "b", 1);
            Assert.NotEmpty(await TestFolder.ReadAsync(log, "a"));
        }
    }

    [Fact]
    public async Task A_segment_that_cannot_get_its_name_must_refuse_and_not_speak_of_a_full_disk()
    {
        FaultyFiles files = new();
        await using WriteAheadLog log = await _folder.OpenAsync(files);
        files.Stuck = ".tmp";
        JournalException refused = await Assert.ThrowsAsync<JournalFullException>(() => FillAsync(log, "a", 1));
        Assert.DoesNotContain("room", refused.Message, StringComparison.Ordinal);
        Assert.Contains("error 5", refused.Message, StringComparison.Ordinal);
        files.Stuck = null;
        await TestFolder.WriteAsync(log, "b", 1, 1000);
        Assert.Single(await TestFolder.ReadAsync(log, "b"));
    }

    [Fact]
    public async Task A_dead_segment_that_cannot_be_dropped_must_hold_back_those_behind_it()
    {
        FaultyFiles files = new();
        await using (WriteAheadLog log = await _folder.OpenAsync(files))
        {
            files.Stuck = SegmentHeader.FileName(2);
            for (int round = 0; round < 12; round++)
            {
                await TestFolder.WriteAllAsync(log, "a", (round * 100) + 1, (round + 1) * 100, 400);
                await log.DeleteAsync("a", (round + 1) * 100);
            }

            await log.HighestAsync("a");
            _folder.CopyTo(_disk);
            files.Stuck = null;
            await TestFolder.WriteAsync(log, "a", 1201);
            await log.DeleteAsync("a", 1201);
            await log.HighestAsync("a");
        }

        await using (WriteAheadLog log = await _disk.OpenAsync())
        {
            Assert.Equal(1200, await log.HighestAsync("a"));
        }

        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            Assert.Equal(1201, await log.HighestAsync("a"));
            Assert.False(File.Exists(Path.Combine(_folder.Log, SegmentHeader.FileName(2))));
        }
    }

    private static async Task FillAsync(WriteAheadLog log, string id, long from)
    {
        for (long n = from; n < from + 1000; n++)
        {
            await TestFolder.WriteAsync(log, id, n, 1000);
        }
    }
}
