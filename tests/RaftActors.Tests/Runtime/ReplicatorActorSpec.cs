using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using RaftActors.Configuration;
using RaftActors.Remoting;
using RaftActors.Runtime;

namespace RaftActors.Tests.Runtime;

/// <summary>The channel to one peer: order, fragments, pauses, and what it does with what comes in.</summary>
public sealed class ReplicatorActorSpec : Akka.TestKit.Xunit2.TestKit
{
    private const int MaxFrame = 1024;

    private static readonly NodeId Me = new(1);
    private static readonly NodeId Peer = new(2);

    private readonly Wire _wire = new();
    private readonly PeerTraffic _traffic = new();
    private readonly StreamLink _link;
    private readonly IActorRef _replicator;

    public ReplicatorActorSpec()
        : base(ConfigurationFactory.ParseString("akka.loglevel = OFF").WithFallback(RaftSettings.Reference()))
    {
        RaftSettings settings = new(RaftSettings.Reference());
        Member peer = new(Peer, MemberKind.Voter, "peer:1");
        StreamDefinition definition = new()
        {
            Id = new StreamId(5),
            NodeId = Me,
            Members = [new Member(Me, MemberKind.Voter, "me:1"), peer],
            StateMachine = () => throw new InvalidOperationException(),
        };
        _link = new StreamLink(definition, settings.StreamDefaults) { Stream = TestActor };
        NodeEnvironment environment = new(settings, _wire, _traffic, new RaftClock(Sys.Scheduler, calendar: false), MaxFrame, string.Empty, string.Empty);

        // On the calling thread: when a tell returns, everything that follows from it has happened.
        _replicator = ActorOfAsTestActorRef<UntypedActor>(Props.Create(() => new ReplicatorActor(_link, peer, environment)).WithDispatcher(CallingThreadDispatcher.Id), TestActor);
    }

    [Fact]
    public void Messages_must_arrive_at_the_peer_as_frames()
    {
        RequestVote vote = new(new Term(2), EntryId.Zero, PreVote: false);
        _replicator.Tell(vote);

        Assert.True(PeerFrameHeader.TryRead(Assert.Single(_wire.Sent).Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out _));
        Assert.Equal((Me, Peer, new StreamId(5)), (header.Source, header.Destination, header.Stream));
        Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? message, out _));
        Assert.Equal(vote, message);
        Assert.Equal(1, _traffic.Read().FramesSent);
    }

    [Fact]
    public void Large_appends_must_be_split_and_paced_and_later_entries_must_not_overtake_them()
    {
        _replicator.Tell(Append(1, 20_000));
        Assert.Equal(8, _wire.Sent.Count);
        _replicator.Tell(Append(2, 10));
        Assert.Equal(8, _wire.Sent.Count);

        // Heartbeats do not wait behind entries.
        _replicator.Tell(new AppendEntries(new Term(1), 3, EntryId.Zero, LogIndex.Zero, []));
        Assert.Equal(PeerFrameType.AppendEntries, TypeOf(_wire.Sent[8]));

        for (int i = 0; i < 30; i++)
        {
            In(PeerHeader(PeerFrameType.FragmentReceived));
        }

        Assert.All(_wire.Sent, f => Assert.True(f.Bytes.Length <= MaxFrame));
        PeerFrame[] rest = [.. _wire.Sent.Skip(9)];
        Assert.All(rest.SkipLast(1), f => Assert.Equal(PeerFrameType.Fragment, TypeOf(f)));
        Assert.Equal(PeerFrameType.AppendEntries, TypeOf(rest[^1]));
        FragmentAssembler assembler = new(100_000, 1);
        PeerFrame? whole = null;
        foreach (PeerFrame fragment in _wire.Sent.Where(f => TypeOf(f) == PeerFrameType.Fragment))
        {
            Assert.True(PeerFrameHeader.TryRead(fragment.Bytes, out _, out ReadOnlyMemory<byte> body, out _));
            Assert.True(assembler.TryAdd(body.Span, out whole, out _));
        }

        Assert.NotNull(whole);
    }

    [Fact]
    public void Frames_of_the_peer_must_become_inputs_of_the_node()
    {
        AppendEntriesReply reply = new(new Term(1), 9, Accepted: true, new LogIndex(4));
        In(PeerBody.Encode(reply, new StreamId(5), Peer, Me));
        Assert.Equal(new RaftInput.Received(Peer, reply), ExpectMsg<RaftInput.Received>());

        PeerFrame large = PeerBody.Encode(Append(1, 50_000), new StreamId(5), Peer, Me);
        foreach (PeerFrame fragment in Fragments.Split(large, MaxFrame, 77, new StreamId(5), Peer, Me))
        {
            In(fragment);
        }

        // Each fragment is acknowledged, or the sender would wait.
        Assert.Equal(Fragments.Split(large, MaxFrame, 77, new StreamId(5), Peer, Me).Count(), _wire.Sent.Count(f => TypeOf(f) == PeerFrameType.FragmentReceived));
        AppendEntries read = Assert.IsType<AppendEntries>(ExpectMsg<RaftInput.Received>().Message);
        Assert.Equal(50_000, read.Batches[0].Single().Data.Length);
    }

    [Fact]
    public void Frames_that_cannot_be_believed_must_be_counted_and_dropped()
    {
        PeerFrame good = PeerBody.Encode(new ReadIndexRequest(new Term(1), 1), new StreamId(5), Peer, Me);
        byte[] damaged = good.Bytes.ToArray();
        damaged[^1] ^= 1;
        In(new PeerFrame(damaged));
        In(PeerBody.Encode(new ReadIndexRequest(new Term(1), 1), new StreamId(5), new NodeId(3), Me));
        In(PeerBody.Encode(new ReadIndexRequest(new Term(1), 1), new StreamId(5), Peer, new NodeId(3)));
        In(PeerBody.Encode(new ReadIndexRequest(new Term(1), 1), new StreamId(6), Peer, Me));
        In(PeerHeader(PeerFrameType.SnapshotBlock));

        ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(5, _traffic.Read().BadFrames);
        In(good);
        ExpectMsg<RaftInput.Received>();
    }

    [Fact]
    public void Lost_connection_must_be_reported_and_entries_must_pause_but_not_votes()
    {
        _replicator.Tell(PeerConnectionChange.Lost);
        Assert.False(ExpectMsg<PeerReachability>().Reachable);
        _replicator.Tell(Append(1, 10));
        Assert.Empty(_wire.Sent);
        _replicator.Tell(new RequestVote(new Term(2), EntryId.Zero, PreVote: true));
        Assert.Single(_wire.Sent);

        _replicator.Tell(PeerConnectionChange.Open);
        Assert.True(ExpectMsg<PeerReachability>().Reachable);
        _replicator.Tell(Append(1, 10));
        Assert.Equal(2, _wire.Sent.Count);
    }

    [Fact]
    public void Append_to_all_must_go_as_it_is_to_a_peer_that_takes_it_and_addressed_to_others()
    {
        AppendEntriesReply yes = new(new Term(1), 9, Accepted: true, new LogIndex(4));
        PeerFrame frame = new(new byte[] { 1, 2, 3 });
        AppendToAll append = new(Append(1, 10), frame);
        byte[] addressed = PeerBody.Encode(append.Append, new StreamId(5), Me, Peer, _link.Identity).Bytes.ToArray();

        // It has not said that it takes it; then it has; a later answer without it is one of an older version.
        Check(taken: false);
        In(PeerBody.EncodeTakesUnaddressed(yes, new StreamId(5), Peer, Me, default));
        Check(taken: true);
        In(PeerBody.Encode(yes with { Accepted = false }, new StreamId(5), Peer, Me));
        Check(taken: true);
        In(PeerBody.Encode(yes, new StreamId(5), Peer, Me));
        Check(taken: false);

        // Who comes back may be of another version too.
        In(PeerBody.EncodeTakesUnaddressed(yes, new StreamId(5), Peer, Me, default));
        Check(taken: true);
        _replicator.Tell(PeerConnectionChange.Lost);
        _replicator.Tell(append);
        Assert.Empty(_wire.Sent);
        _replicator.Tell(PeerConnectionChange.Open);
        Check(taken: false);

        void Check(bool taken)
        {
            _wire.Sent.Clear();
            _replicator.Tell(append);
            PeerFrame sent = Assert.Single(_wire.Sent);
            Assert.Equal(taken, ReferenceEquals(frame, sent));
            Assert.True(taken || addressed.AsSpan().SequenceEqual(sent.Bytes.Span));
            _wire.Sent.Clear();
        }
    }

    [Fact]
    public void Own_answers_must_say_that_appends_to_all_are_taken()
    {
        AppendEntriesReply yes = new(new Term(1), 9, Accepted: true, new LogIndex(4));
        _replicator.Tell(yes);
        Assert.True(PeerFrameHeader.TryRead(Assert.Single(_wire.Sent).Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out _));
        Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? message, out _));
        Assert.Equal(yes, message);
        Assert.True(PeerBody.TakesUnaddressed(body.Span));
    }

    [Fact]
    public void Append_to_all_must_be_taken_from_the_peer_itself_only()
    {
        AppendEntries append = Append(1, 10);
        append = append with { Batches = [EntryBatch.Create(new Term(1), new LogIndex(1), [new ProposedEntry(EntryKind.Normal, new byte[10])], PeerBody.RoomOfAppend)] };
        PeerFrame frame = PeerBody.EncodeInPlace(append, new StreamId(5), Peer, default)!;
        _wire.Stranger = CreateTestProbe().Ref;
        _replicator.Tell(new InboundFrame(frame), _wire.Stranger);
        ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(1, _traffic.Read().BadFrames);

        In(frame);
        AppendEntries read = Assert.IsType<AppendEntries>(ExpectMsg<RaftInput.Received>().Message);
        Assert.Equal(append.Batches[0].Encoded.ToArray(), read.Batches[0].Encoded.ToArray());

        // The same frame says nothing to the channel of another peer.
        append = append with { Batches = [EntryBatch.Create(new Term(1), new LogIndex(1), [new ProposedEntry(EntryKind.Normal, new byte[10])], PeerBody.RoomOfAppend)] };
        In(PeerBody.EncodeInPlace(append, new StreamId(5), new NodeId(3), default)!);
        ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(2, _traffic.Read().BadFrames);
    }

    [Fact]
    public void Forwarded_proposals_must_be_handed_on_once_and_answered_together()
    {
        ForwardedProposal[] proposals = [new(11, 5, new Term(0), TimeSpan.FromSeconds(1), "a"u8.ToArray()), new(12, 0, new Term(0), TimeSpan.FromSeconds(1), "b"u8.ToArray())];
        PeerFrame frame = ForwardBody.Encode(proposals, new Term(1), new StreamId(5), Peer, Me);
        In(frame);
        In(frame);
        PeerProposal first = ExpectMsg<PeerProposal>();
        PeerProposal second = ExpectMsg<PeerProposal>();
        ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(("a", 5UL), (System.Text.Encoding.UTF8.GetString(first.Data.Span), first.Key));

        first.Commit(new LogIndex(8), new Term(1));
        second.Answer(new Overloaded("no"));

        (ulong, ProposalAnswer)[] answers = [.. _wire.Sent.SelectMany(f =>
        {
            PeerFrameHeader.TryRead(f.Bytes, out _, out ReadOnlyMemory<byte> body, out _);
            Assert.True(ForwardBody.TryDecode(body, out (ulong, ProposalAnswer)[]? read, out _));
            return read;
        })];
        Assert.Equal([11UL, 12UL], answers.Select(a => a.Item1));
        Assert.Equal(new LogIndex(8), Assert.IsType<ProposalCommitted>(answers[0].Item2).Index);
        Assert.IsType<Overloaded>(answers[1].Item2);
    }

    private static PeerFrame PeerHeader(PeerFrameType type) =>
        PeerFrameHeader.Seal(new PeerFrameHeader(type, Peer, Me, Term.Zero, LogIndex.Zero, false, new StreamId(5)).Allocate(0));

    private static PeerFrameType TypeOf(PeerFrame frame)
    {
        Assert.True(PeerFrameHeader.TryReadRoute(frame.Bytes.Span, out PeerFrameHeader header, out _));
        return header.Type;
    }

    private static AppendEntries Append(long index, int size) => new(
        new Term(1),
        (ulong)index,
        new EntryId(new Term(index == 1 ? 0 : 1), new LogIndex(index - 1)),
        LogIndex.Zero,
        [EntryBatch.Create(new Term(1), new LogIndex(index), [new ProposedEntry(EntryKind.Normal, new byte[size])])]);

    [Fact]
    public void Frames_that_carry_the_peers_id_but_come_from_elsewhere_must_not_be_believed()
    {
        _wire.Stranger = CreateTestProbe().Ref;
        PeerFrame vote = PeerBody.Encode(new RequestVote(new Term(2), EntryId.Zero, PreVote: false), new StreamId(5), Peer, Me);
        _replicator.Tell(new InboundFrame(vote), _wire.Stranger);
        ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(1, _traffic.Read().BadFrames);

        _replicator.Tell(new InboundFrame(vote), ActorRefs.Nobody);
        ExpectMsg<RaftInput.Received>();
    }

    private void In(PeerFrame frame) => _replicator.Tell(new InboundFrame(frame));

    private sealed class Wire : IPeerTransport, IPeerConnection
    {
        public List<PeerFrame> Sent { get; } = [];

        public IActorRef? Stranger { get; set; }

        public int MaxFrameBytes => MaxFrame;

        public void Start(IActorRef receiver)
        {
        }

        public string? WhyNot(string address) => null;

        public IPeerConnection Connect(string address) => this;

        public void Send(PeerFrame frame) => Sent.Add(frame);

        public bool IsPeer(IActorRef sender) => !sender.Equals(Stranger);

        public void Subscribe(IActorRef subscriber)
        {
        }

        public void Unsubscribe(IActorRef subscriber)
        {
        }

        public PeerConnectionChange Interpret(object message) => message is PeerConnectionChange change ? change : PeerConnectionChange.None;
    }
}
