using RaftActors.Remoting;

namespace RaftActors.Tests.Remoting;

/// <summary>Frames that are larger than the transport's.</summary>
public sealed class FragmentSpec
{
    private const int MaxMessage = 100_000;

    private static readonly NodeId From = new(1);
    private static readonly NodeId To = new(2);
    private static readonly StreamId Stream = new(3);

    [Theory]
    [InlineData(1024)]
    [InlineData(1500)]
    [InlineData(49_999)]
    public void Fragments_in_order_must_give_back_the_frame(int maxFrame)
    {
        PeerFrame whole = Large(50_000);
        FragmentAssembler assembler = new(MaxMessage, 2);
        PeerFrame? complete = null;
        foreach (PeerFrame fragment in Fragments.Split(whole, maxFrame, 9, Stream, From, To))
        {
            Assert.Null(complete);
            Assert.True(fragment.Bytes.Length <= maxFrame);
            Assert.True(assembler.TryAdd(Body(fragment).Span, out complete, out string? error), error);
        }

        Assert.Equal(whole.Bytes.ToArray(), complete!.Bytes.ToArray());
    }

    [Fact]
    public void Fragments_of_several_messages_may_be_mixed()
    {
        PeerFrame one = Large(9_000);
        PeerFrame two = Large(12_000);
        FragmentAssembler assembler = new(MaxMessage, 2);
        List<PeerFrame> complete = [];
        PeerFrame[] first = [.. Fragments.Split(one, 1024, 1, Stream, From, To)];
        PeerFrame[] second = [.. Fragments.Split(two, 1024, 2, Stream, From, To)];
        for (int i = 0; i < second.Length; i++)
        {
            foreach (PeerFrame fragment in i < first.Length ? (PeerFrame[])[first[i], second[i]] : [second[i]])
            {
                Assert.True(assembler.TryAdd(Body(fragment).Span, out PeerFrame? whole, out _));
                if (whole is not null)
                {
                    complete.Add(whole);
                }
            }
        }

        Assert.Equal([one.Bytes.Length, two.Bytes.Length], complete.Select(c => c.Bytes.Length));
    }

    [Fact]
    public void Message_with_a_missing_fragment_must_be_dropped()
    {
        FragmentAssembler assembler = new(MaxMessage, 2);
        PeerFrame[] fragments = [.. Fragments.Split(Large(9_000), 1024, 1, Stream, From, To)];
        foreach (PeerFrame fragment in fragments.Where((_, i) => i != 3))
        {
            Assert.True(assembler.TryAdd(Body(fragment).Span, out PeerFrame? whole, out _));
            Assert.Null(whole);
        }

        Assert.Equal(1, assembler.Dropped);
    }

    [Fact]
    public void Unfinished_messages_must_be_bounded()
    {
        FragmentAssembler assembler = new(MaxMessage, 2);
        for (ulong id = 1; id <= 5; id++)
        {
            PeerFrame first = Fragments.Split(Large(9_000), 1024, id, Stream, From, To).First();
            Assert.True(assembler.TryAdd(Body(first).Span, out _, out _));
        }

        Assert.Equal(3, assembler.Dropped);
    }

    [Fact]
    public void Message_larger_than_allowed_must_be_refused_before_memory_is_taken()
    {
        FragmentAssembler assembler = new(5_000, 2);
        PeerFrame first = Fragments.Split(Large(9_000), 1024, 1, Stream, From, To).First();

        Assert.False(assembler.TryAdd(Body(first).Span, out _, out string? error));
        Assert.Contains("5000", error, StringComparison.Ordinal);
    }

    private static ReadOnlyMemory<byte> Body(PeerFrame fragment)
    {
        Assert.True(PeerFrameHeader.TryRead(fragment.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? error), error);
        Assert.Equal(PeerFrameType.Fragment, header.Type);
        return body;
    }

    private static PeerFrame Large(int size)
    {
        byte[] data = new byte[size];
        new Random(size).NextBytes(data);
        EntryBatch batch = EntryBatch.Create(new Term(1), new LogIndex(1), [new ProposedEntry(EntryKind.Normal, data)]);
        return PeerBody.Encode(new AppendEntries(new Term(1), 1, EntryId.Zero, LogIndex.Zero, [batch]), Stream, From, To);
    }
}
