using RaftActors.Journal.Wal;

namespace RaftActors.Journal.Tests;

/// <summary>What a crash or a bad disk leaves, byte by byte: the acknowledged events, or a refusal that says where.</summary>
public sealed class DamageSpec : IDisposable
{
    private readonly TestFolder _origin = new();
    private readonly TestFolder _copy = new();

    public void Dispose()
    {
        _origin.Dispose();
        _copy.Dispose();
    }

    [Fact]
    public async Task A_tail_torn_at_any_byte_must_lose_the_last_write_only()
    {
        (string file, int start, int end) = await WriteAsync(closed: false);
        for (int at = start; at < end; at++)
        {
            _origin.CopyTo(_copy);
            Overwrite(_copy, file, at, new byte[end - at]);
            await using WriteAheadLog log = await _copy.OpenAsync();
            if (at >= start + RecordFormat.EventLength(100))
            {
                // Only the zeroes that fill up to the next record: nothing is missing.
                Assert.Equal(10, await log.HighestAsync("a"));
                continue;
            }

            Assert.Equal(9, await log.HighestAsync("a"));
            await TestFolder.WriteAsync(log, "a", 10);
            Assert.Equal(10, (await TestFolder.ReadAsync(log, "a")).Count);
        }
    }

    [Fact]
    public async Task A_hole_in_the_last_write_must_not_bring_its_rest_back()
    {
        // The atomic write of many events, of which a disk has written everything but the blocks in the middle.
        await using (WriteAheadLog log = await _origin.OpenAsync())
        {
            await TestFolder.WriteAsync(log, "a", 1);
            await TestFolder.WriteAllAsync(log, "a", 2, 40);
        }

        List<JournalRecord> events = Dump(_origin).Where(r => r.Kind == "event").ToList();
        CutMark(_origin);
        Overwrite(_origin, events[20].File, (int)events[20].Offset, new byte[16]);
        await using (WriteAheadLog log = await _origin.OpenAsync())
        {
            Assert.Equal(1, await log.HighestAsync("a"));
            await TestFolder.WriteAllAsync(log, "a", 2, 20);
        }

        await using (WriteAheadLog log = await _origin.OpenAsync())
        {
            Assert.Equal(TestFolder.Numbers(1, 20), (await TestFolder.ReadAsync(log, "a")).Select(e => e.Number));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_flipped_byte_anywhere_must_never_be_silently_wrong(bool closed)
    {
        (string file, int last, int end) = await WriteAsync(closed);
        for (int at = 0; at < end; at++)
        {
            if (at is >= 64 and < SegmentHeader.Length)
            {
                continue;
            }

            _origin.CopyTo(_copy);
            byte[] bytes = File.ReadAllBytes(Path.Combine(_copy.Log, file));
            Overwrite(_copy, file, at, [(byte)(bytes[at] ^ 0x41)]);
            List<(long, string)> expected = [.. TestFolder.Numbers(1, 10).Select(n => (n, TestFolder.Text(n)))];
            try
            {
                List<string> report = [];
                await using WriteAheadLog log = await _copy.OpenAsync(report: report);
                List<(long Number, string Text)> read = await TestFolder.ReadAsync(log, "a");
                if (read.Count != 10)
                {
                    // Only in the last write of a log that was not closed: nothing tells it from a torn one. And it is said.
                    Assert.True(!closed && at >= last, $"byte {at}");
                    Assert.Equal(expected[..9], read);
                }
                else
                {
                    Assert.Equal(expected, read);
                    Assert.True(at >= last || IsPadding(bytes, at), $"byte {at} does not matter");
                }
            }
            catch (JournalException e)
            {
                // A version that nobody knows is named; everything else is damage with a place.
                Assert.True(e is not JournalDamagedException damaged || (damaged.File.EndsWith(file, StringComparison.Ordinal) && damaged.Offset <= at));
                Assert.True(at < last || closed, $"byte {at}: {e.Message}");
            }
        }
    }

    [Fact]
    public async Task Damage_in_the_middle_must_be_refused_and_a_repair_must_keep_what_stands_before()
    {
        await using (WriteAheadLog log = await _origin.OpenAsync())
        {
            for (int n = 1; n <= 1500; n++)
            {
                await TestFolder.WriteAsync(log, "a", n);
            }
        }

        JournalRecord victim = Dump(_origin).Single(r => r.Kind == "event" && r.SequenceNr == 300);
        Overwrite(_origin, victim.File, (int)victim.Offset + 70, [0xFF]);
        JournalDamagedException damage = await Assert.ThrowsAsync<JournalDamagedException>(() => _origin.OpenAsync());
        Assert.EndsWith(victim.File, damage.File, StringComparison.Ordinal);
        Assert.Equal(victim.Offset, damage.Offset);

        JournalRepair repair = JournalTool.Repair(_origin.Log);
        Assert.True(repair.LostRecords >= 1200);
        Assert.True(File.Exists(Path.Combine(repair.MovedTo!, victim.File)));
        await using (WriteAheadLog log = await _origin.OpenAsync())
        {
            Assert.Equal(299, await log.HighestAsync("a"));
            await TestFolder.WriteAsync(log, "a", 300);
        }

        Assert.Null(JournalTool.Repair(_origin.Log).Damage);
    }

    [Fact]
    public async Task A_missing_segment_must_be_refused()
    {
        await using (WriteAheadLog log = await _origin.OpenAsync())
        {
            await TestFolder.WriteAllAsync(log, "a", 1, 300);
            await TestFolder.WriteAllAsync(log, "a", 301, 600);
            await TestFolder.WriteAllAsync(log, "a", 601, 900);
            await TestFolder.WriteAllAsync(log, "a", 901, 1200);
        }

        string[] files = [.. Directory.GetFiles(_origin.Log, "*.wal").Order(StringComparer.Ordinal)];
        Assert.True(files.Length >= 3);
        foreach (string file in files[..^1])
        {
            _origin.CopyTo(_copy);
            File.Delete(Path.Combine(_copy.Log, Path.GetFileName(file)));
            await Assert.ThrowsAsync<JournalDamagedException>(() => _copy.OpenAsync());
        }
    }

    // Ten single events; where the last one stands, and where the records end.
    private async Task<(string File, int Last, int End)> WriteAsync(bool closed)
    {
        await using (WriteAheadLog log = await _origin.OpenAsync())
        {
            for (int n = 1; n <= 10; n++)
            {
                await TestFolder.WriteAsync(log, "a", n);
            }
        }

        JournalRecord last = Dump(_origin).Last(r => r.Kind == "event");
        JournalRecord mark = Dump(_origin).Last();
        Assert.Equal("mark", mark.Kind);
        if (closed)
        {
            return (last.File, (int)mark.Offset, (int)mark.Offset + RecordFormat.MarkLength);
        }

        CutMark(_origin);
        return (last.File, (int)last.Offset, (int)mark.Offset);
    }

    private static List<JournalRecord> Dump(TestFolder folder)
    {
        List<JournalRecord> records = [];
        JournalTool.Dump(folder.Log, records.Add);
        return records;
    }

    private static void CutMark(TestFolder folder)
    {
        JournalRecord mark = Dump(folder).Last();
        Overwrite(folder, mark.File, (int)mark.Offset, new byte[RecordFormat.MarkLength]);
    }

    private static bool IsPadding(byte[] segment, int at)
    {
        int offset = SegmentHeader.Length;
        while (true)
        {
            int length = (int)RecordFormat.LengthOf(segment.AsSpan(offset));
            int next = offset + RecordFormat.Padded(length);
            if (at < next)
            {
                return at >= offset + length;
            }

            offset = next;
        }
    }

    private static void Overwrite(TestFolder folder, string file, int at, byte[] bytes)
    {
        using FileStream stream = new(Path.Combine(folder.Log, file), FileMode.Open, FileAccess.Write);
        stream.Position = at;
        stream.Write(bytes);
    }
}
