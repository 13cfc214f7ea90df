using Akka.Actor;
using RaftActors.Persistence;
using RaftActors.Remoting;

namespace RaftActors.Tests.Persistence;

/// <summary>What a forced recovery leaves in journals and on the wire: frozen bytes, and damaged bytes are recognized.</summary>
public sealed class RecoveryFormatSpec : Akka.TestKit.Xunit2.TestKit
{
    private const string FrozenTerm = "0100000008000000000000000300000003000000010000000700000000000000f4bbd234";
    private const string FrozenForced = "0100000007000000000000000300000003000000010000000700000000000000010000005000000007000000000000002a0000000000000001000000e74daa1f05000000480000000201000300000000000000000300633a3300000330000000030000000100000007000000000000000600000000000000290000000000000001000100000000000000000300613a312a749398";
    private const string FrozenFenced = "01000000030000000100000002000000e2b5b515";
    private const string FrozenCompaction = "0100000007000000000000002a000000000000000600000000000000280000000000000008000000000000003200000000000000080000000000000003000000480000000201000300000000000000000300633a3300000330000000030000000100000007000000000000000600000000000000290000000000000001000100000000000000000300613a3103000000010000000700000000000000064944d1";
    private const string FrozenNotice = "52110300000001000000080000000000000000000000000000000048000000c0000000b4f4888806000000050000000000000003000000010000000201000300000000000000000300633a3300000330000000030000000100000007000000000000000600000000000000290000000000000001000100000000000000000300613a31";

    private static readonly Generation Second = new(1, new NodeId(3));
    private static readonly TermState State = new(new Term(8), new NodeId(3)) { Generation = Second, Since = new Term(7) };

    private static readonly StreamMembership Membership = new([new Member(new NodeId(3), MemberKind.Voter, "c:3")])
    {
        Recovery = new RecoveryInfo(Second, new Term(7), new EntryId(new Term(6), new LogIndex(41)), [new Member(new NodeId(1), MemberKind.Voter, "a:1")]),
    };

    private readonly JournalSerializer _serializer;

    public RecoveryFormatSpec() => _serializer = new JournalSerializer((ExtendedActorSystem)Sys);

    private static RecoveryForced Forced => new(
        State with { Term = new Term(7) },
        EntryBatch.Create(new Term(7), new LogIndex(42), [new ProposedEntry(EntryKind.Membership, MembershipCodec.Encode(Membership))]));

    [Fact]
    public void Events_must_be_written_and_read_as_they_were_frozen()
    {
        Assert.Equal(State, Assert.IsType<JournaledTermState>(Frozen("T2", JournaledEvent.For(State), FrozenTerm)).State);
        RecoveryForced forced = Assert.IsType<RecoveryForced>(Assert.IsType<JournaledRecovery>(Frozen("R1", JournaledEvent.For(Forced), FrozenForced)).Event);
        Assert.Equal((Forced.State, Forced.Batch.LastId), (forced.State, forced.Batch.LastId));
        MemberFenced fenced = new(Second, new NodeId(2));
        Assert.Equal(fenced, Assert.IsType<JournaledRecovery>(Frozen("R2", JournaledEvent.For(fenced), FrozenFenced)).Event);
    }

    [Fact]
    public void Compaction_must_keep_the_generation()
    {
        LogCompacted compaction = new(new SnapshotInfo(new EntryId(new Term(7), new LogIndex(42)), Membership), new EntryId(new Term(6), new LogIndex(40)), new EntryId(new Term(8), new LogIndex(50)), State);
        LogCompacted read = Assert.IsType<JournaledCompaction>(Frozen("S1", JournaledEvent.For(compaction), FrozenCompaction)).Compaction;
        Assert.Equal((State, Membership.Recovery), (read.State, read.Snapshot.Membership.Recovery));
    }

    [Fact]
    public void Notice_must_be_written_and_read_as_it_was_frozen()
    {
        PeerFrame frame = PeerBody.Encode(new RecoveryNotice(new Term(8), Membership), new StreamId(6), new NodeId(3), new NodeId(1), new FrameIdentity(5, Second));
        Assert.Equal(FrozenNotice, Convert.ToHexString(frame.Bytes.Span), ignoreCase: true);
        Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out _));
        Assert.Equal(Second, header.Identity.Generation);
        Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? message, out _));
        Assert.Equal(Membership.Recovery, Assert.IsType<RecoveryNotice>(message).Membership.Recovery);
        Assert.False(PeerBody.TryDecode(header, body[..^1], out _, out _));
    }

    [Fact]
    public void Every_flipped_bit_must_be_noticed()
    {
        foreach ((string manifest, string frozen) in (ReadOnlySpan<(string, string)>)[("T2", FrozenTerm), ("R1", FrozenForced), ("R2", FrozenFenced), ("S1", FrozenCompaction)])
        {
            for (int bit = 0; bit < frozen.Length * 4; bit++)
            {
                byte[] bytes = Convert.FromHexString(frozen);
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.True(_serializer.FromBinary(bytes, manifest) is UnreadableEvent, $"{manifest}: bit {bit}");
            }

            Assert.IsType<UnreadableEvent>(_serializer.FromBinary(Convert.FromHexString(frozen[..10]), manifest));
        }
    }

    private object Frozen(string manifest, JournaledEvent written, string frozen)
    {
        Assert.Equal(manifest, _serializer.Manifest(written));
        Assert.Equal(frozen, Convert.ToHexString(_serializer.ToBinary(written)), ignoreCase: true);
        return _serializer.FromBinary(Convert.FromHexString(frozen), manifest);
    }
}
