using RaftActors.Journal.Wal;

namespace RaftActors.Journal.Tests;

/// <summary>A log that version 1 has written. Whatever comes later must read it: these bytes never change.</summary>
public sealed class FrozenLogSpec : IDisposable
{
    private const string Header = "5241465457414C310100000000000000010000000000000001000000000000006204231B5AB3A11C0000000000000000000001000000000000000000936D130A";

    /// <summary>name 1: a, name 2: manifest, name 3: writer, event a 1, event a 2, name 4: b, event b 1, delete of a up to 1, mark of an orderly end.</summary>
    private static readonly string[] Records =
    [
        "252B8DD8210000000100000000000000000000000100000001000000010000006100000000000000",
        "95B27870280000000200000000000000010000000100000002000000080000006D616E6966657374",
        "653C6E7E260000000300000000000000020000000100000003000000060000007772697465720000",
        "E9FD4B4B4300000004000000000000000300000002010000010000000200000003000000000000000100000000000000010000000000000001000000030000006F6E650000000000",
        "53A16CC443000000050000000000000004000000020000000100000002000000030000000000000002000000000000000200000000000000010000000300000074776F0000000000",
        "79BEA22B210000000600000000000000000000000100000004000000010000006200000000000000",
        "9A2E5899430000000700000000000000010000000200000004000000020000000300000000000000010000000000000001000000000000000100000003000000756E6F0000000000",
        "72A60AC93000000008000000000000000000000003000000010000000000000002000000000000000100000000000000",
        "E47172E020000000090000000000000000000000060400009036B223D247DF08",
    ];

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_log_of_version_1_must_be_read()
    {
        Directory.CreateDirectory(_folder.Log);
        byte[] segment = new byte[WalSettings.SmallestSegment];
        Convert.FromHexString(Header).CopyTo(segment, 0);
        Convert.FromHexString(string.Concat(Records)).CopyTo(segment, SegmentHeader.Length);
        await File.WriteAllBytesAsync(Path.Combine(_folder.Log, SegmentHeader.FileName(1)), segment);
        await using WriteAheadLog log = await _folder.OpenAsync();
        Assert.Equal([(2L, "two")], await TestFolder.ReadAsync(log, "a"));
        Assert.Equal([(1L, "uno")], await TestFolder.ReadAsync(log, "b"));
        Assert.Equal(2, await log.HighestAsync("a"));
        await TestFolder.WriteAsync(log, "a", 3);
        Assert.Equal(2, (await TestFolder.ReadAsync(log, "a")).Count);
    }

    /// <summary>But for the salt, which each segment draws anew and which goes into every checksum, the same is written today.</summary>
    [Fact]
    public async Task What_is_written_must_look_like_version_1()
    {
        await using (WriteAheadLog log = await _folder.OpenAsync())
        {
            await log.AppendAsync("a", [[TestFolder.Event(1, "one"), TestFolder.Event(2, "two")]]);
            await log.AppendAsync("b", [[TestFolder.Event(1, "uno")]]);
            await log.DeleteAsync("a", 1);
        }

        byte[] segment = await File.ReadAllBytesAsync(Path.Combine(_folder.Log, SegmentHeader.FileName(1)));
        Assert.Equal(Header[..64], Convert.ToHexString(segment.AsSpan(0, 32)));
        int at = SegmentHeader.Length;
        foreach (string frozen in Records)
        {
            byte[] record = segment.AsSpan(at, frozen.Length / 2).ToArray();

            // The mark holds a checksum of what stands in front of it, salt and all.
            int checkable = frozen == Records[^1] ? 24 : record.Length;
            Assert.Equal(frozen[8..(2 * checkable)], Convert.ToHexString(record.AsSpan(4, checkable - 4)));
            at += record.Length;
        }
    }
}
