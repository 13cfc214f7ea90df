using RaftActors.Remoting;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Remoting;

/// <summary>The frames between members: frozen bytes, both header forms, and nothing damaged is ever believed.</summary>
public sealed class PeerFrameSpec
{
    private static readonly NodeId From = new(1);
    private static readonly NodeId To = new(2);

    public static TheoryData<string> Messages { get; } =
    [
        "vote", "pre-vote", "vote-reply", "heartbeat", "append", "append-reply", "append-busy", "append-refused", "read-index", "read-index-reply", "timeout-now", "vote-removed",
    ];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Frame_must_give_back_what_went_in(string name)
    {
        foreach (StreamId stream in (StreamId[])[new(0), new(7), new(uint.MaxValue)])
        {
            PeerMessage message = Message(name);
            PeerFrame frame = PeerBody.Encode(message, stream, From, To);

            Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? error), error);
            Assert.Equal((From, To, stream, message.Term), (header.Source, header.Destination, header.Stream, header.Term));
            Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? read, out error), error);
            AssertSame(message, read);
        }
    }

    [Theory]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1, long.MaxValue)]
    public void Positions_that_leave_no_room_for_arithmetic_must_be_refused(long term, long index)
    {
        EntryBatch batch = EntryBatch.Create(new Term(1), new LogIndex(1), [new ProposedEntry(EntryKind.Normal, new byte[3])]);
        AppendEntries append = new(new Term(term), 1, new EntryId(new Term(1), new LogIndex(index)), LogIndex.Zero, [batch]);
        Assert.False(PeerFrameHeader.TryRead(PeerBody.Encode(append, new StreamId(0), From, To).Bytes, out _, out _, out string? error));
        Assert.Contains("impossible", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Header_must_have_39_bytes_for_stream_0_and_43_for_others()
    {
        Assert.Equal(39 + 9, PeerBody.Encode(Message("vote"), new StreamId(0), From, To).Bytes.Length);
        Assert.Equal(43 + 9, PeerBody.Encode(Message("vote"), new StreamId(1), From, To).Bytes.Length);
    }

    [Fact]
    public void Header_must_stay_as_it_was_frozen_for_stream_0()
    {
        PeerFrame frame = PeerBody.Encode(new ReadIndexReply(new Term(0x0102), 0x1122334455667788, true, new LogIndex(0x0304)), new StreamId(0), From, To);

        Assert.Equal(
            "52" + "06" + "01000000" + "02000000" + "0201000000000000" + "0403000000000000" + "01" + "08000000" + "00" + "000000" + "2ac67055" + "8877665544332211",
            Frozen(frame),
            ignoreCase: true);
    }

    [Fact]
    public void Header_must_stay_as_it_was_frozen_for_other_streams()
    {
        PeerFrame frame = PeerBody.Encode(new RequestVote(new Term(3), new EntryId(new Term(2), new LogIndex(9)), PreVote: true), new StreamId(5), From, To);

        Assert.Equal(
            "52" + "01" + "01000000" + "02000000" + "0300000000000000" + "0900000000000000" + "00" + "09000000" + "80" + "000000" + "b1584e50" + "05000000" + "010200000000000000",
            Frozen(frame),
            ignoreCase: true);
    }

    [Fact]
    public void Header_with_an_identity_must_stay_as_it_was_frozen()
    {
        FrameIdentity identity = new(0x1122334455667788, new Generation(3, new NodeId(2)));
        PeerFrame frame = PeerBody.Encode(new TimeoutNow(new Term(5)), new StreamId(6), From, To, identity);

        Assert.Equal(
            "52" + "0e" + "01000000" + "02000000" + "0500000000000000" + "0000000000000000" + "00" + "00000000" + "c0" + "000000" + "04968932" + "06000000" + "8877665544332211" + "02000000" + "03000000",
            Convert.ToHexString(frame.Bytes.Span),
            ignoreCase: true);
    }

    [Fact]
    public void Identity_must_be_read_back_and_be_unknown_in_frames_without_it()
    {
        foreach (StreamId stream in (StreamId[])[new(0), new(7)])
        {
            foreach (FrameIdentity identity in (FrameIdentity[])[default, new(9, default), new(0, new Generation(9, From)), new(ulong.MaxValue, Generation.Of(ulong.MaxValue))])
            {
                PeerFrame frame = PeerBody.Encode(Message("append"), stream, From, To, identity);
                Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? error), error);
                Assert.Equal((identity, stream), (header.Identity, header.Stream));
                Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? read, out error), error);
                AssertSame(Message("append"), read);
            }
        }
    }

    [Theory]
    [InlineData("timeout-now", "520e010000000200000005000000000000000000000000000000000000000000000000e0b16ba0")]
    [InlineData("vote-removed", "520201000000020000000600000000000000000000000000000000090000000000000087643860030500000000000000")]
    public void Frames_of_membership_and_transfer_must_stay_as_they_were_frozen(string name, string expected) =>
        Assert.Equal(expected, Convert.ToHexString(PeerBody.Encode(Message(name), new StreamId(0), From, To).Bytes.Span), ignoreCase: true);

    /// <summary>What an accepted reply says besides stands where a refused one has its hint, which nodes that do not know it leave alone.</summary>
    [Fact]
    public void Accepted_replies_must_stay_as_they_were_frozen() =>
        Assert.Equal(
            "0400000000000000" + "0900000000000000" + "0100000000000000",
            Convert.ToHexString(PeerBody.Encode(Message("append-busy"), new StreamId(0), From, To).Bytes.Span[39..]),
            ignoreCase: true);

    [Fact]
    public void User_messages_must_stay_as_they_were_frozen()
    {
        PeerFrame frame = UserMessageBody.Encode(0x1122334455667788, "abc"u8, new StreamId(0), From, To);

        Assert.Equal(
            "52" + "09" + "01000000" + "02000000" + "0000000000000000" + "0000000000000000" + "00" + "0B000000" + "00" + "000000" + "82ED7C04" + "8877665544332211" + "616263",
            Frozen(frame),
            ignoreCase: true);
        Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out _, out ReadOnlyMemory<byte> body, out _));
        Assert.True(UserMessageBody.TryDecode(body, out ulong token, out ReadOnlyMemory<byte> data, out _));
        Assert.Equal((0x1122334455667788UL, "abc"), (token, System.Text.Encoding.UTF8.GetString(data.Span)));
        Assert.False(UserMessageBody.TryDecode(body[..7], out _, out _, out _));
    }

    [Fact]
    public void Inquiries_about_forwarded_proposals_must_stay_as_they_were_frozen()
    {
        PeerFrame frame = ForwardBody.EncodeInquiry([0x1122334455667788, 2], 9, new StreamId(0), From, To);

        Assert.Equal(
            "52" + "12" + "01000000" + "02000000" + "0000000000000000" + "0900000000000000" + "00" + "14000000" + "00" + "000000" + "9E4D5335" + "02000000" + "8877665544332211" + "0200000000000000",
            Frozen(frame),
            ignoreCase: true);
        Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out _, out ReadOnlyMemory<byte> body, out _));
        Assert.True(ForwardBody.TryDecodeInquiry(body, out ulong[]? tokens, out _));
        Assert.Equal([0x1122334455667788UL, 2UL], tokens);
        Assert.False(ForwardBody.TryDecodeInquiry(body[..^1], out _, out _));
    }

    [Fact]
    public void Append_must_stay_as_it_was_frozen()
    {
        EntryBatch batch = EntryBatch.Create(new Term(2), new LogIndex(5), [new ProposedEntry(EntryKind.Normal, "ab"u8.ToArray(), Key: 6)]);
        AppendEntries append = new(new Term(2), 8, new EntryId(new Term(1), new LogIndex(4)), new LogIndex(3), [batch]);
        PeerFrame frame = PeerBody.Encode(append, new StreamId(0), From, To);

        Assert.Equal(
            "0800000000000000" + "0100000000000000" + "0300000000000000" + "01000000" + "32000000" + Convert.ToHexString(batch.Encoded.Span),
            Convert.ToHexString(frame.Bytes.Span[39..]),
            ignoreCase: true);
    }

    [Fact]
    public void Append_to_all_must_stay_as_it_was_frozen_and_be_the_array_of_its_batch()
    {
        AppendEntries append = ToAll();
        string batch = Convert.ToHexString(append.Batches[0].Encoded.Span);
        PeerFrame frame = PeerBody.EncodeInPlace(append, new StreamId(5), From, new FrameIdentity(0x1122334455667788, default))!;

        Assert.Equal(
            "52" + "03" + "01000000" + "00000000" + "0200000000000000" + "0400000000000000" + "00" + "52000000" + "C0" + "000000" + "320FAEF8" + "05000000" + "8877665544332211" + "0000000000000000"
            + "0800000000000000" + "0100000000000000" + "0300000000000000" + "01000000" + "32000000" + batch,
            Frozen(frame),
            ignoreCase: true);
        Assert.True(frame.Bytes.Span[PeerBody.RoomOfAppend..].Overlaps(append.Batches[0].Encoded.Span, out int offset) && offset == 0);

        // Sent once, it must not change any more: the next time each peer gets a frame of its own.
        Assert.Null(PeerBody.EncodeInPlace(append with { Token = 9 }, new StreamId(5), From, default));

        // No copy on its way out either, and none on its way into the journal.
        using Akka.Actor.ActorSystem system = Akka.Actor.ActorSystem.Create("serializers");
        PeerFrameSerializer serializer = new((Akka.Actor.ExtendedActorSystem)system);
        Assert.Same(serializer.ToBinary(frame), serializer.ToBinary(frame));
        RaftActors.Persistence.JournalSerializer journal = new((Akka.Actor.ExtendedActorSystem)system);
        object journaled = RaftActors.Persistence.JournaledEvent.For(new EntriesAppended(append.Batches[0]));
        Assert.True(journal.ToMemory(journaled).Span.Overlaps(serializer.ToBinary(frame)));
        Assert.Equal(batch, Convert.ToHexString(journal.ToMemory(journaled).Span));
        Assert.Equal(batch, Convert.ToHexString(journal.ToBinary(journaled)));
    }

    [Fact]
    public void Append_to_all_must_read_the_same_as_an_addressed_one()
    {
        foreach (StreamId stream in (StreamId[])[new(0), new(7)])
        {
            foreach (FrameIdentity identity in (FrameIdentity[])[default, new(9, new Generation(9, From))])
            {
                AppendEntries append = ToAll();
                Assert.True(PeerFrameHeader.TryRead(PeerBody.EncodeInPlace(append, stream, From, identity)!.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? error), error);
                Assert.Equal((From, NodeId.None, stream, identity), (header.Source, header.Destination, header.Stream, header.Identity));
                Assert.True(header.IsFor(To) && header.IsFor(From));
                Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? read, out error), error);
                AssertSame(append, read);
            }
        }
    }

    [Fact]
    public void Append_to_all_with_any_flipped_bit_or_of_any_other_length_must_not_be_believed()
    {
        byte[] good = PeerBody.EncodeInPlace(ToAll(), new StreamId(7), From, new FrameIdentity(9, default))!.Bytes.ToArray();
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] bad = [.. good];
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(PeerFrameHeader.TryRead(bad, out _, out _, out _), $"bit {bit}");
        }

        for (int length = 0; length < good.Length; length++)
        {
            Assert.False(PeerFrameHeader.TryRead(good.AsMemory(0, length), out _, out _, out _), $"length {length}");
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Nothing_but_appends_may_be_for_nobody_in_particular(string name)
    {
        PeerMessage message = Message(name);
        PeerFrame frame = PeerBody.Encode(message, new StreamId(7), From, NodeId.None);
        Assert.Equal(message is AppendEntries, PeerFrameHeader.TryRead(frame.Bytes, out _, out _, out string? error));
        Assert.True(message is AppendEntries || error!.Contains("impossible", StringComparison.Ordinal));
    }

    [Fact]
    public void Batches_without_the_right_room_must_be_sent_in_frames_of_their_own()
    {
        ProposedEntry[] entries = [new ProposedEntry(EntryKind.Normal, "ab"u8.ToArray())];
        foreach (int room in (int[])[0, PeerBody.RoomOfAppend - 1, PeerBody.RoomOfAppend + 1])
        {
            EntryBatch batch = EntryBatch.Create(new Term(2), new LogIndex(5), entries, room);
            Assert.Null(PeerBody.EncodeInPlace(new AppendEntries(new Term(2), 8, new EntryId(new Term(1), new LogIndex(4)), new LogIndex(3), [batch]), new StreamId(0), From, default));
        }

        EntryBatch first = EntryBatch.Create(new Term(2), new LogIndex(5), entries, PeerBody.RoomOfAppend);
        EntryBatch second = EntryBatch.Create(new Term(2), new LogIndex(6), entries, PeerBody.RoomOfAppend);
        AppendEntries two = new(new Term(2), 8, new EntryId(new Term(1), new LogIndex(4)), new LogIndex(3), [first, second]);
        Assert.Null(PeerBody.EncodeInPlace(two, new StreamId(0), From, default));
    }

    [Fact]
    public void Accepted_replies_must_say_that_appends_to_all_are_taken_and_refused_ones_must_not()
    {
        AppendEntriesReply busy = (AppendEntriesReply)Message("append-busy");
        PeerFrame frame = PeerBody.EncodeTakesUnaddressed(busy, new StreamId(0), From, To, default);
        Assert.Equal("0400000000000000" + "0900000000000000" + "0300000000000000", Convert.ToHexString(frame.Bytes.Span[39..]), ignoreCase: true);
        Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out _));
        Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? read, out _));
        Assert.Equal(busy, read);
        Assert.True(PeerBody.TakesUnaddressed(body.Span));
        Assert.False(PeerBody.TakesUnaddressed(PeerBody.Encode(busy, new StreamId(0), From, To).Bytes.Span[39..]));

        AppendEntriesReply refused = (AppendEntriesReply)Message("append-refused");
        Assert.Equal(PeerBody.Encode(refused, new StreamId(0), From, To).Bytes.ToArray(), PeerBody.EncodeTakesUnaddressed(refused, new StreamId(0), From, To, default).Bytes.ToArray());
    }

    [Fact]
    public void Frame_without_the_flag_must_mean_stream_0()
    {
        PeerFrame frame = PeerBody.Encode(Message("heartbeat"), new StreamId(0), From, To);

        Assert.True(PeerFrameHeader.TryReadRoute(frame.Bytes.Span, out PeerFrameHeader header, out _));
        Assert.Equal(new StreamId(0), header.Stream);
        Assert.Equal(0, frame.Bytes.Span[31]);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Frame_with_any_flipped_bit_must_not_be_believed(string name)
    {
        byte[] good = PeerBody.Encode(Message(name), new StreamId(7), From, To).Bytes.ToArray();
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] bad = [.. good];
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(PeerFrameHeader.TryRead(bad, out _, out _, out string? error), $"bit {bit}");
            Assert.NotNull(error);
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Frame_of_any_other_length_must_not_be_believed(string name)
    {
        byte[] good = PeerBody.Encode(Message(name), new StreamId(7), From, To).Bytes.ToArray();
        for (int length = 0; length < good.Length; length++)
        {
            Assert.False(PeerFrameHeader.TryRead(good.AsMemory(0, length), out _, out _, out _), $"length {length}");
        }

        Assert.False(PeerFrameHeader.TryRead((byte[])[.. good, 0], out _, out _, out _));
    }

    [Fact]
    public void Body_of_random_bytes_must_be_refused_without_harm()
    {
        int seed = Seed.Next();
        Random random = new(seed);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(0, 120)];
            random.NextBytes(bytes);
            PeerFrameType type = (PeerFrameType)random.Next(0, 20);
            PeerFrameHeader header = new(type, From, To, new Term(random.Next(0, 5)), new LogIndex(random.Next(0, 5)), false, new StreamId(0));

            // What can be read must be a possible message; what cannot must say why.
            if (PeerBody.TryDecode(header, bytes, out PeerMessage? message, out string? error))
            {
                Assert.True(message.Term.Value >= 0, $"seed {seed}");
            }
            else
            {
                Assert.False(string.IsNullOrEmpty(error), $"seed {seed}");
            }

            _ = ForwardBody.TryDecode(bytes, sessions: false, out ForwardedProposal[]? _, out error);
            _ = ForwardBody.TryDecode(bytes, sessions: true, out ForwardedProposal[]? _, out error);
            _ = ForwardBody.TryDecode(bytes, out (ulong, ProposalAnswer)[]? _, out error);
        }
    }

    [Fact]
    public void Append_with_a_gap_between_its_batches_must_be_refused()
    {
        EntryBatch first = EntryBatch.Create(new Term(1), new LogIndex(1), [new ProposedEntry(EntryKind.Normal, new byte[3])]);
        EntryBatch third = EntryBatch.Create(new Term(1), new LogIndex(3), [new ProposedEntry(EntryKind.Normal, new byte[3])]);
        PeerFrame frame = PeerBody.Encode(new AppendEntries(new Term(1), 1, EntryId.Zero, LogIndex.Zero, [first, third]), new StreamId(0), From, To);

        Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out _));
        Assert.False(PeerBody.TryDecode(header, body, out _, out string? error));
        Assert.Contains("does not follow", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Decoding_must_not_copy_entries()
    {
        PeerFrame frame = PeerBody.Encode(Message("append"), new StreamId(0), From, To);
        PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out _);
        PeerBody.TryDecode(header, body, out PeerMessage? message, out _);

        ReadOnlyMemory<byte> encoded = Assert.IsType<AppendEntries>(message).Batches[0].Encoded;
        Assert.True(frame.Bytes.Span.Overlaps(encoded.Span));
    }

    private static PeerMessage Message(string name) => name switch
    {
        "vote" => new RequestVote(new Term(5), new EntryId(new Term(4), new LogIndex(77)), PreVote: false, Transfer: true),
        "pre-vote" => new RequestVote(new Term(5), EntryId.Zero, PreVote: true),
        "timeout-now" => new TimeoutNow(new Term(5)),
        "vote-removed" => new RequestVoteReply(new Term(6), new Term(5), PreVote: true, Granted: false, CandidateIsRemoved: true),
        "vote-reply" => new RequestVoteReply(new Term(6), new Term(5), PreVote: false, Granted: true),
        "heartbeat" => new AppendEntries(new Term(5), 3, new EntryId(new Term(4), new LogIndex(9)), new LogIndex(8), []),
        "append" => new AppendEntries(
            new Term(5),
            4,
            new EntryId(new Term(4), new LogIndex(9)),
            new LogIndex(8),
            [
                EntryBatch.Create(new Term(4), new LogIndex(10), [new ProposedEntry(EntryKind.Normal, "one"u8.ToArray(), 1), new ProposedEntry(EntryKind.Normal, default)]),
                EntryBatch.Create(new Term(5), new LogIndex(12), [new ProposedEntry(EntryKind.NoOp, default)]),
            ]),
        "append-reply" => new AppendEntriesReply(new Term(5), 4, Accepted: true, new LogIndex(12)),
        "append-busy" => new AppendEntriesReply(new Term(5), 4, Accepted: true, new LogIndex(12), Applied: new LogIndex(9), Busy: true),
        "append-refused" => new AppendEntriesReply(new Term(5), 4, Accepted: false, new LogIndex(12), new EntryId(new Term(2), new LogIndex(6))),
        "read-index" => new ReadIndexRequest(new Term(5), ulong.MaxValue),
        "read-index-reply" => new ReadIndexReply(new Term(5), 42, Accepted: true, new LogIndex(12)),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static AppendEntries ToAll() => new(
        new Term(2),
        8,
        new EntryId(new Term(1), new LogIndex(4)),
        new LogIndex(3),
        [EntryBatch.Create(new Term(2), new LogIndex(5), [new ProposedEntry(EntryKind.Normal, "ab"u8.ToArray(), Key: 6)], PeerBody.RoomOfAppend)]);

    private static void AssertSame(PeerMessage expected, PeerMessage actual)
    {
        if (expected is AppendEntries append)
        {
            AppendEntries read = Assert.IsType<AppendEntries>(actual);
            Assert.Equal(append with { Batches = [] }, read with { Batches = append.Batches.Count == 0 ? [] : [] }, PlainAppend.Instance);
            Assert.Equal(append.Batches.Select(b => Convert.ToHexString(b.Encoded.Span)), read.Batches.Select(b => Convert.ToHexString(b.Encoded.Span)));
            return;
        }

        Assert.Equal(expected, actual);
    }

    private static string Frozen(PeerFrame frame) => Convert.ToHexString(frame.Bytes.Span);

    private sealed class PlainAppend : IEqualityComparer<AppendEntries>
    {
        public static PlainAppend Instance { get; } = new();

        public bool Equals(AppendEntries? x, AppendEntries? y) =>
            (x!.Term, x.Token, x.Previous, x.Commit) == (y!.Term, y.Token, y.Previous, y.Commit);

        public int GetHashCode(AppendEntries obj) => obj.Token.GetHashCode();
    }
}
