using Akka.Configuration;
using RaftActors.Remoting;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>What clients are told when leaders, peers or frames get lost. Three members over a network in memory.</summary>
public sealed class LeaderLossSpec
{
    [Fact]
    public async Task Isolated_leader_must_answer_its_clients_and_another_must_take_over()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(brief: true);
        TestNode old = await cluster.Leader();
        await old.Write("before");
        string address = cluster.Members.Single(m => m.Id == old.Stream.NodeId).Address;
        cluster.Network.Isolate(address);

        // Longer than it takes to notice: the answer must come from the loss of the office, not from the timeout.
        ProposalAnswer answer = await old.Propose("lost?", new ProposeOptions { Timeout = TimeSpan.FromMinutes(1) }).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.IsType<OutcomeUnknown>(answer);

        TestNode other = cluster.Nodes.First(n => n != old);
        await other.Until(s => s.IsReady && !s.Leader.IsNone && s.Leader != old.Stream.NodeId);
        await other.Write("after");
        cluster.Network.Heal();
        await cluster.Converged();
        Assert.Contains("after", old.Machine.Applied);
    }

    [Fact]
    public async Task Isolated_member_must_not_serve_linearizable_reads()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: ConfigurationFactory.ParseString("client-timeout = 1500ms"), brief: true);
        TestNode old = await cluster.Leader();
        await old.Write("one");
        cluster.Network.Isolate(cluster.Members.Single(m => m.Id == old.Stream.NodeId).Address);

        ReadFailed failed = Assert.IsType<ReadFailed>(await old.Stream.ReadBarrierAsync());
        Assert.True(failed.CanRetry);
        Assert.Equal("1", await old.Read("count", ReadConsistency.Stale));
    }

    [Fact]
    public async Task Proposal_without_a_leader_must_wait_for_one_and_then_be_refused_with_certainty()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(brief: true);
        TestNode follower = await cluster.Follower();
        cluster.Network.Filter((_, _, _) => false);
        await follower.Until(s => s.Leader.IsNone);

        NotLeader answer = Assert.IsType<NotLeader>(await follower.Propose("nobody", new ProposeOptions { Timeout = TimeSpan.FromMilliseconds(300) }));
        Assert.Equal(NodeId.None, answer.Leader);

        Task<ProposalAnswer> waiting = follower.Propose("somebody", new ProposeOptions { Timeout = TimeSpan.FromSeconds(20) });
        cluster.Network.Heal();
        Assert.IsType<ProposalCommitted>(await waiting);
        await cluster.Converged();
        Assert.All(cluster.Nodes, n => Assert.Equal(["somebody"], n.Machine.Applied));
    }

    [Fact]
    public async Task Lost_forward_must_end_in_an_unknown_outcome_and_never_in_a_second_entry()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
        TestNode follower = await cluster.Follower();
        cluster.Network.Filter((_, _, frame) => TypeOf(frame) != PeerFrameType.ForwardReply);

        Assert.IsType<OutcomeUnknown>(await follower.Propose("once", new ProposeOptions { Timeout = TimeSpan.FromMilliseconds(700) }));

        cluster.Network.Heal();
        await cluster.Converged();
        Assert.All(cluster.Nodes, n => Assert.Equal(["once"], n.Machine.Applied));
    }

    [Fact]
    public async Task Repeated_frames_must_not_repeat_proposals()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
        TestNode follower = await cluster.Follower();
        TestNode leader = await cluster.Leader();
        cluster.Network.Filter((from, to, frame) =>
        {
            if (TypeOf(frame) == PeerFrameType.ForwardPropose)
            {
                cluster.Network.Nodes[to].Tell(frame, Akka.Actor.ActorRefs.NoSender);
            }

            return true;
        });

        await follower.Write("once");
        await leader.Write("fence");
        Assert.Equal(["once", "fence"], leader.Machine.Applied);
    }

    [Fact]
    public async Task Loss_of_many_frames_must_only_cost_time()
    {
        int seed = Seed.Next();
        Random random = new(seed);
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: ConfigurationFactory.ParseString("client-timeout = 700ms"));
        await cluster.Leader();
        cluster.Network.Filter((_, _, _) =>
        {
            lock (random)
            {
                return random.Next(100) >= 10;
            }
        });

        List<string> committed = [];
        TestNode[] nodes = [.. cluster.Nodes];
        for (int i = 0; i < 40; i++)
        {
            if (await nodes[i % 3].Propose($"{i}") is ProposalCommitted)
            {
                committed.Add($"{i}");
            }
        }

        cluster.Network.Heal();
        await cluster.Converged();
        string[] applied = [.. nodes[0].Machine.Applied];
        Assert.True(committed.Count > 0, $"seed {seed}");
        Assert.Equal(applied.Length, applied.Distinct().Count());
        Assert.All(committed, c => Assert.True(applied.Contains(c), $"seed {seed}: {c} is lost"));
        Assert.All(nodes, n => Assert.Equal(applied, n.Machine.Applied));
    }

    [Fact]
    public async Task Leader_that_cannot_commit_must_answer_overloaded_at_its_bound()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: ConfigurationFactory.ParseString("max-uncommitted-entries = 5, max-batch-entries = 1, election-timeout-min = 3s, election-timeout-max = 4s"));
        TestNode leader = await cluster.Leader();
        cluster.Network.Isolate(cluster.Members.Single(m => m.Id == leader.Stream.NodeId).Address);

        ProposalAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => leader.Propose($"{i}", new ProposeOptions { Timeout = TimeSpan.FromMinutes(1) })));

        // What was taken in ends as unknown when the office is lost; what was not says so with certainty.
        Assert.Equal(5, answers.Count(a => a is OutcomeUnknown));
        Assert.Equal(15, answers.Count(a => a is Overloaded));
        cluster.Network.Heal();
        await cluster.Converged();
        string[] overloaded = [.. answers.Select((a, i) => (a, i)).Where(x => x.a is Overloaded).Select(x => $"{x.i}")];
        Assert.All(cluster.Nodes, n => Assert.Empty(n.Machine.Applied.Intersect(overloaded)));
    }

    [Fact]
    public async Task Proposals_that_wait_for_a_leader_must_be_bounded()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: ConfigurationFactory.ParseString("max-waiting-for-leader = 5"), brief: true);
        TestNode follower = await cluster.Follower();
        cluster.Network.Filter((_, _, _) => false);
        await follower.Until(s => s.Leader.IsNone);

        Task<ProposalAnswer>[] open = [.. Enumerable.Range(0, 20).Select(i => follower.Propose($"{i}", new ProposeOptions { Timeout = TimeSpan.FromSeconds(20) }))];

        // They come to the node in this order, and what is refused is so at once.
        Assert.All(await Task.WhenAll(open[5..]), a => Assert.IsType<NotLeader>(a));
        Assert.Equal(5, (await follower.Stream.GetStatusAsync()).Queues.WaitingForLeader);
        cluster.Network.Heal();
        Assert.All(await Task.WhenAll(open[..5]), a => Assert.IsType<ProposalCommitted>(a));
    }

    [Fact]
    public async Task Stopped_leader_must_answer_what_is_open_and_hand_over()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
        TestNode leader = await cluster.Leader();
        Task<ProposalAnswer>[] open = [.. Enumerable.Range(0, 300).Select(i => leader.Propose($"{i}"))];

        await RaftStreams.Get(leader.System).StopStreamAsync(cluster.Stream);

        ProposalAnswer[] answers = await Task.WhenAll(open).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.All(answers, a => Assert.True(a is ProposalCommitted or ProposalRefused { Code: RefusalCode.Stopping }, $"{a}"));
        TestNode other = cluster.Nodes.First(n => n != leader);
        await other.Until(s => s.IsReady && s.Leader != leader.Stream.NodeId);
        await other.Write("next");
    }

    [Fact]
    public async Task State_machine_that_fails_at_the_leader_must_let_another_lead()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
        TestNode leader = await cluster.Leader();
        leader.Machine.FailOn = "bomb";

        Assert.IsType<OutcomeUnknown>(await leader.Propose("bomb"));

        TestNode other = cluster.Nodes.First(n => n != leader);
        await other.Until(s => s.IsReady && s.Leader != leader.Stream.NodeId);
        await other.Write("on it goes");
        await leader.Until(s => s.Health == StreamHealth.Failed);
        Assert.DoesNotContain("on it goes", leader.Machine.Applied);
    }

    private static PeerFrameType TypeOf(PeerFrame frame)
    {
        Assert.True(PeerFrameHeader.TryReadRoute(frame.Bytes.Span, out PeerFrameHeader header, out _));
        return header.Type;
    }
}
