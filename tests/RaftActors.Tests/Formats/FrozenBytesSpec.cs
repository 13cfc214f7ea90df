using Akka.Actor;
using Akka.Serialization;
using RaftActors.Administration;
using RaftActors.Remoting;
using RaftActors.Runtime;

namespace RaftActors.Tests.Formats;

/// <summary>
/// One sample of everything that goes over the wire, as bytes in FrozenBytes.txt. Nodes of different versions talk to each other: a line in that file never changes, and what is new gets a line of its own.
/// </summary>
public sealed class FrozenBytesSpec : Akka.TestKit.Xunit2.TestKit
{
    private static readonly NodeId From = new(1);
    private static readonly NodeId To = new(2);
    private static readonly StreamId Stream = new(0);
    private static readonly Dictionary<string, string> Frozen = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Formats", "FrozenBytes.txt"))
        .Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(": ", 2)).ToDictionary(p => p[0], p => p[1]);

    private static readonly StreamMembership Membership = new([new Member(From, MemberKind.Voter, "a:1"), new Member(To, MemberKind.Learner, "b:2")]);
    private static readonly SnapshotInfo Snapshot = new(new EntryId(new Term(2), new LogIndex(9)), Membership);

    private static readonly (string Name, PeerFrame Frame)[] Frames =
    [
        Message("RequestVote", new RequestVote(new Term(3), new EntryId(new Term(2), new LogIndex(9)), PreVote: false, Transfer: true)),
        Message("RequestVoteReply", new RequestVoteReply(new Term(3), new Term(3), PreVote: true, Granted: true)),
        Message("AppendEntries", new AppendEntries(new Term(2), 8, new EntryId(new Term(1), new LogIndex(4)), new LogIndex(3), [Batch()])),
        Message("AppendEntries without entries", new AppendEntries(new Term(2), 8, new EntryId(new Term(1), new LogIndex(4)), new LogIndex(3), [])),
        Message("AppendEntriesReply", new AppendEntriesReply(new Term(2), 8, true, new LogIndex(5))),
        Message("AppendEntriesReply refused", new AppendEntriesReply(new Term(2), 8, false, new LogIndex(5), new EntryId(new Term(1), new LogIndex(4)))),
        Message("ReadIndexRequest", new ReadIndexRequest(new Term(2), 0x1122334455667788)),
        Message("ReadIndexReply", new ReadIndexReply(new Term(2), 0x1122334455667788, true, new LogIndex(7))),
        Message("SnapshotBlock", new InstallSnapshot(new Term(3), 8, Snapshot, 0x1122334455667788, 2, 9, "abc"u8.ToArray(), Crc32C.Compute("abc"u8))),
        Message("SnapshotBlockReply", new InstallSnapshotReply(new Term(3), 8, true, new LogIndex(9), 0x1122334455667788, 5, false)),
        Message("TimeoutNow", new TimeoutNow(new Term(5))),
        Message("Introduction", new Introduction(new Term(5), 7, true, [new MemberMet(To, new EntryId(new Term(2), new LogIndex(9)), 0x1122334455667788)])),
        Message("RecoveryNotice", new RecoveryNotice(new Term(5), Membership)),
        ("ForwardPropose", ForwardBody.Encode([new ForwardedProposal(7, 5, new Term(6), TimeSpan.FromSeconds(1), "abc"u8.ToArray())], new Term(6), Stream, From, To)),
        ("ForwardSessionPropose", ForwardBody.Encode([new ForwardedProposal(7, 5, new Term(6), TimeSpan.FromSeconds(1), "abc"u8.ToArray()) { Session = new SessionSerial(9, 10) }], new Term(6), Stream, From, To, sessions: true)),
        ("ForwardReply", ForwardBody.Encode([.. Answers().Select((a, i) => ((ulong)i, a))], new Term(6), Stream, From, To)),
        ("ForwardInquiry", ForwardBody.EncodeInquiry([7, 8], 9, Stream, From, To)),
        ("UserMessage", UserMessageBody.Encode(7, "abc"u8, Stream, From, To)),
        ("Fragment", Fragments.Split(new PeerFrame(new byte[100]), 99, 7, Stream, From, To).First()),
        ("FragmentReceived", Fragments.Acknowledge([7, 0, 0, 0, 0, 0, 0, 0], Stream, From, To)),
        ("UnknownStream", PeerFrameHeader.Seal(new PeerFrameHeader(PeerFrameType.UnknownStream, From, To, Term.Zero, LogIndex.Zero, false, new StreamId(7)).Allocate(0))),
    ];

    private static readonly object[] Objects =
    [
        new Propose("abc"u8.ToArray(), 5, new Term(6), Forward: true, TimeSpan.FromSeconds(2)),
        new Propose("abc"u8.ToArray(), 5, new Term(6), Forward: true, TimeSpan.FromSeconds(2)) { CancellationId = 11 },
        new Propose("abc"u8.ToArray(), 5, new Term(6), Forward: true, TimeSpan.FromSeconds(2)) { Session = new SessionSerial(9, 10) },
        new CancelProposal(11),
        new Query("abc"u8.ToArray(), ReadConsistency.Stale, TimeSpan.FromSeconds(2)),
        .. Answers(),
        new CommittedNotApplied(new LogIndex(7), new Term(2), "why"),
        new ReadCompleted("abc"u8.ToArray(), new LogIndex(7)),
        new ReadFailed("why", To, true),
        new AdminRequest(AdminRequest.Status),
        new AdminReply(true, ["one", "two"]),
    ];

    [Fact]
    public void Every_type_of_frame_must_have_a_sample() =>
        Assert.Equal(Enum.GetNames<PeerFrameType>().Order(StringComparer.Ordinal), Frames.Select(f => f.Name.Split(' ')[0]).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Frames_must_stay_as_they_were_frozen()
    {
        foreach ((string name, PeerFrame frame) in Frames)
        {
            Compare($"frame {name}", Convert.ToHexString(frame.Bytes.Span));
            Assert.True(PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? error), error);
            Assert.Equal(Enum.Parse<PeerFrameType>(name.Split(' ')[0]), header.Type);
            if (name[0] is not ('F' or 'U'))
            {
                Assert.True(PeerBody.TryDecode(header, body, out PeerMessage? read, out error), error);
                Assert.Equal(frame.Bytes.ToArray(), PeerBody.Encode(read, Stream, From, To).Bytes.ToArray());
            }
        }
    }

    [Fact]
    public void Messages_of_clients_and_operators_must_stay_as_they_were_frozen()
    {
        ExtendedActorSystem system = (ExtendedActorSystem)Sys;
        SerializerWithStringManifest[] serializers = [new ClientMessageSerializer(system), new AdminSerializer(system)];
        foreach (object message in Objects)
        {
            SerializerWithStringManifest serializer = serializers[message is AdminRequest or AdminReply ? 1 : 0];
            string manifest = serializer.Manifest(message);
            byte[] bytes = serializer.ToBinary(message);
            Compare($"message {serializer.Identifier} {manifest} {message.GetType().Name}", Convert.ToHexString(bytes));
            Assert.Equal(bytes, serializer.ToBinary(serializer.FromBinary(bytes, manifest)));
        }
    }

    [Fact]
    public void Codes_of_refusals_must_stay_as_they_were_frozen()
    {
        string[] frozen =
        [
            "EntryTooLarge", "TermChanged", "StreamNotFound", "Stopping", "StateMachineFailed", "Invalid", "StreamFailed", "Cancelled", "SessionExpired", "SessionSerialTooOld", "SessionResultForgotten", "ReadOnly",
        ];
        Assert.Equal(frozen, Enum.GetNames<RefusalCode>());
        foreach (RefusalCode code in Enum.GetValues<RefusalCode>())
        {
            ProposalRefused refused = new(code, "late");
            byte[] bytes = new byte[AnswerCodec.Size(refused)];
            Assert.Equal(bytes.Length, AnswerCodec.Write(refused, bytes));
            Assert.Equal($"05{Array.IndexOf(frozen, code.ToString()):X2}040000006C617465", Convert.ToHexString(bytes));
            Assert.True(AnswerCodec.TryRead(bytes, out ProposalAnswer? read, out int length));
            Assert.Equal((refused, bytes.Length), (read, length));
        }
    }

    private static void Compare(string name, string actual) =>
        Assert.True(Frozen.TryGetValue(name, out string? frozen) && frozen == actual, $"{name}\n  frozen: {frozen ?? "(nothing)"}\n  now:    {actual}");

    private static (string Name, PeerFrame Frame) Message(string name, PeerMessage message) => (name, PeerBody.Encode(message, Stream, From, To));

    private static EntryBatch Batch() => EntryBatch.Create(new Term(2), new LogIndex(5), [new ProposedEntry(EntryKind.Normal, "ab"u8.ToArray(), Key: 6)]);

    private static ProposalAnswer[] Answers() =>
    [
        new ProposalCommitted(new LogIndex(7), new Term(2), "abc"u8.ToArray()),
        new NotLeader(To, "b:2"),
        new Overloaded("full"),
        new OutcomeUnknown("gone"),
        new ProposalRefused(RefusalCode.TermChanged, "late"),
    ];
}
