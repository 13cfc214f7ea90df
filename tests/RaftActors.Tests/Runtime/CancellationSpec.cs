using System.Collections.Concurrent;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Runtime;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Runtime;

/// <summary>Taking a proposal back: certain while it waits in a queue, too late when a log may have it.</summary>
public sealed class CancellationSpec
{
    private static readonly NodeId Self = new(1);
    private static readonly ProposeOptions Patient = new() { Timeout = TimeSpan.FromMinutes(1) };

    [Fact]
    public async Task Proposal_that_waits_for_a_leader_must_be_taken_back_for_certain()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: Slow, brief: true);
        TestNode node = await cluster.Leader();
        cluster.Network.Isolate(AddressOf(cluster, node));
        await node.Until(s => s.Leader.IsNone);
        using CancellationTokenSource source = new();
        Task<ProposalAnswer> proposal = node.Stream.ProposeAsync("never"u8.ToArray(), Patient, source.Token);
        await node.Until(s => s.Queues.WaitingForLeader == 1);

        await source.CancelAsync();

        ProposalCanceledException e = await Assert.ThrowsAsync<ProposalCanceledException>(() => proposal);
        Assert.True(e.IsCertainlyNotProposed);
        Assert.True(proposal.IsCanceled);
        Assert.Equal(source.Token, e.CancellationToken);
        await node.Until(s => s.Queues is { WaitingForLeader: 0, OpenRequests: 0 });
        cluster.Network.Heal();
        await (await cluster.Leader()).Write("later");
        await cluster.Converged();
        Assert.All(cluster.Nodes, n => Assert.Equal(["later"], n.Machine.Applied));
    }

    [Fact]
    public async Task Proposal_in_the_log_must_take_its_course()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        node.Machine.Gate.Reset();
        using CancellationTokenSource source = new();
        Task<ProposalAnswer> proposal = node.Stream.ProposeAsync("two"u8.ToArray(), Patient, source.Token);
        await node.Until(s => s.CommitIndex > s.AppliedIndex);

        await source.CancelAsync();

        Assert.False((await Assert.ThrowsAsync<ProposalCanceledException>(() => proposal)).IsCertainlyNotProposed);
        node.Machine.Gate.Set();
        await node.Until(s => s is { Queues.OpenRequests: 0 } && s.AppliedIndex == s.CommitIndex);
        Assert.Equal(["one", "two"], node.Machine.Applied);
    }

    [Fact]
    public async Task Proposal_with_a_token_that_has_fired_must_not_go_anywhere()
    {
        await using TestNode node = await StartAsync();
        Task<ProposalAnswer> proposal = node.Stream.ProposeAsync("never"u8.ToArray(), null, new CancellationToken(canceled: true));
        Assert.True((await Assert.ThrowsAsync<ProposalCanceledException>(() => proposal)).IsCertainlyNotProposed);
        Assert.True(proposal.IsCanceled);
        await node.Write("one");
        Assert.Equal(["one"], node.Machine.Applied);
    }

    [Fact]
    public async Task Proposal_that_was_taken_must_not_be_cancelled_until_it_is_certain_that_no_log_has_it()
    {
        LocalProposal proposal = new(default, ProposeOptions.Default);
        Assert.True(proposal.TryTake());
        Assert.False(proposal.Cancel());
        Assert.False(proposal.Task.IsCompleted);

        proposal.PutBack();

        Assert.False(proposal.TryTake());
        Assert.Equal(RefusalCode.Cancelled, Assert.IsType<ProposalRefused>(await proposal.Task).Code);
    }

    [Fact]
    public async Task Cancelling_at_any_moment_must_be_certain_or_harmless()
    {
        int seed = Seed.Next();
        Random random = new(seed);
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
        TestNode leader = await cluster.Leader();
        TestNode follower = await cluster.Follower();
        ConcurrentDictionary<string, bool?> outcomes = new();
        List<Task> all = [];
        for (int i = 0; i < 500; i++)
        {
            string text = $"p{i}";
            CancellationTokenSource source = new();
            Task<ProposalAnswer> proposal = (i % 3 == 0 ? follower : leader).Stream.ProposeAsync(Encoding.UTF8.GetBytes(text), Patient, source.Token);
            Thread.SpinWait(random.Next(3) switch { 0 => 0, 1 => random.Next(2_000), _ => random.Next(20_000) });
            await source.CancelAsync();
            all.Add(Judge(text, proposal, source));
        }

        async Task Judge(string text, Task<ProposalAnswer> proposal, CancellationTokenSource source)
        {
            try
            {
                outcomes[text] = await proposal is ProposalCommitted ? true : null;
            }
            catch (ProposalCanceledException e)
            {
                outcomes[text] = e.IsCertainlyNotProposed ? false : null;
            }

            source.Dispose();
        }

        await Task.WhenAll(all).WaitAsync(TimeSpan.FromSeconds(30));
        await leader.Write("end");
        await cluster.Converged();
        await leader.Until(s => s.Queues is { OpenRequests: 0, Waiters: 0, WaitingForLeader: 0 });
        await follower.Until(s => s.Queues is { OpenRequests: 0, Forwarded: 0, WaitingForLeader: 0 });
        foreach (TestNode node in cluster.Nodes)
        {
            Dictionary<string, int> applied = node.Machine.Applied.GroupBy(t => t).ToDictionary(g => g.Key, g => g.Count());
            foreach ((string text, bool? outcome) in outcomes)
            {
                int times = applied.GetValueOrDefault(text);
                Assert.True(outcome switch { true => times == 1, false => times == 0, null => times <= 1 }, $"{text} is applied {times} times, outcome {outcome}, seed {seed}");
            }
        }

        Assert.Contains(outcomes.Values, o => o == false);
    }

    [Fact]
    public async Task Actors_must_be_able_to_take_back_what_waits_and_only_their_own()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: Slow, brief: true);
        TestNode node = await cluster.Leader();
        await node.Write("one");
        cluster.Network.Isolate(AddressOf(cluster, node));
        await node.Until(s => s.Leader.IsNone);
        ConcurrentQueue<object> heard = new();
        ConcurrentQueue<object> other = new();
        IActorRef client = node.System.ActorOf(Props.Create(() => new Client(node.Stream.Ref, heard)));
        IActorRef stranger = node.System.ActorOf(Props.Create(() => new Client(node.Stream.Ref, other)));
        client.Tell(new Propose("mine"u8.ToArray(), Timeout: TimeSpan.FromMinutes(1)) { CancellationId = 7 });
        client.Tell(new Propose("kept"u8.ToArray(), Timeout: TimeSpan.FromMinutes(1)) { CancellationId = 8 });
        await node.Until(s => s.Queues.WaitingForLeader == 2);

        stranger.Tell(new CancelProposal(7));
        stranger.Tell(new CancelProposal(8));
        client.Tell(new CancelProposal(7));
        client.Tell(new CancelProposal(99));

        await node.Until(s => s.Queues is { WaitingForLeader: 1, OpenRequests: 1 });
        Assert.Equal(RefusalCode.Cancelled, Assert.IsType<ProposalRefused>(Assert.Single(heard)).Code);
        Assert.Empty(other);
        cluster.Network.Heal();
        await node.Until(_ => heard.Count == 2);
        Assert.IsType<ProposalCommitted>(heard.Last());

        // The number is free again.
        client.Tell(new Propose("again"u8.ToArray()) { CancellationId = 8 });
        await node.Until(_ => heard.Count == 3);
        client.Tell(new CancelProposal(8));
        await node.Write("last");
        await cluster.Converged();
        Assert.Equal(["one", "kept", "again", "last"], node.Machine.Applied);
        Assert.Equal(3, heard.Count);
    }

    // Two longest election timeouts must be enough for a look at what waits.
    private static Config Slow => ConfigurationFactory.ParseString("client-timeout = 60s");

    private static string AddressOf(TestCluster cluster, TestNode node) => cluster.Members.Single(m => m.Id == node.Stream.NodeId).Address;

    private static Task<TestNode> StartAsync() => TestNode.StartAsync(
        TestConfig.NewStream(),
        Self,
        [new Member(Self, MemberKind.Voter, "localhost:1")],
        Config.Empty);

    private sealed class Client(IActorRef stream, ConcurrentQueue<object> heard) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Propose or CancelProposal)
            {
                stream.Tell(message);
            }
            else
            {
                heard.Enqueue(message);
            }
        }
    }
}
