using Xunit;

namespace RaftActors.Protocol.Tests.Sessions;

/// <summary>Entries about sessions are in journals, tables of sessions in snapshots: frozen, and nothing damaged is believed.</summary>
public sealed class SessionFormatSpec
{
    private const string FrozenTable =
        "01000000" + "e803000000000000" + "02000000"
        + "0700000000000000" + "60ea000000000000" + "e803000000000000" + "0a00000000000000" + "01000000" + "02000000" + "08000000" + "0200000000000000" + "02000000"
        + "0200000000000000" + "0300000000000000" + "0900000000000000" + "01000000" + "00000000"
        + "0300000000000000" + "0300000000000000" + "0a00000000000000" + "00000000" + "05000000" + "6265746121"
        + "0800000000000000" + "d007000000000000" + "e803000000000000" + "0800000000000000" + "00000000" + "02000000" + "08000000" + "0100000000000000" + "00000000";

    public static TheoryData<string, SessionControl> Samples => new()
    {
        { "01010000" + "d204000000000000" + "60ea000000000000" + "e8030000" + "00010000" + "00000100", SessionControl.Open(new SessionLimits(TimeSpan.FromMinutes(1), 1000, 256, 65536), TimeSpan.FromMilliseconds(1234)) },
        { "01020000" + "0000000000000000" + "0807060504030201", SessionControl.Close(0x0102030405060708) },
        { "01030000" + "d204000000000000", SessionControl.Clock(TimeSpan.FromMilliseconds(1234)) },
        { "01040000" + "0100000000000000" + "0700000000000000", SessionControl.KeepAlive(7, TimeSpan.FromMilliseconds(1)) },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void Entries_about_sessions_stay_as_they_were_frozen(string hex, SessionControl control)
    {
        Assert.Equal(hex, Convert.ToHexString(control.Encode()), ignoreCase: true);
        Assert.True(SessionControl.TryDecode(Convert.FromHexString(hex), out SessionControl? read));
        Assert.Equal(control, read);
        Assert.True(SessionControl.TryDecode(Convert.FromHexString(hex + "0102"), out read), "a later version may add something");
        Assert.Equal(control, read);
        Assert.False(SessionControl.TryDecode(Convert.FromHexString(hex)[..^1], out _));
    }

    [Theory]
    [InlineData("01050000d204000000000000")]
    [InlineData("00030000d204000000000000")]
    [InlineData("01030000ffffffffffffffff")]
    [InlineData("01030000ffffffffffffff7f")]
    [InlineData("01020000d2040000000000000000000000000000")]
    [InlineData("01010000d2040000000000000000000000000000e80300000001000000000100")]
    [InlineData("01010000d20400000000000060ea0000000000000000000000010000000100")]
    public void Impossible_entries_about_sessions_are_refused(string hex) => Assert.False(SessionControl.TryDecode(Convert.FromHexString(hex), out _));

    [Fact]
    public void A_table_stays_as_it_was_frozen()
    {
        SessionTable table = new();
        table.Control(new LogIndex(7), SessionControl.Open(new SessionLimits(TimeSpan.FromMinutes(1), 9, 2, 8), TimeSpan.FromSeconds(1)));
        table.Control(new LogIndex(8), SessionControl.Open(new SessionLimits(TimeSpan.FromSeconds(2), 9, 2, 8)));
        Apply(table, 8, 1, "gone"u8);
        Apply(table, 9, 2, "alpha"u8);
        Apply(table, 10, 3, "beta!"u8);
        Assert.Equal(FrozenTable, Convert.ToHexString(table.Encode()), ignoreCase: true);

        Assert.True(SessionTable.TryDecode(Convert.FromHexString(FrozenTable), out SessionTable? read, out string? error), error);
        Assert.Equal(FrozenTable, Convert.ToHexString(read.Encode()), ignoreCase: true);
        Assert.Equal((table.Count, table.LogTime, table.NextClock), (read.Count, read.LogTime, read.NextClock));
        Assert.Equal((SessionDecision.Duplicate, true), (Begin(read, 11, 2).Decision, Begin(read, 12, 2).Result!.IsForgotten));
        Assert.Equal(SessionDecision.SerialTooOld, Begin(read, 13, 1).Decision);
    }

    [Fact]
    public void Damaged_tables_are_refused_or_read_as_some_table_but_never_crash()
    {
        byte[] frozen = Convert.FromHexString(FrozenTable);
        for (int length = 0; length < frozen.Length; length++)
        {
            Assert.False(SessionTable.TryDecode(frozen.AsSpan(0, length), out _, out string? error));
            Assert.NotEmpty(error);
        }

        Assert.False(SessionTable.TryDecode([.. frozen, 0], out _, out _));
        for (int bit = 0; bit < frozen.Length * 8; bit++)
        {
            byte[] bytes = [.. frozen];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            if (SessionTable.TryDecode(bytes, out SessionTable? table, out _))
            {
                table.Encode();
            }
        }
    }

    private static SessionVerdict Begin(SessionTable table, long index, ulong serial) => table.Begin(new EntryId(new Term(3), new LogIndex(index)), 7, serial);

    private static void Apply(SessionTable table, long index, ulong serial, ReadOnlySpan<byte> result) =>
        table.Complete(Begin(table, index, serial).Result!, result.ToArray());
}
