using Akka.Actor;
using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Runtime;

/// <summary>What becomes of a stream when one of its actors ends or throws.</summary>
public sealed class SupervisionSpec
{
    private static readonly NodeId Self = new(1);

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

        Assert.True(await open.WaitAsync(TimeSpan.FromSeconds(5)) is OutcomeUnknown or ProposalCommitted);
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

    [Theory]
    [InlineData("node/election")]
    [InlineData("node/replicator-2")]
    public async Task Rebuildable_child_that_throws_must_be_restarted_without_harm(string path)
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
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
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
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

        StreamStatus status = await node.Until(s => s.Health == StreamHealth.Failed);
        Assert.Contains("journal", status.FailureReason, StringComparison.Ordinal);
        Assert.Equal(RefusalCode.StreamFailed, Assert.IsType<ProposalRefused>(await node.Propose("x")).Code);
    }

    [Fact]
    public async Task State_machine_actor_that_ends_must_put_the_stream_into_its_error_state()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");

        node.System.Stop(await Child(node, "node/fsm-caller"));

        await node.Until(s => s.Health == StreamHealth.Failed);
        Assert.Equal(RefusalCode.StateMachineFailed, Assert.IsType<ProposalRefused>(await node.Propose("x")).Code);
    }

    [Fact]
    public async Task Requests_to_a_stream_that_was_killed_must_be_answered()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        Task<ProposalAnswer>[] open = [.. Enumerable.Range(0, 100).Select(i => node.Propose($"{i}", new ProposeOptions { Timeout = TimeSpan.FromMinutes(1) }))];

        node.Stream.Ref.Tell(Kill.Instance);
        Task<ProposalAnswer>[] late = [.. Enumerable.Range(0, 100).Select(i => node.Propose($"late {i}", new ProposeOptions { Timeout = TimeSpan.FromMinutes(1) }))];

        await Task.WhenAll(open.Concat(late)).WaitAsync(TimeSpan.FromSeconds(5));
    }

    private static async Task<IActorRef> Child(TestNode node, string path) =>
        (await node.System.AskFrom<ActorIdentity>(node.System.ActorSelection($"/user/raft/stream-{node.Stream.Id}/{path}"), new Identify(path))).Subject
            ?? throw new InvalidOperationException($"there is no {path}");

    private static Task<TestNode> StartAsync() => TestNode.StartAsync(
        TestConfig.NewStream(),
        Self,
        [new Member(Self, MemberKind.Voter, "localhost:1")],
        ConfigurationFactory.ParseString("akka.loglevel = OFF"));
}
