using Akka.Actor;
using Akka.TestKit.Xunit2;
using RaftActors.Persistence;
using RaftActors.Remoting;

namespace RaftActors.Tests.Persistence;

/// <summary>The byte forms of incarnations, frozen.</summary>
public sealed class IncarnationFormatSpec : TestKit
{
    private const ulong Own = 0x1122334455667788;
    private static readonly MemberMet Met = new(new NodeId(3), new EntryId(new Term(2), new LogIndex(9)), 0xAABBCCDD);
    private readonly JournalSerializer _journal;

    public IncarnationFormatSpec()
    {
        _journal = new JournalSerializer((ExtendedActorSystem)Sys);
    }

    [Fact]
    public void Events_must_be_written_and_read_as_they_were_frozen()
    {
        Assert.Equal(new IncarnationTaken(Own), Assert.IsType<JournaledIncarnation>(Frozen("I1", JournaledEvent.For(new IncarnationTaken(Own)), "010000008877665544332211f1826039")).Event);
        Assert.Equal(Met, Assert.IsType<JournaledIncarnation>(Frozen("I2", JournaledEvent.For(Met), "010000000300000002000000000000000900000000000000ddccbbaa00000000e4b40377")).Event);
    }

    [Fact]
    public void Compaction_must_carry_them()
    {
        EntryId last = new(new Term(2), new LogIndex(9));
        StreamMembership membership = new([new Member(new NodeId(1), MemberKind.Voter, "h:1")]);
        LogCompacted compaction = new(new SnapshotInfo(last, membership), last, last, new TermState(new Term(2), new NodeId(1))) { Incarnation = Own, Met = [Met] };
        LogCompacted read = Assert.IsType<JournaledCompaction>(Frozen("S1", JournaledEvent.For(compaction), "01000000020000000000000009000000000000000200000000000000090000000000000002000000000000000900000000000000020000000000000001000000130000000101000100000000000000000300683a310000000000000000000000000000000000008877665544332211010000000300000002000000000000000900000000000000ddccbbaa00000000ff451423")).Compaction;
        Assert.Equal(Own, read.Incarnation);
        Assert.Equal(Met, Assert.Single(read.Met));
        Assert.Equal(compaction.State, read.State);
    }

    [Fact]
    public void Messages_must_be_written_and_read_as_they_were_frozen()
    {
        Introduction introduction = new(new Term(4), 7, Asks: true, [Met]);
        Introduction read = Assert.IsType<Introduction>(Frozen(introduction, 20, "0700000000000000010001000300000002000000000000000900000000000000ddccbbaa00000000"));
        Assert.Equal((introduction.Term, 7UL, true, Met), (read.Term, read.Context, read.Asks, Assert.Single(read.Known)));
        RequestVote vote = new(new Term(4), new EntryId(new Term(2), new LogIndex(11)), PreVote: true) { Joined = Met.Joined };
        Assert.Equal(vote, Frozen(vote, 1, "01020000000000000002000000000000000900000000000000"));
    }

    [Fact]
    public void Every_flipped_bit_must_be_noticed()
    {
        foreach ((string manifest, string frozen) in (ReadOnlySpan<(string, string)>)[("I1", "010000008877665544332211f1826039"), ("I2", "010000000300000002000000000000000900000000000000ddccbbaa00000000e4b40377")])
        {
            for (int bit = 0; bit < frozen.Length * 4; bit++)
            {
                byte[] bytes = Convert.FromHexString(frozen);
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.IsType<UnreadableEvent>(_journal.FromBinary(bytes, manifest));
            }
        }
    }

    private object Frozen(string manifest, object written, string expected)
    {
        Assert.Equal(manifest, _journal.Manifest(written));
        Assert.Equal(expected, Convert.ToHexString(_journal.ToBinary(written)), ignoreCase: true);
        return _journal.FromBinary(Convert.FromHexString(expected), manifest);
    }

    private static PeerMessage Frozen(PeerMessage message, byte type, string expected)
    {
        PeerFrame frame = PeerBody.Encode(message, new StreamId(0), new NodeId(1), new NodeId(2));
        Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? error), error);
        Assert.Equal(type, (byte)header.Type);
        Assert.Equal(expected, Convert.ToHexString(body.Span), ignoreCase: true);
        Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? read, out error), error);
        return read;
    }
}
