using Akka.Actor;
using Akka.Configuration;
using RaftActors.Runtime;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Runtime;

/// <summary>What becomes of a stream when one of its actors ends or throws.</summary>
public sealed class SupervisionSpec
{
    private static readonly NodeId Self = new(1);
    private static readonly ProposeOptions Patient = new() { Timeout = TimeSpan.FromMinutes(1) };

    // Shorter than what clients would wait: only an answer may end the wait.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Node_that_ends_must_be_made_anew_and_its_clients_must_be_answered()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        RecordingStateMachine first = node.Machine;
        first.Gate.Reset();
        Task<ProposalAnswer> open = node.Propose("open", new ProposeOptions { Timeout = TimeSpan.FromMinutes(1) });
        await node.Until(s => s.CommitIndex > s.AppliedIndex);

        IActorRef actor = await Child(node, "node");
        node.System.Stop(actor);
        first.Gate.Set();

        Assert.True(await open.WaitAsync(Patience) is OutcomeUnknown or ProposalCommitted);
        await node.Until(s => s.IsReady && s.AppliedIndex == s.LastEntry.Index);
        Assert.NotSame(first, node.Machine);
        Assert.Equal("2", await node.Read("count"));
        await node.Write("two");
    }

    [Fact]
    public async Task Node_that_throws_must_be_made_anew()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");

        // No node asked for this write, so confirming it breaks an invariant of the core.
        (await Child(node, "node")).Tell(new RaftInput.Durable(new JournalMark(long.MaxValue)));

        await node.Until(s => s.Role == Role.Leader && s.Term.Value > 1 && s.IsReady);
        Assert.Equal("1", await node.Read("count"));
        await node.Write("two");
    }

    [Fact]
    public async Task Node_that_is_made_anew_must_be_in_read_only_mode_still()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        await node.Stream.EnterReadOnlyModeAsync();

        (await Child(node, "node")).Tell(new RaftInput.Durable(new JournalMark(long.MaxValue)));

        await node.Until(s => s.Role == Role.Leader && s.Term.Value > 1 && s.IsReady && s.IsReadOnly);
        Assert.Equal(RefusalCode.ReadOnly, Assert.IsType<ProposalRefused>(await node.Propose("two")).Code);
        Assert.Equal("1", await node.Read("count"));
        await node.Stream.LeaveReadOnlyModeAsync();
        await node.Write("two");
    }

    [Theory]
    [InlineData("node/election")]
    [InlineData("node/replicator-2")]
    public async Task Rebuildable_child_that_throws_must_be_restarted_without_harm(string path)
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(brief: true);
        TestNode node = await cluster.Leader();
        if (path.EndsWith("-2", StringComparison.Ordinal) && node.Stream.NodeId == new NodeId(2))
        {
            path = "node/replicator-3";
        }

        await node.Write("one");
        for (int i = 0; i < 3; i++)
        {
            (await Child(node, path)).Tell(Kill.Instance);
            await node.Write($"after {i}");
        }

        await cluster.Converged();
        Assert.Equal(StreamHealth.Healthy, (await node.Stream.GetStatusAsync()).Health);

        // Its timers must be alive: without heartbeats the others would elect somebody else.
        await cluster.Stop(node.Stream.NodeId);
        await (await cluster.Leader()).Write("last");
    }

    [Fact]
    public async Task Election_actor_of_a_follower_must_have_its_timer_again_after_a_restart()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(brief: true);
        TestNode leader = await cluster.Leader();
        foreach (TestNode node in cluster.Nodes.Where(n => n != leader))
        {
            (await Child(node, "node/election")).Tell(Kill.Instance);
        }

        await cluster.Stop(leader.Stream.NodeId);
        await (await cluster.Leader()).Write("elected");
    }

    [Fact]
    public async Task Journal_actor_that_ends_must_fail_the_stream()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");

        node.System.Stop(await Child(node, "node/log"));

        StreamStatus status = await MustFail(node, RefusalCode.StreamFailed);
        Assert.Contains("journal", status.FailureReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_machine_actor_that_ends_must_put_the_stream_into_its_error_state()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");

        node.System.Stop(await Child(node, "node/fsm-caller"));

        await MustFail(node, RefusalCode.StateMachineFailed);
    }

    [Fact]
    public async Task Journal_actor_that_throws_must_fail_the_stream_and_a_new_start_must_recover()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        node.Machine.Gate.Reset();
        Task<ProposalAnswer> open = node.Propose("two", Patient);
        await node.Until(s => s.CommitIndex > s.AppliedIndex);

        (await Child(node, "node/log")).Tell(Kill.Instance);

        await node.Until(s => s.Health == StreamHealth.Failed);
        node.Machine.Gate.Set();
        Assert.True(await open.WaitAsync(Patience) is OutcomeUnknown or ProposalCommitted);
        TestNode again = await TestNode.StartAsync(node.System, node.Stream.Id, Self, node.Stream.Definition.Members);
        await again.Until(s => s.IsReady && s.AppliedIndex == s.LastEntry.Index);
        Assert.Equal(["one", "two"], again.Machine.Applied);
    }

    [Fact]
    public async Task State_machine_actor_that_throws_must_answer_whoever_waits_and_leave_the_member_a_voter()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(ConfigurationFactory.ParseString("akka.loglevel = OFF"), ConfigurationFactory.ParseString("client-timeout = 1m"), brief: true);
        TestNode leader = await cluster.Leader();
        await leader.Write("one");
        leader.Machine.Gate.Reset();
        Task<ProposalAnswer> write = leader.Propose("two", Patient);
        await leader.Until(s => s.CommitIndex > s.AppliedIndex);
        Task<ReadAnswer> read = leader.Stream.ReadBarrierAsync();
        Task<SnapshotAnswer> snapshot = leader.Stream.TakeSnapshotAsync();

        leader.System.ActorSelection($"/user/raft/stream-{cluster.Stream}/node/fsm-caller").Tell(Kill.Instance);
        leader.Machine.Gate.Set();

        Assert.True(await write.WaitAsync(Patience) is OutcomeUnknown or ProposalCommitted);
        await read.WaitAsync(Patience);
        await snapshot.WaitAsync(Patience);
        await leader.Until(s => s.Health == StreamHealth.Failed);
        TestNode next = await cluster.Leader(other: leader);
        await cluster.Stop(cluster.Nodes.First(n => n != leader && n != next).Stream.NodeId);
        await next.Write("three");
    }

    [Fact]
    public async Task Callback_that_throws_must_put_the_stream_into_its_error_state()
    {
        await using TestNode node = await StartAsync(m => m.FailOnLeaderStart = true);
        StreamStatus status = await MustFail(node, RefusalCode.StateMachineFailed);
        Assert.Contains("told to fail", status.FailureReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snapshot_actor_that_throws_must_be_restarted_and_whoever_waits_be_told()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        TaskCompletionSource gate = new();
        node.Machine.SaveGate = gate.Task;
        Task<SnapshotAnswer> snapshot = node.Stream.TakeSnapshotAsync();

        // Behind the request, in the node's own order.
        await node.Stream.GetStatusAsync();
        (await Child(node, "node/snapshots")).Tell(Kill.Instance);

        Assert.IsType<SnapshotFailed>(await snapshot.WaitAsync(Patience));
        gate.SetResult();
        await node.Write("two");
        Assert.Equal(StreamHealth.Healthy, (await node.Stream.GetStatusAsync()).Health);
    }

    [Theory]
    [InlineData("node/election")]
    [InlineData("node/replicator-2")]
    [InlineData("node/snapshots")]
    public async Task Child_that_throws_too_often_must_have_its_node_made_anew(string path)
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(ConfigurationFactory.ParseString("akka.loglevel = OFF"), brief: true);
        await cluster.Leader();
        TestNode node = cluster[new NodeId(1)];
        RecordingStateMachine first = node.Machine;
        IActorRef child = await Child(node, path);
        for (int i = 0; i < 12; i++)
        {
            child.Tell(Kill.Instance);
        }

        await node.Until(_ => node.Machine != first);
        await (await cluster.Leader()).Write("after");
        await cluster.Converged();
        Assert.Equal(StreamHealth.Healthy, (await node.Stream.GetStatusAsync()).Health);
    }

    [Fact]
    public async Task Supervisor_of_all_streams_that_throws_must_keep_them()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        RecordingStateMachine first = node.Machine;

        // No stream: what the supervisor does with it throws.
        TaskCompletionSource started = new();
        node.System.ActorSelection("/user/raft").Tell(new AddStream(null!, started), ActorRefs.NoSender);

        await Assert.ThrowsAsync<RaftActorsException>(() => started.Task.WaitAsync(Patience));
        await node.Write("two");
        Assert.Same(first, node.Machine);
        await RaftStreams.Get(node.System).StopStreamAsync(node.Stream.Id).WaitAsync(Patience);
        Assert.Empty(RaftStreams.Get(node.System).Streams);
    }

    [Fact]
    public async Task Supervisor_of_all_streams_that_was_killed_must_leave_nobody_waiting()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        node.Machine.Gate.Reset();
        Task<ProposalAnswer> open = node.Propose("two", Patient);
        await node.Until(s => s.CommitIndex > s.AppliedIndex);
        RaftStreams streams = RaftStreams.Get(node.System);

        streams.Supervisor.Tell(Kill.Instance);
        Task stop = streams.StopStreamAsync(node.Stream.Id);

        node.Machine.Gate.Set();
        Assert.True(await open.WaitAsync(Patience) is OutcomeUnknown or ProposalCommitted);
        await Task.WhenAny(stop).WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<RaftActorsException>(() => streams.StopStreamAsync(node.Stream.Id).WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<RaftActorsException>(() => TestNode.StartAsync(node.System, TestConfig.NewStream(), Self, node.Stream.Definition.Members).WaitAsync(Patience));
        Assert.IsType<ProposalRefused>(await node.Propose("three", Patient).WaitAsync(Patience));
    }

    [Fact]
    public async Task Stream_that_was_killed_must_be_startable_again()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        node.Stream.Ref.Tell(Kill.Instance);
        await node.Until(s => s.Health == StreamHealth.Stopped);

        TestNode again = await TestNode.StartAsync(node.System, node.Stream.Id, Self, node.Stream.Definition.Members);
        await again.Write("two");
        Assert.Equal(["one", "two"], again.Machine.Applied);
    }

    [Fact]
    public async Task Requests_to_a_stream_that_was_killed_must_be_answered()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        Task<ProposalAnswer>[] open = [.. Enumerable.Range(0, 100).Select(i => node.Propose($"{i}", new ProposeOptions { Timeout = TimeSpan.FromMinutes(1) }))];

        node.Stream.Ref.Tell(Kill.Instance);
        Task<ProposalAnswer>[] late = [.. Enumerable.Range(0, 100).Select(i => node.Propose($"late {i}", new ProposeOptions { Timeout = TimeSpan.FromMinutes(1) }))];

        await Task.WhenAll(open.Concat(late)).WaitAsync(Patience);
    }

    /// <summary>The stream fails, and says so to whoever proposes.</summary>
    private static async Task<StreamStatus> MustFail(TestNode node, RefusalCode code)
    {
        StreamStatus status = await node.Until(s => s.Health == StreamHealth.Failed);
        Assert.Equal(code, Assert.IsType<ProposalRefused>(await node.Propose("x")).Code);
        return status;
    }

    private static async Task<IActorRef> Child(TestNode node, string path) =>
        (await node.System.AskFrom<ActorIdentity>(node.System.ActorSelection($"/user/raft/stream-{node.Stream.Id}/{path}"), new Identify(path))).Subject
            ?? throw new InvalidOperationException($"there is no {path}");

    private static Task<TestNode> StartAsync(Action<RecordingStateMachine>? prepare = null) => TestNode.StartAsync(
        TestConfig.NewStream(),
        Self,
        [new Member(Self, MemberKind.Voter, "localhost:1")],
        ConfigurationFactory.ParseString("akka.loglevel = OFF"),
        prepare: prepare);
}
