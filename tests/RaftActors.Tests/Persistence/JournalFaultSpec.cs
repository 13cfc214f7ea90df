using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.TestKit;
using RaftActors.Persistence;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Persistence;

/// <summary>A journal that fails or rejects: the node stops, says why, acknowledges nothing more, and a restart recovers.</summary>
public sealed class JournalFaultSpec : PersistenceTestKit
{
    private static readonly NodeId Self = new(1);
    private readonly StreamId _stream = TestConfig.NewStream();

    public JournalFaultSpec()
        : base(ConfigurationFactory.ParseString(
            """
            akka.loglevel = OFF
            akka.test.single-expect-default = 30s
            raft-actors.stream-defaults { election-timeout-min = 150ms, election-timeout-max = 300ms, heartbeat-interval = 50ms }
            """))
    {
    }

    [Fact]
    public Task Failed_write_must_stop_the_node_and_acknowledge_nothing() => WriteFault(journal => journal.FailOnType<JournaledEntries>(), "failed to write");

    [Fact]
    public Task Rejected_write_must_stop_the_node_and_acknowledge_nothing() => WriteFault(journal => journal.RejectOnType<JournaledEntries>(), "rejected");

    [Fact]
    public async Task Failed_vote_must_stop_the_node_before_it_counts()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(StreamEvent));
        await WithJournalWrite(journal => journal.Fail(), async () =>
        {
            TestNode node = await StartAsync();
            StreamFailed failed = await FishForMessageAsync<StreamFailed>(_ => true, TimeSpan.FromSeconds(30));
            Assert.Equal(_stream, failed.Stream);
            Assert.IsType<ProposalRefused>(await node.Propose("x"));
        });
        Assert.False(HasMessages && ReceiveWhile<object>(TimeSpan.Zero, o => o).OfType<StreamRoleChanged>().Any(e => e.Role == Role.Leader));
    }

    [Fact]
    public async Task Failed_recovery_must_fail_the_start_with_its_reason()
    {
        TestNode node = await StartAsync();
        await node.Write("one");
        await RaftStreams.Get(Sys).StopStreamAsync(_stream);

        await WithJournalRecovery(journal => journal.Fail(), async () =>
        {
            StreamStartException e = await Assert.ThrowsAsync<StreamStartException>(StartAsync);
            Assert.Contains("could not be read", e.Message, StringComparison.Ordinal);
            StreamStatus status = await RaftStreams.Get(Sys).GetStream(_stream).GetStatusAsync();
            Assert.Equal(StreamHealth.Failed, status.Health);
        });

        TestNode again = await StartAsync();
        Assert.Equal("1", await again.Read("count"));
    }

    [Fact]
    public async Task Foreign_event_in_the_journal_must_fail_the_start_and_say_where()
    {
        TestNode node = await StartAsync();
        await node.Write("one");
        await RaftStreams.Get(Sys).StopStreamAsync(_stream);
        string id = $"raft-stream-{_stream}-node-1";
        IActorRef vandal = Sys.ActorOf(Akka.Actor.Props.Create(() => new Vandal(id)));
        vandal.Tell("graffiti", TestActor);
        long sequenceNr = await ExpectMsgAsync<long>();

        StreamStartException e = await Assert.ThrowsAsync<StreamStartException>(StartAsync);

        JournalCorruptException corrupt = Assert.IsType<JournalCorruptException>(e.InnerException);
        Assert.Equal((id, sequenceNr), (corrupt.PersistenceId, corrupt.SequenceNr));
        Assert.Contains("String", corrupt.Message, StringComparison.Ordinal);
    }

    private async Task WriteFault(Func<JournalWriteBehavior, Task> fault, string reason)
    {
        Sys.EventStream.Subscribe(TestActor, typeof(StreamFailed));
        TestNode node = await StartAsync();
        await node.Write("kept");
        RecordingStateMachine machine = node.Machine;
        await WithJournalWrite(fault, async () =>
        {
            ProposalAnswer[] lost = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => node.Propose($"lost-{i}")));
            Assert.All(lost, a => Assert.True(a is OutcomeUnknown or ProposalRefused { Code: RefusalCode.StreamFailed }, $"{a}"));

            StreamFailed failed = await ExpectMsgAsync<StreamFailed>();
            Assert.Contains(reason, failed.Reason, StringComparison.Ordinal);
            StreamStatus status = await node.Stream.GetStatusAsync();
            Assert.Equal(StreamHealth.Failed, status.Health);
            Assert.Contains(reason, status.FailureReason, StringComparison.Ordinal);
        });

        // The journal works again, but the node must not come back by itself.
        Assert.Equal(RefusalCode.StreamFailed, Assert.IsType<ProposalRefused>(await node.Propose("after")).Code);
        Assert.False(Assert.IsType<ReadFailed>(await node.Stream.ReadBarrierAsync(ReadConsistency.Stale)).CanRetry);
        Assert.Equal(["kept"], machine.Applied);
        await AwaitAssertAsync(() => Assert.Contains("shutdown", machine.Calls));

        TestNode again = await StartAsync();
        await again.Write("new");
        Assert.Equal("kept", again.Machine.Applied.First());
        Assert.Equal("new", again.Machine.Applied.Last());
        Assert.Equal("new", Encoding.UTF8.GetString(Assert.IsType<ReadCompleted>(await again.Stream.QueryAsync("last"u8.ToArray())).Result.Span));
    }

    private Task<TestNode> StartAsync() => TestNode.StartAsync(Sys, _stream, Self, [new Member(Self, MemberKind.Voter, "localhost:1")]);

    /// <summary>Writes into somebody else's journal.</summary>
    private sealed class Vandal(string persistenceId) : UntypedPersistentActor
    {
        public override string PersistenceId { get; } = persistenceId;

        protected override void OnRecover(object message)
        {
        }

        protected override void OnCommand(object message)
        {
            IActorRef sender = Sender;
            Persist(message, _ => sender.Tell(LastSequenceNr));
        }
    }
}
