using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace RaftActors.Protocol.Tests.Log;

/// <summary>The format of entry batches, which journals and peers keep for ever. A failing sample here means that old data cannot be read.</summary>
public sealed class EntryBatchSpec
{
    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Written by version 1. Never change these lines; add new ones.</summary>
    public static TheoryData<string, long, long, ProposedEntry[]> Samples => new()
    {
        {
            "0100000008000000030000000000000011000000000000000100000049C7C69F0400000000000000",
            3,
            17,
            [new ProposedEntry(EntryKind.NoOp, default)]
        },
        {
            "010000001F000000080706050403020118171615141312110200000022E7201E000000000500000068656C6C6F0001000002000000A8A7A6A5A4A3A2A1FF00",
            0x0102030405060708,
            0x1112131415161718,
            [new ProposedEntry(EntryKind.Normal, Bytes("hello")), new ProposedEntry(EntryKind.Normal, new byte[] { 0xFF, 0x00 }, Key: 0xA1A2A3A4A5A6A7A8)]
        },
        {
            "0100000039000000010000000000000001000000000000000200000052ECD7A905030000010000000700000000000000B100000000000000C2000000000000006D020200000000000005000000000000000600000000000000",
            1,
            1,
            [new ProposedEntry(EntryKind.Membership, Bytes("m"), 7, 0xB1, 0xC2), new ProposedEntry(EntryKind.Join, default, 0, 5, 6)]
        },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void The_bytes_of_version_1_stay_what_they_are(string hex, long term, long first, ProposedEntry[] entries)
    {
        EntryBatch written = EntryBatch.Create(new Term(term), new LogIndex(first), entries);
        Assert.Equal(hex, Convert.ToHexString(written.Encoded.Span));

        Assert.True(EntryBatch.TryDecode(Convert.FromHexString(hex), out EntryBatch? read, out _));
        Assert.Equal((new Term(term), new LogIndex(first), entries.Length), (read.Term, read.FirstIndex, read.Count));
        int i = 0;
        foreach (LogEntry entry in read)
        {
            ProposedEntry expected = entries[i];
            Assert.Equal(new EntryId(new Term(term), new LogIndex(first + i)), entry.Id);
            Assert.Equal((expected.Kind, expected.Key, expected.SessionId, expected.SessionSerial), (entry.Kind, entry.Key, entry.SessionId, entry.SessionSerial));
            Assert.True(expected.Data.Span.SequenceEqual(entry.Data.Span));
            i++;
        }

        Assert.Equal(entries.Length, i);
    }

    [Fact]
    public void Room_in_front_of_a_batch_must_be_given_away_once_and_change_nothing_of_it()
    {
        ProposedEntry[] entries = [new(EntryKind.Normal, Bytes("a"), Key: 9), new(EntryKind.Normal, Bytes("bc"))];
        EntryBatch plain = EntryBatch.Create(new Term(3), new LogIndex(7), entries);
        EntryBatch batch = EntryBatch.Create(new Term(3), new LogIndex(7), entries, room: 50);
        Assert.Equal(plain.Encoded.ToArray(), batch.Encoded.ToArray());

        Assert.False(batch.TryTakeRoom(49, out _));
        Assert.False(batch.TryTakeRoom(0, out _));
        Assert.True(batch.TryTakeRoom(50, out byte[]? bytes));
        Assert.Equal(50 + plain.Encoded.Length, bytes.Length);
        Assert.True(bytes.AsSpan(50).Overlaps(batch.Encoded.Span, out int offset) && offset == 0);
        bytes.AsSpan(0, 50).Fill(0xEE);
        Assert.Equal(plain.Encoded.ToArray(), batch.Encoded.ToArray());
        Assert.False(batch.TryTakeRoom(50, out _));
    }

    [Fact]
    public void Batches_that_were_read_cut_or_joined_must_have_no_room()
    {
        EntryBatch batch = EntryBatch.Create(new Term(3), new LogIndex(7), [new ProposedEntry(EntryKind.Normal, Bytes("a")), new ProposedEntry(EntryKind.Normal, Bytes("b"))], room: 50);
        EntryBatch next = EntryBatch.Create(new Term(3), new LogIndex(9), [new ProposedEntry(EntryKind.Normal, Bytes("c"))], room: 50);
        Assert.True(EntryBatch.TryDecode(batch.Encoded, out EntryBatch? read, out _));
        Assert.All([read, batch.From(new LogIndex(8)), EntryBatch.Join([batch, next])], b => Assert.False(b.TryTakeRoom(50, out _) || b.TryTakeRoom(0, out _)));
        Assert.False(EntryBatch.Create(new Term(3), new LogIndex(7), [new ProposedEntry(EntryKind.Normal, Bytes("a"))]).TryTakeRoom(0, out _));
    }

    [Fact]
    public void Batches_of_one_term_that_follow_each_other_join_and_read_the_same()
    {
        EntryBatch first = EntryBatch.Create(new Term(3), new LogIndex(7), [new ProposedEntry(EntryKind.Normal, Bytes("a"), Key: 9)]);
        EntryBatch second = EntryBatch.Create(new Term(3), new LogIndex(8), [new ProposedEntry(EntryKind.Normal, Bytes("bc")), new ProposedEntry(EntryKind.Normal, default, 0, 5, 6)]);
        Assert.True(first.Joins(second));
        EntryBatch joined = EntryBatch.Join([first, second]);

        Assert.True(EntryBatch.TryDecode(joined.Encoded, out EntryBatch? read, out string? error), error);
        Assert.Equal((new Term(3), new LogIndex(7), new LogIndex(9)), (read.Term, read.FirstIndex, read.LastIndex));
        LogEntry[] expected = [.. first, .. second];
        Assert.Equal(expected.Select(e => (e.Id, e.Kind, e.Key, e.SessionId, e.SessionSerial, Convert.ToHexString(e.Data.Span))), read.Select(e => (e.Id, e.Kind, e.Key, e.SessionId, e.SessionSerial, Convert.ToHexString(e.Data.Span))));
        Assert.Same(first, EntryBatch.Join([first]));
    }

    [Fact]
    public void Batches_do_not_join_over_a_gap_a_term_or_what_the_protocol_wrote()
    {
        EntryBatch batch = Of(3, 7, EntryKind.Normal);
        Assert.False(batch.Joins(Of(3, 9, EntryKind.Normal)));
        Assert.False(batch.Joins(Of(3, 7, EntryKind.Normal)));
        Assert.False(batch.Joins(Of(4, 8, EntryKind.Normal)));
        Assert.False(batch.Joins(Of(3, 8, EntryKind.NoOp)));
        Assert.False(batch.Joins(Of(3, 8, EntryKind.Membership)));
        Assert.False(Of(3, 6, EntryKind.NoOp).Joins(batch));
        Assert.Throws<InvariantViolationException>(() => EntryBatch.Join([batch, Of(3, 9, EntryKind.Normal)]));

        static EntryBatch Of(long term, long index, EntryKind kind) => EntryBatch.Create(new Term(term), new LogIndex(index), [new ProposedEntry(kind, Bytes("x"))]);
    }

    [Fact]
    public void The_numbers_of_entry_kinds_stay_what_they_are()
    {
        Assert.Equal(
            [(EntryKind.Normal, 0), (EntryKind.JoinLearner, 1), (EntryKind.Join, 2), (EntryKind.Leave, 3), (EntryKind.NoOp, 4), (EntryKind.Membership, 5), (EntryKind.Session, 6)],
            Enum.GetValues<EntryKind>().Select(kind => (kind, (int)kind)));
    }

    [Fact]
    public void The_checksum_is_the_castagnoli_one()
    {
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        Assert.Equal(0xE3069283u, Crc32C.Compute("6789"u8, Crc32C.Compute("12345"u8)));
    }

    [Fact]
    public void A_slice_is_a_batch_of_its_own()
    {
        EntryBatch batch = EntryBatch.Create(new Term(2), new LogIndex(10), [.. Enumerable.Range(0, 5).Select(i => new ProposedEntry(EntryKind.Normal, Bytes($"value {i}"), (ulong)i))]);
        EntryBatch slice = batch.Slice(new LogIndex(11), new LogIndex(13));

        Assert.Equal((new LogIndex(11), new LogIndex(13), 3), (slice.FirstIndex, slice.LastIndex, slice.Count));
        Assert.True(EntryBatch.TryDecode(slice.Encoded, out EntryBatch? read, out _));
        Assert.Equal(["value 1", "value 2", "value 3"], read.Select(e => Encoding.UTF8.GetString(e.Data.Span)));
        Assert.Equal([1UL, 2UL, 3UL], read.Select(e => e.Key));
        Assert.Same(batch, batch.Slice(new LogIndex(10), new LogIndex(14)));
        Assert.Equal("value 3", Encoding.UTF8.GetString(batch[new LogIndex(13)].Data.Span));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Slice(new LogIndex(9), new LogIndex(11)));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch[new LogIndex(15)]);
    }

    [Fact]
    public void A_batch_without_entries_or_with_an_impossible_place_is_not_made()
    {
        ProposedEntry[] entries = [new ProposedEntry(EntryKind.Normal, default)];
        Assert.Throws<ArgumentException>(() => EntryBatch.Create(new Term(1), new LogIndex(1), []));
        Assert.Throws<ArgumentException>(() => EntryBatch.Create(Term.Zero, new LogIndex(1), entries));
        Assert.Throws<ArgumentException>(() => EntryBatch.Create(new Term(1), LogIndex.Zero, entries));
    }

    // Offset, new value, what the error has to name. The checksum is made right again, so that the rule itself is met.
    [Theory]
    [InlineData(0, 2, "version 2")]
    [InlineData(1, 1, "flags")]
    [InlineData(2, 1, "flags")]
    [InlineData(3, 1, "flags")]
    [InlineData(4, 1, "body")]
    [InlineData(7, 0x80, "body")]
    [InlineData(15, 0x80, "impossible positions")]
    [InlineData(23, 0x80, "impossible positions")]
    [InlineData(24, 0, "impossible positions")]
    [InlineData(24, 1, "behind its last entry")]
    [InlineData(24, 3, "runs over its end")]
    [InlineData(27, 0xFF, "impossible positions")]
    [InlineData(32, 7, "runs over its end")]
    [InlineData(33, 4, "runs over its end")]
    [InlineData(34, 1, "runs over its end")]
    [InlineData(36, 200, "runs over its end")]
    [InlineData(39, 0xFF, "runs over its end")]
    public void Each_rule_of_the_format_is_checked(int offset, byte value, string expected)
    {
        byte[] bytes = EntryBatch.Create(new Term(1), new LogIndex(1), [new ProposedEntry(EntryKind.Normal, Bytes("0123456789")), new ProposedEntry(EntryKind.Normal, Bytes("0123456789"))]).Encoded.ToArray();
        bytes[offset] = value;
        FixChecksum(bytes);

        Assert.False(EntryBatch.TryDecode(bytes, out EntryBatch? batch, out string? error));
        Assert.Null(batch);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    internal static void FixChecksum(byte[] bytes) =>
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(28), Crc32C.Compute(bytes.AsSpan(EntryBatch.HeaderSize), Crc32C.Compute(bytes.AsSpan(0, 28))));
}
