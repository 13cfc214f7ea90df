using Akka.Actor;
using RaftActors.Persistence;
using RaftActors.Remoting;

namespace RaftActors.Tests.Persistence;

/// <summary>What snapshots leave in the journal, in the snapshot store and on the wire: frozen bytes, and damaged bytes are recognized.</summary>
public sealed class SnapshotFormatSpec : Akka.TestKit.Xunit2.TestKit
{
    private const string FrozenCompaction = "01000000020000000000000009000000000000000100000000000000050000000000000003000000000000000c00000000000000040000000000000001000000130000000101000100000000000000000300613a3100007c8a0e2b";
    private const string FrozenBlock = "010000007374617465df68db66";
    private const string FrozenHeader = "0100000002000000000000000900000000000000df68db66020000000300000002000000130000000101000100000000000000000300613a3100004c1a49f2";
    private const string FrozenInstall = "520c010000000200000004000000000000000900000000000000004800000080000000e97c62320600000007000000000000000200000000000000221100000000000003000000000000000800000000000000df68db66130000000101000100000000000000000300613a3100007374617465";
    private const string FrozenReply = "520d010000000200000004000000000000000900000000000000011900000080000000ff7784ec0600000007000000000000002211000000000000080000000000000001";

    private static readonly SnapshotInfo Info = new(new EntryId(new Term(2), new LogIndex(9)), new StreamMembership([new Member(new NodeId(1), MemberKind.Voter, "a:1")]));
    private readonly JournalSerializer _serializer;

    public SnapshotFormatSpec() => _serializer = new JournalSerializer((ExtendedActorSystem)Sys);

    [Fact]
    public void Compaction_must_be_written_and_read_as_it_was_frozen()
    {
        LogCompacted compaction = new(Info, new EntryId(new Term(1), new LogIndex(5)), new EntryId(new Term(3), new LogIndex(12)), new TermState(new Term(4), new NodeId(1)));
        LogCompacted read = Assert.IsType<JournaledCompaction>(Frozen("S1", JournaledEvent.For(compaction), FrozenCompaction)).Compaction;
        Assert.Equal((compaction.Base, compaction.Last, compaction.State, compaction.Snapshot.Last), (read.Base, read.Last, read.State, read.Snapshot.Last));
        Assert.Equal([.. Info.Membership.Members], read.Snapshot.Membership.Members.ToArray());
    }

    [Fact]
    public void Block_and_header_must_be_written_and_read_as_they_were_frozen()
    {
        byte[] data = "state"u8.ToArray();
        StoredSnapshotBlock block = Assert.IsType<StoredSnapshotBlock>(Frozen("S2", new StoredSnapshotBlock(data, Crc32C.Compute(data)), FrozenBlock));
        Assert.Equal(data, block.Data.ToArray());
        StoredSnapshotHeader header = Assert.IsType<StoredSnapshotHeader>(Frozen("S3", new StoredSnapshotHeader(Info, Crc32C.Compute(data), [3, 2]), FrozenHeader));
        Assert.Equal((Info.Last, 5L, Crc32C.Compute(data)), (header.Info.Last, header.TotalSize, header.Checksum));
        Assert.Equal([3, 2], header.Blocks);
    }

    [Fact]
    public void Messages_must_be_written_and_read_as_they_were_frozen()
    {
        byte[] data = "state"u8.ToArray();
        InstallSnapshot install = new(new Term(4), 7, Info, 0x1122, 3, 8, data, Crc32C.Compute(data));
        InstallSnapshot read = Assert.IsType<InstallSnapshot>(Frozen(install, FrozenInstall));
        Assert.Equal((install.Term, install.Token, install.Id, install.Offset, install.TotalSize, true), (read.Term, read.Token, read.Id, read.Offset, read.TotalSize, read.IsLast));
        Assert.Equal(data, read.Data.ToArray());
        InstallSnapshotReply reply = new(new Term(4), 7, true, new LogIndex(9), 0x1122, 8, true);
        Assert.Equal(reply, Frozen(reply, FrozenReply));
    }

    [Fact]
    public void Every_flipped_bit_must_be_noticed()
    {
        foreach ((string manifest, string frozen) in (ReadOnlySpan<(string, string)>)[("S1", FrozenCompaction), ("S2", FrozenBlock), ("S3", FrozenHeader)])
        {
            for (int bit = 0; bit < frozen.Length * 4; bit++)
            {
                byte[] bytes = Convert.FromHexString(frozen);
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));

                // The reserved bytes of a block are the only ones that no checksum covers.
                if (manifest != "S2" || bit / 8 is 0 or > 3)
                {
                    Assert.IsType<UnreadableEvent>(_serializer.FromBinary(bytes, manifest));
                }
            }
        }
    }

    private object Frozen(string manifest, object value, string frozen)
    {
        Assert.Equal(manifest, _serializer.Manifest(value));
        Assert.Equal(frozen, Convert.ToHexString(_serializer.ToBinary(value)), ignoreCase: true);
        return _serializer.FromBinary(Convert.FromHexString(frozen), manifest);
    }

    private static PeerMessage Frozen(PeerMessage message, string frozen)
    {
        PeerFrame frame = PeerBody.Encode(message, new StreamId(6), new NodeId(1), new NodeId(2));
        Assert.Equal(frozen, Convert.ToHexString(frame.Bytes.Span), ignoreCase: true);
        Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? error), error);
        Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? read, out error), error);
        return read;
    }
}
