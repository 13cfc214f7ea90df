using Akka.Actor;
using RaftActors.Remoting;
using RaftActors.Runtime;
using RaftActors.Snapshots;

namespace RaftActors.Tests.Sessions;

/// <summary>What sessions leave on the wire and in snapshots: frozen bytes.</summary>
public sealed class SessionFrameSpec : Akka.TestKit.Xunit2.TestKit
{
    private const string Plain = "0500000000000000" + "0600000000000000" + "01" + "d007000000000000" + "616263";
    private readonly ClientMessageSerializer _client;

    public SessionFrameSpec() => _client = new ClientMessageSerializer((ExtendedActorSystem)Sys);

    [Fact]
    public void Forwarded_commands_of_sessions_must_be_written_and_read_as_they_were_frozen()
    {
        ForwardedProposal[] proposals =
        [
            new(7, 5, new Term(6), TimeSpan.FromSeconds(1), "abc"u8.ToArray()) { Session = new SessionSerial(9, 10) },
            new(8, 0, Term.Zero, TimeSpan.FromSeconds(1), SessionControl.Close(9).Encode()) { Kind = EntryKind.Session },
        ];
        const string Frozen =
            "02000000"
            + "0700000000000000" + "0500000000000000" + "0600000000000000" + "e8030000" + "03000000" + "00000000" + "0900000000000000" + "0a00000000000000" + "616263"
            + "0800000000000000" + "0000000000000000" + "0000000000000000" + "e8030000" + "14000000" + "06000000" + "0000000000000000" + "0000000000000000" + "0102000000000000000000000900000000000000";
        PeerFrame frame = ForwardBody.Encode(proposals, new Term(6), new StreamId(0), new NodeId(1), new NodeId(2), sessions: true);
        Assert.Equal(Frozen, Convert.ToHexString(frame.Bytes.Span[39..]), ignoreCase: true);
        Assert.Equal(16, frame.Bytes.Span[1]);

        Assert.True(ForwardBody.TryDecode(Convert.FromHexString(Frozen), sessions: true, out ForwardedProposal[]? read, out string? error), error);
        Assert.Equal(proposals.Select(p => (p.Token, p.Key, p.ExpectedTerm, p.Remaining, p.Kind, p.Session)), read.Select(p => (p.Token, p.Key, p.ExpectedTerm, p.Remaining, p.Kind, p.Session)));
        Assert.Equal(proposals.Select(p => p.Data.ToArray()), read.Select(p => p.Data.ToArray()));
    }

    [Theory] // A peer must not put entries of other kinds into the log, nor tell the time.
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(6)]
    public void Forwarded_entries_that_no_client_can_want_must_be_refused(int kind)
    {
        ForwardedProposal proposal = new(7, 0, Term.Zero, TimeSpan.FromSeconds(1), SessionControl.Clock(TimeSpan.FromHours(1)).Encode()) { Kind = (EntryKind)kind };
        PeerFrame frame = ForwardBody.Encode([proposal], Term.Zero, new StreamId(0), new NodeId(1), new NodeId(2), sessions: true);
        Assert.False(ForwardBody.TryDecode(frame.Bytes[39..], sessions: true, out ForwardedProposal[]? _, out string? error));
        Assert.Contains("sessions", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Messages_of_actors_must_be_written_and_read_as_they_were_frozen()
    {
        Propose propose = new("abc"u8.ToArray(), 5, new Term(6), Forward: true, TimeSpan.FromSeconds(2)) { Session = new SessionSerial(9, 10), CancellationId = 11 };
        Propose read = (Propose)Frozen("P3", propose, "0900000000000000" + "0a00000000000000" + "0b00000000000000" + Plain);
        Assert.Equal(propose with { Data = default }, read with { Data = default });
        Assert.Equal(propose.Data.ToArray(), read.Data.ToArray());
        foreach ((string manifest, SessionRequest request, string bytes) in new (string, SessionRequest, string)[]
        {
            ("S1", new OpenSession(), "ffffffffffffffff" + "ffffffffffffffff"),
            ("S1", new OpenSession(TimeSpan.FromDays(30), TimeSpan.FromSeconds(1)), "00c87e9a00000000" + "e803000000000000"),
            ("S2", new KeepSessionAlive(9), "0900000000000000" + "ffffffffffffffff"),
            ("S3", new CloseSession(ulong.MaxValue, TimeSpan.FromSeconds(1)), "ffffffffffffffff" + "e803000000000000"),
        })
        {
            Assert.Equal(request, Frozen(manifest, request, bytes));
        }
    }

    [Fact]
    public void Grant_must_be_written_and_read_as_it_was_frozen()
    {
        const string Frozen = "01000000" + "00010000" + "60ea000000000000";
        Assert.Equal(Frozen, Convert.ToHexString(SessionGrant.Encode(new SessionLimits(TimeSpan.FromMinutes(1), 1000, 256, 65536))), ignoreCase: true);
        SessionGrant grant = new(7, TimeSpan.FromMinutes(1), 256);
        Assert.Equal(grant, SessionGrant.Of(new ProposalCommitted(new LogIndex(7), new Term(1), Convert.FromHexString(Frozen + "ff"))));
        Assert.Null(SessionGrant.Of(new ProposalCommitted(new LogIndex(7), new Term(1), default)));
    }

    [Fact]
    public async Task Snapshot_content_must_be_written_and_read_as_it_was_frozen()
    {
        SessionTable table = new();
        using MemoryStream empty = new();
        SnapshotContent.WritePrefix(empty, table);
        Assert.Equal("0100000000000000", Convert.ToHexString(empty.ToArray()));
        empty.Position = 0;
        Assert.Equal(0, (await SnapshotContent.ReadPrefixAsync(empty)).Count);

        const string Frozen = "01000000" + "18000000" + "01000000" + "10000000" + "01000000" + "e803000000000000" + "00000000";
        table.Control(new LogIndex(1), SessionControl.Clock(TimeSpan.FromSeconds(1)));
        using MemoryStream content = new();
        SnapshotContent.WritePrefix(content, table);
        Assert.Equal(Frozen, Convert.ToHexString(content.ToArray()), ignoreCase: true);

        // A section of a later version stands in front and is skipped; what comes behind the part is the state machine's.
        byte[] later = Convert.FromHexString("01000000" + "22000000" + "09000000" + "02000000" + "abcd" + Frozen[16..] + "77");
        using MemoryStream source = new(later);
        Assert.Equal(TimeSpan.FromSeconds(1), (await SnapshotContent.ReadPrefixAsync(source)).LogTime);
        Assert.Equal(0x77, source.ReadByte());
        for (int length = 0; length < later.Length - 1; length++)
        {
            using MemoryStream cut = new(later, 0, length);
            await Assert.ThrowsAnyAsync<Exception>(() => SnapshotContent.ReadPrefixAsync(cut));
        }
    }

    private object Frozen(string manifest, object message, string bytes)
    {
        Assert.Equal(manifest, _client.Manifest(message));
        Assert.Equal(bytes, Convert.ToHexString(_client.ToBinary(message)), ignoreCase: true);
        return _client.FromBinary(Convert.FromHexString(bytes), manifest);
    }
}
