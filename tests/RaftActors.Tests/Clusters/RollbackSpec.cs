using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>A state machine that fails on some entries and says exactly which ones it has not applied.</summary>
public sealed class RollbackSpec
{
    private static readonly NodeId Self = new(1);

    [Fact]
    public async Task Entries_in_front_of_the_rollback_must_be_applied_and_those_behind_it_answered_as_committed_only()
    {
        await using TestNode node = await StartAsync(m => m.RollBackOn = "bad");
        await node.Write("one");
        RecordingStateMachine machine = node.Machine;
        machine.Gate.Reset();
        Task<ProposalAnswer> blocked = node.Propose("two");
        await node.Until(s => s.CommitIndex > s.AppliedIndex);

        // These wait together, so they become one batch, and one call.
        Task<ProposalAnswer>[] together = [node.Propose("three"), node.Propose("bad"), node.Propose("four"), node.Propose("five")];
        await node.Until(s => s.CommitIndex - s.AppliedIndex >= 5);
        machine.Gate.Set();

        Assert.IsType<ProposalCommitted>(await blocked);
        ProposalCommitted three = Assert.IsType<ProposalCommitted>(await together[0]);
        for (int i = 1; i < together.Length; i++)
        {
            CommittedNotApplied answer = Assert.IsType<CommittedNotApplied>(await together[i]);
            Assert.Equal(three.Index + i, answer.Index);
            Assert.Equal(three.Term, answer.Term);
        }

        StreamStatus status = await node.Until(s => s.Health == StreamHealth.Failed);
        Assert.Equal(three.Index, status.AppliedIndex);
        Assert.Equal(three.Index + 3, status.CommitIndex);
        Assert.Contains("told to roll back", status.FailureReason, StringComparison.Ordinal);
        Assert.Equal(["one", "two", "three"], machine.Applied);
        Assert.Single(machine.Calls, "error");
        Assert.Equal(RefusalCode.StateMachineFailed, Assert.IsType<ProposalRefused>(await node.Propose("after")).Code);
    }

    [Fact]
    public async Task Restart_must_apply_again_from_the_rollback_on()
    {
        await using TestNode node = await StartAsync(m => m.RollBackOn = "bad");
        await node.Write("one");
        CommittedNotApplied answer = Assert.IsType<CommittedNotApplied>(await node.Propose("bad"));
        await RaftStreams.Get(node.System).StopStreamAsync(node.Stream.Id);

        TestNode again = await TestNode.StartAsync(node.System, node.Stream.Id, Self, node.Stream.Definition.Members);
        await again.Until(s => s.IsReady && s.AppliedIndex > answer.Index);
        Assert.Equal(["one", "bad"], again.Machine.Applied);
        await again.Write("two");
    }

    [Fact]
    public async Task Rollback_at_the_leader_must_let_another_lead_who_applies_the_entry()
    {
        ConcurrentQueue<StreamEvent> events = new();
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(ConfigurationFactory.ParseString("akka.loglevel = OFF"));
        TestNode leader = await cluster.Leader();
        await leader.Write("one");
        await cluster.Converged();
        leader.System.EventStream.Subscribe(leader.System.ActorOf(Props.Create(() => new Listener(events))), typeof(StreamFailed));
        leader.Machine.RollBackOn = "bad";

        CommittedNotApplied answer = Assert.IsType<CommittedNotApplied>(await leader.Propose("bad"));

        TestNode next = await cluster.Leader(other: leader);
        await next.Until(s => s.AppliedIndex >= answer.Index);
        Assert.Equal(["one", "bad"], next.Machine.Applied);
        await next.Write("two");

        // It keeps the log and votes, without applying anything.
        StreamStatus failed = await leader.Until(s => s.CommitIndex > answer.Index);
        Assert.Equal(new LogIndex(answer.Index.Value - 1), failed.AppliedIndex);
        Assert.Equal(["error", "leader-stop"], leader.Machine.Calls.TakeLast(2));
        Assert.Contains("rolled back", Assert.Single(events.OfType<StreamFailed>()).Reason, StringComparison.Ordinal);
        await cluster.Stop(cluster.Nodes.First(n => n != leader && n != next).Stream.NodeId);
        await next.Write("three");
    }

    [Fact]
    public async Task Forwarded_proposal_that_is_rolled_back_must_be_answered_over_the_wire()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(ConfigurationFactory.ParseString("akka.loglevel = OFF"));
        TestNode leader = await cluster.Leader();
        await leader.Write("one");
        TestNode follower = await cluster.Follower();
        leader.Machine.RollBackOn = "bad";

        CommittedNotApplied answer = Assert.IsType<CommittedNotApplied>(await follower.Propose("bad"));

        Assert.Contains("told to roll back", answer.Reason, StringComparison.Ordinal);
        await follower.Until(s => s.AppliedIndex >= answer.Index);
        Assert.Equal("2", await follower.Read("count", ReadConsistency.Stale));
    }

    [Fact]
    public async Task Rollback_must_be_refused_outside_of_the_call_and_for_entries_that_are_not_in_it()
    {
        Misuse misuse = new();
        ActorSystem system = ActorSystem.Create("rollback", TestConfig.Fast);
        try
        {
            RaftStream stream = await Start(system, () => misuse);
            Assert.IsType<ProposalCommitted>(await stream.ProposeAsync("one"u8.ToArray()));
            Assert.IsType<ProposalCommitted>(await stream.ProposeAsync("two"u8.ToArray()));
            Assert.Equal(["ArgumentOutOfRangeException", "ArgumentOutOfRangeException", "ArgumentOutOfRangeException", "InvalidOperationException"], misuse.Thrown.Take(4));
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Fact]
    public async Task The_earliest_of_several_rollbacks_must_count_and_an_exception_behind_it_must_not()
    {
        ActorSystem system = ActorSystem.Create("rollback", ConfigurationFactory.ParseString("akka.loglevel = OFF").WithFallback(TestConfig.Fast));
        try
        {
            RaftStream stream = await Start(system, () => new Twice());
            Assert.IsType<CommittedNotApplied>(await stream.ProposeAsync("any"u8.ToArray()));

            // The client is answered by the state machine's actor, and the status by the node, which hears of the failure right behind that.
            StreamStatus status = await stream.GetStatusAsync();
            for (DateTime end = DateTime.UtcNow.AddSeconds(30); status.FailureReason is null && DateTime.UtcNow < end;)
            {
                await Task.Delay(10);
                status = await stream.GetStatusAsync();
            }

            Assert.Contains("earlier", status.FailureReason, StringComparison.Ordinal);
        }
        finally
        {
            await system.Terminate();
        }
    }

    private static Task<RaftStream> Start(ActorSystem system, Func<IStateMachine> machine) => RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
    {
        Id = TestConfig.NewStream(),
        NodeId = Self,
        Members = [new Member(Self, MemberKind.Voter, "localhost:1")],
        StateMachine = machine,
    });

    private static Task<TestNode> StartAsync(Action<RecordingStateMachine> prepare) => TestNode.StartAsync(
        TestConfig.NewStream(),
        Self,
        [new Member(Self, MemberKind.Voter, "localhost:1")],
        ConfigurationFactory.ParseString("akka.loglevel = OFF"),
        prepare: prepare);

    private sealed class Twice : IStateMachine
    {
        public void Apply(CommittedEntries entries)
        {
            entries.RollBack(1, new InvalidOperationException("earlier"));
            entries.RollBackFrom(entries.Last, new InvalidOperationException("later"));
            throw new InvalidOperationException("thrown");
        }
    }

    private sealed class Misuse : IStateMachine
    {
        private CommittedEntries? _last;

        public List<string> Thrown { get; } = [];

        public void Apply(CommittedEntries entries)
        {
            if (_last is not null)
            {
                Try(() => entries.RollBack(0, new InvalidOperationException()));
                Try(() => entries.RollBack(entries.Count + 1, new InvalidOperationException()));
                Try(() => entries.RollBackFrom(entries.Last.Next, new InvalidOperationException()));
                Try(() => _last.RollBack(1, new InvalidOperationException()));
            }

            _last = entries;
        }

        private void Try(Action action)
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                Thrown.Add(e.GetType().Name);
            }
        }
    }

    private sealed class Listener(ConcurrentQueue<StreamEvent> events) : UntypedActor
    {
        protected override void OnReceive(object message) => events.Enqueue((StreamEvent)message);
    }
}
