using Akka.Actor;
using RaftActors.Persistence;
using RaftActors.Remoting;

namespace RaftActors.Tests.Persistence;

/// <summary>Journal events and client messages: frozen bytes, and damaged bytes are recognized.</summary>
public sealed class JournalSerializerSpec : Akka.TestKit.Xunit2.TestKit
{
    private readonly JournalSerializer _journal;
    private readonly ClientMessageSerializer _client;

    public JournalSerializerSpec()
    {
        _journal = new JournalSerializer((ExtendedActorSystem)Sys);
        _client = new ClientMessageSerializer((ExtendedActorSystem)Sys);
    }

    [Fact]
    public void Term_must_be_written_and_read_as_it_was_frozen()
    {
        const string Frozen = "01000000" + "0700000000000000" + "03000000" + "bd320b44";
        JournaledEvent state = JournaledEvent.For(new TermState(new Term(7), new NodeId(3)));

        Assert.Equal("T1", _journal.Manifest(state));
        Assert.Equal(Frozen, Convert.ToHexString(_journal.ToBinary(state)), ignoreCase: true);
        Assert.Equal(new TermState(new Term(7), new NodeId(3)), Assert.IsType<JournaledTermState>(_journal.FromBinary(Convert.FromHexString(Frozen), "T1")).State);
    }

    [Fact]
    public void Entries_must_be_written_and_read_as_they_were_frozen()
    {
        const string Frozen =
            "01000000" + "1c000000" + "0200000000000000" + "0500000000000000" + "02000000" + "c56c9074"
            + "00010000" + "02000000" + "0600000000000000" + "6162"
            + "00000000" + "02000000" + "6364";
        EntryBatch batch = EntryBatch.Create(new Term(2), new LogIndex(5), [new ProposedEntry(EntryKind.Normal, "ab"u8.ToArray(), Key: 6), new ProposedEntry(EntryKind.Normal, "cd"u8.ToArray())]);
        JournaledEvent entries = JournaledEvent.For(new EntriesAppended(batch));

        Assert.Equal("E1", _journal.Manifest(entries));
        Assert.Equal(Frozen, Convert.ToHexString(_journal.ToBinary(entries)), ignoreCase: true);
        EntryBatch read = Assert.IsType<JournaledEntries>(_journal.FromBinary(Convert.FromHexString(Frozen), "E1")).Entries.Batch;
        Assert.Equal(batch.Encoded.ToArray(), read.Encoded.ToArray());
    }

    [Fact]
    public void Damaged_events_must_be_recognized()
    {
        foreach (RaftEvent raftEvent in (RaftEvent[])
        [
            new TermState(new Term(7), new NodeId(3)),
            new EntriesAppended(EntryBatch.Create(new Term(2), new LogIndex(5), [new ProposedEntry(EntryKind.Normal, new byte[40])])),
        ])
        {
            JournaledEvent journaled = JournaledEvent.For(raftEvent);
            string manifest = _journal.Manifest(journaled);
            byte[] good = [.. _journal.ToBinary(journaled)];
            for (int bit = 0; bit < good.Length * 8; bit++)
            {
                byte[] bad = [.. good];
                bad[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.IsType<UnreadableEvent>(_journal.FromBinary(bad, manifest));
            }

            Assert.IsType<UnreadableEvent>(_journal.FromBinary(good[..^1], manifest));
            Assert.IsType<UnreadableEvent>(_journal.FromBinary(good, "X9"));
        }
    }

    [Fact]
    public void Batch_must_go_to_the_journal_without_a_copy_when_it_is_an_array_of_its_own()
    {
        EntryBatch batch = EntryBatch.Create(new Term(2), new LogIndex(5), [new ProposedEntry(EntryKind.Normal, new byte[40])]);
        byte[] written = _journal.ToBinary(JournaledEvent.For(new EntriesAppended(batch)));

        Assert.True(batch.Encoded.Span.Overlaps(written));
    }

    [Fact]
    public void Committed_but_not_applied_must_be_written_as_it_was_frozen() => Assert.Equal(
        "06" + "0700000000000000" + "0300000000000000" + "02000000" + "6e6f",
        Convert.ToHexString(_client.ToBinary(new CommittedNotApplied(new LogIndex(7), new Term(3), "no"))),
        ignoreCase: true);

    [Fact]
    public void Proposals_and_cancellations_must_be_written_as_they_were_frozen()
    {
        const string Plain = "0500000000000000" + "0600000000000000" + "01" + "d007000000000000" + "616263";
        Propose propose = new("abc"u8.ToArray(), 5, new Term(6), Forward: true, TimeSpan.FromSeconds(2));
        Assert.Equal("P1", _client.Manifest(propose));
        Assert.Equal(Plain, Convert.ToHexString(_client.ToBinary(propose)), ignoreCase: true);
        Assert.Equal("P2", _client.Manifest(propose with { CancellationId = 9 }));
        Assert.Equal("0900000000000000" + Plain, Convert.ToHexString(_client.ToBinary(propose with { CancellationId = 9 })), ignoreCase: true);
        Assert.Equal("C1", _client.Manifest(new CancelProposal(9)));
        Assert.Equal("0900000000000000", Convert.ToHexString(_client.ToBinary(new CancelProposal(9))));
    }

    [Fact]
    public void Client_messages_must_give_back_what_went_in()
    {
        AssertSame(new Propose("abc"u8.ToArray(), 5, new Term(6), Forward: false, TimeSpan.FromSeconds(2)), (a, b) =>
        {
            Assert.Equal(a.Data.ToArray(), b.Data.ToArray());
            Assert.Equal(a with { Data = default }, b with { Data = default });
        });
        AssertSame(new Propose(default), (a, b) => Assert.Equal(a with { Data = default }, b with { Data = default }));
        AssertSame(new Propose("abc"u8.ToArray(), 5) { CancellationId = 77 }, (a, b) =>
        {
            Assert.Equal(a.Data.ToArray(), b.Data.ToArray());
            Assert.Equal(a with { Data = default }, b with { Data = default });
        });
        AssertSame(new CancelProposal(77), Assert.Equal);
        AssertSame(new Query("q"u8.ToArray(), ReadConsistency.Stale), (a, b) =>
        {
            Assert.Equal(a.Request.ToArray(), b.Request.ToArray());
            Assert.Equal(a with { Request = default }, b with { Request = default });
        });
        AssertSame(new ProposalCommitted(new LogIndex(5), new Term(6), "r"u8.ToArray()), (a, b) =>
        {
            Assert.Equal(a.Result.ToArray(), b.Result.ToArray());
            Assert.Equal(a with { Result = default }, b with { Result = default });
        });
        AssertSame(new NotLeader(new NodeId(5), "host:1"), Assert.Equal);
        AssertSame(new NotLeader(NodeId.None, null), Assert.Equal);
        AssertSame(new Overloaded("too much ü"), Assert.Equal);
        AssertSame(new OutcomeUnknown("lost"), Assert.Equal);
        AssertSame(new ProposalRefused(RefusalCode.TermChanged, "term"), Assert.Equal);
        AssertSame(new CommittedNotApplied(new LogIndex(7), new Term(3), "rolled back"), Assert.Equal);
        AssertSame(new ReadFailed("no leader", new NodeId(4), CanRetry: true), Assert.Equal);
        AssertSame(new ReadCompleted("r"u8.ToArray(), new LogIndex(8)), (a, b) =>
        {
            Assert.Equal(a.Result.ToArray(), b.Result.ToArray());
            Assert.Equal(a.AppliedIndex, b.AppliedIndex);
        });
    }

    [Fact]
    public void Extension_must_bind_its_serializers()
    {
        RaftStreams.Get(Sys);

        Assert.IsType<PeerFrameSerializer>(Sys.Serialization.FindSerializerForType(typeof(PeerFrame)));
        Assert.All(
            typeof(JournaledEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(JournaledEvent))),
            type => Assert.IsType<JournalSerializer>(Sys.Serialization.FindSerializerForType(type)));
        Assert.IsType<JournalSerializer>(Sys.Serialization.FindSerializerForType(typeof(JournaledEntries)));
        Assert.IsType<JournalSerializer>(Sys.Serialization.FindSerializerForType(typeof(JournaledTermState)));
        Assert.IsType<ClientMessageSerializer>(Sys.Serialization.FindSerializerForType(typeof(Propose)));
        Assert.IsType<ClientMessageSerializer>(Sys.Serialization.FindSerializerForType(typeof(ProposalCommitted)));
        Assert.IsType<ClientMessageSerializer>(Sys.Serialization.FindSerializerForType(typeof(ReadFailed)));
        Assert.IsType<ClientMessageSerializer>(Sys.Serialization.FindSerializerForType(typeof(OpenSession)));
    }

    private void AssertSame<T>(T message, Action<T, T> compare)
        where T : class
    {
        byte[] bytes = _client.ToBinary(message);
        compare(message, Assert.IsType<T>(_client.FromBinary(bytes, _client.Manifest(message))));
        for (int length = 0; length < bytes.Length; length++)
        {
            try
            {
                _client.FromBinary(bytes[..length], _client.Manifest(message));
            }
            catch (System.Runtime.Serialization.SerializationException)
            {
                // Too short to be one; what is long enough may be another message of the same kind.
            }
        }
    }
}
