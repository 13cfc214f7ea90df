using RaftActors.Journal.Storage;
using RaftActors.Journal.Wal;
using Xunit.Abstractions;

namespace RaftActors.Journal.Tests;

/// <summary>Writes past the system's cache: what they leave on the disk, and where they are refused.</summary>
public sealed class DirectIoSpec(ITestOutputHelper output) : IDisposable
{
    private const int Invalid = 22;
    private const int InputOutput = 5;
    private const int Block = 4096;
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Batches_of_all_sizes_past_the_cache_and_through_it_must_read_back_the_same()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        List<(long, string)> expected = [];
        for (int run = 0; run < 6; run++)
        {
            WalSettings settings = _folder.Settings with { SegmentSize = 16 * 1024 * 1024, DirectIo = run % 3 != 2 };
            await using WriteAheadLog log = await TestFolder.OpenAsync(settings);
            Assert.Equal(expected, await TestFolder.ReadAsync(log, "a"));
            for (int i = 0; i < 60; i++)
            {
                // One of them larger than what goes past the cache at all.
                int bytes = i == 20 + run ? BlockWriter.Most : random.Next(10) switch { 0 => 1_300_000, 1 => random.Next(200_000), 2 => random.Next(12_000), _ => random.Next(600) };
                long number = expected.Count + 1;
                expected.Add((number, TestFolder.Text(number, bytes)));
                await TestFolder.WriteAsync(log, "a", number, bytes);

                // At once: nobody may see what the cache had of the block before.
                Assert.Equal(expected.TakeLast(3), await TestFolder.ReadAsync(log, "a", number - 2));
            }
        }

        Assert.Null(JournalTool.Verify(_folder.Log).TornTail);
    }

    [Fact]
    public async Task Those_who_read_while_it_is_written_must_see_what_is_acknowledged()
    {
        await using WriteAheadLog log = await TestFolder.OpenAsync(_folder.Settings with { SegmentSize = 1024 * 1024 });
        const int Events = 3000;
        long acknowledged = 0;
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            for (long seen = 0; seen < Events; seen = Volatile.Read(ref acknowledged))
            {
                long from = Math.Max(1, seen - 20);
                List<(long Number, string Text)> read = await TestFolder.ReadAsync(log, "a", from, seen);
                Assert.Equal(TestFolder.Numbers(from, seen).Select(n => (n, TestFolder.Text(n))), read);
            }
        }))];
        for (long n = 1; n <= Events; n++)
        {
            await TestFolder.WriteAsync(log, "a", n);
            Volatile.Write(ref acknowledged, n);
        }

        await Task.WhenAll(readers);
    }

    [BlocksFact]
    public async Task Blocks_must_be_used_unless_switched_off_or_without_sync()
    {
        foreach ((bool direct, FsyncMode fsync, bool used) in new[]
        {
            (true, FsyncMode.Data, true), (false, FsyncMode.Data, false), (true, FsyncMode.Full, true), (true, FsyncMode.Off, false),
        })
        {
            using TestFolder folder = new();
            FaultyFiles files = new() { Blocks = true };
            await using WriteAheadLog log = await TestFolder.OpenAsync(folder.Settings with { DirectIo = direct, Fsync = fsync }, files);
            await TestFolder.WriteAsync(log, "a", 1);
            Assert.Equal(used, files.BlockWrites.Count > 0);
            Assert.Equal(fsync == FsyncMode.Off ? 0 : 1, log.Syncs);
        }
    }

    [BlocksFact]
    public async Task A_file_system_that_refuses_to_write_blocks_must_get_the_batch_the_usual_way()
    {
        FaultyFiles files = new() { Blocks = true, BlockError = Invalid };
        await using (WriteAheadLog log = await _folder.OpenAsync(files))
        {
            await TestFolder.WriteAllAsync(log, "a", 1, 3000);
            files.BlockError = null;
            await TestFolder.WriteAsync(log, "a", 3001);
            Assert.Equal(log.Writes, log.Syncs);
        }

        Assert.Empty(files.BlockWrites);
        await using WriteAheadLog again = await _folder.OpenAsync();
        Assert.Equal(TestFolder.Numbers(1, 3001), (await TestFolder.ReadAsync(again, "a")).Select(e => e.Number));
    }

    [BlocksTheory]
    [InlineData(InputOutput, 0)]
    [InlineData(InputOutput, 1)]
    [InlineData(Invalid, 1)]
    public async Task A_failed_write_of_blocks_must_be_final(int error, int before)
    {
        FaultyFiles files = new() { Blocks = true };
        await using (WriteAheadLog log = await _folder.OpenAsync(files))
        {
            for (int i = 1; i <= before; i++)
            {
                await TestFolder.WriteAsync(log, "a", i);
            }

            files.BlockError = error;
            await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAsync(log, "a", before + 1));
            files.BlockError = null;
            await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAsync(log, "a", before + 1));
        }

        await using WriteAheadLog again = await _folder.OpenAsync();
        Assert.Equal(before, await again.HighestAsync("a"));
    }

    [BlocksTheory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(8192)]
    public async Task A_short_write_of_blocks_must_be_final_and_leave_whole_atomic_writes_only(int length)
    {
        FaultyFiles files = new() { Blocks = true };
        await using (WriteAheadLog log = await _folder.OpenAsync(files))
        {
            await TestFolder.WriteAsync(log, "a", 1);
            files.ShortWrite = length;
            await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAllAsync(log, "a", 2, 100));
        }

        files.ShortWrite = null;
        await using (WriteAheadLog log = await _folder.OpenAsync(files))
        {
            Assert.Equal(1, await log.HighestAsync("a"));
            await TestFolder.WriteAllAsync(log, "a", 2, 100);
        }

        await using WriteAheadLog again = await _folder.OpenAsync();
        Assert.Equal(TestFolder.Numbers(1, 100), (await TestFolder.ReadAsync(again, "a")).Select(e => e.Number));
    }

    /// <summary>The block in which the log ends is written again with each batch. Whichever sectors of that a power cut lets through, nothing acknowledged is lost.</summary>
    [BlocksFact]
    public async Task A_power_cut_in_the_middle_of_a_write_must_lose_nothing_that_was_acknowledged()
    {
        const int Sector = 512;
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        FaultyFiles files = new() { Blocks = true };
        byte[] first;
        await using (WriteAheadLog log = await TestFolder.OpenAsync(_folder.Settings with { SegmentSize = 1024 * 1024 }, files))
        {
            first = File.ReadAllBytes(Segment());
            for (int i = 1; i <= 40; i++)
            {
                await TestFolder.WriteAsync(log, "a", i, random.Next(10) == 0 ? random.Next(20_000) : random.Next(700));
            }
        }

        byte[] disk = first;
        int end = Block;
        for (int cut = 0; cut < 40; cut++)
        {
            (_, long offset, byte[] bytes) = files.BlockWrites[cut];
            int start = (int)offset;
            Assert.Equal(0, start % Block);

            // A record that ends where a block ends leaves nothing of itself in the block that is written next.
            int kept = Math.Max(0, end - start);
            Assert.Equal(disk[start..(start + kept)], bytes[..kept]);

            byte[] torn = [.. disk];
            for (int at = 0; at < bytes.Length; at += Sector)
            {
                if (random.Next(2) == 0)
                {
                    bytes.AsSpan(at, Sector).CopyTo(torn.AsSpan(start + at));
                }
            }

            using TestFolder after = new();
            Directory.CreateDirectory(after.Log);
            File.WriteAllBytes(Path.Combine(after.Log, Path.GetFileName(Segment())), torn);
            await using (WriteAheadLog log = await after.OpenAsync())
            {
                // The whole write may have come through as well.
                Assert.InRange(await log.HighestAsync("a"), cut, cut + 1);
                long number = await log.HighestAsync("a") + 1;
                await TestFolder.WriteAsync(log, "a", number);
                Assert.Equal(TestFolder.Numbers(1, number), (await TestFolder.ReadAsync(log, "a")).Select(e => e.Number));
            }

            bytes.CopyTo(disk, start);
            end = start + LastUsed(bytes);
        }

        string Segment() => Directory.GetFiles(_folder.Log, "*.wal").Order(StringComparer.Ordinal).First();
    }

    // Records end at a multiple of 8; what ends with zeroes ends earlier here, which compares less but nothing wrong.
    private static int LastUsed(byte[] bytes)
    {
        int used = bytes.Length;
        while (used > 0 && bytes[used - 1] == 0)
        {
            used--;
        }

        return used;
    }

    /// <summary>Where temporary files are on a file system that takes blocks past the cache.</summary>
    private sealed class BlocksFactAttribute : FactAttribute
    {
        public BlocksFactAttribute() => Skip = Absence;

        public static string? Absence { get; } = FindAbsence();

        private static string? FindAbsence()
        {
            using TestFolder folder = new();
            using IStorageFile file = FileSystem.Instance.Open(Path.Combine(folder.Path, "probe"), StorageMode.CreateNew);
            file.Allocate(2 * Block);
            try
            {
                BlockWriter writer = new();
                Segment segment = new(new SegmentHeader(1, 1, 1, 0, 2 * Block), "probe", file);
                return writer.TryWrite(segment, [new byte[100]], 100) ? null : "The file system of temporary files takes no writes past the cache.";
            }
            catch (IOException e)
            {
                return e.Message;
            }
        }
    }

    private sealed class BlocksTheoryAttribute : TheoryAttribute
    {
        public BlocksTheoryAttribute() => Skip = BlocksFactAttribute.Absence;
    }
}
