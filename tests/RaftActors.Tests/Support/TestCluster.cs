using System.Collections.Immutable;
using Akka.Configuration;
using RaftActors.Tests.Shared;

namespace RaftActors.Tests.Support;

/// <summary>
/// Three members of one stream in this process, over real loopback remoting or over memory. Their leader is elected at once and stays, however busy the machine is, unless a test asks for short
/// election timeouts.
/// </summary>
internal sealed class TestCluster : IAsyncDisposable
{
    // Longer than any pause of a machine that others use too.
    private static readonly Config Steady = ConfigurationFactory.ParseString("election-timeout-min = 5s, election-timeout-max = 10s");

    // Somebody waits for the next leader. Proposals wait for one for four seconds at the most.
    private static readonly Config Brief = ConfigurationFactory.ParseString("election-timeout-min = 1s, election-timeout-max = 2s");

    private readonly Func<Member, Config> _config;
    private readonly Config _settings;
    private readonly Dictionary<NodeId, TestNode> _nodes = [];

    private TestCluster(StreamId stream, ImmutableArray<Member> members, Func<Member, Config> config, Config settings)
    {
        Stream = stream;
        Members = members;
        _config = config;
        _settings = settings;
    }

    public StreamId Stream { get; }

    private Func<NodeId, IStreamObserver>? Observers { get; init; }

    public ImmutableArray<Member> Members { get; }

    public IEnumerable<TestNode> Nodes => _nodes.Values;

    public InMemoryNetwork Network => InMemoryNetwork.Named($"net-{Stream}");

    public TestNode this[NodeId id] => _nodes[id];

    /// <param name="extra">For the actor systems.</param>
    /// <param name="settings">For the stream.</param>
    /// <param name="observers">One for each member.</param>
    /// <param name="brief">Election timeouts are short: the leader is taken away in this test, or it waits for something else that is measured in them.</param>
    public static Task<TestCluster> StartRemotingAsync(Config? extra = null, Config? settings = null, Func<NodeId, IStreamObserver>? observers = null, bool brief = false)
    {
        ImmutableArray<Member> members = [.. Enumerable.Range(1, 3).Select(i => new Member(new NodeId((uint)i), MemberKind.Voter, $"127.0.0.1:{FreePort.Next()}"))];
        return StartAsync(members, m => (extra ?? Config.Empty).WithFallback(TestConfig.Remoting(int.Parse(m.Address.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture))), settings, brief, observers: observers);
    }

    /// <param name="extra">For the actor systems.</param>
    /// <param name="settings">For the stream.</param>
    /// <param name="observers">One for each member.</param>
    /// <param name="brief">Election timeouts are short: the leader is taken away in this test, or it waits for something else that is measured in them.</param>
    public static Task<TestCluster> StartInMemoryAsync(Config? extra = null, Config? settings = null, Func<NodeId, IStreamObserver>? observers = null, bool brief = false)
    {
        StreamId stream = TestConfig.NewStream();
        ImmutableArray<Member> members = [.. Enumerable.Range(1, 3).Select(i => new Member(new NodeId((uint)i), MemberKind.Voter, $"n{i}:1"))];
        return StartAsync(members, m => (extra ?? Config.Empty).WithFallback(TestConfig.InMemoryNetwork($"net-{stream}", m.Address)), settings, brief, stream, observers);
    }

    public async Task<TestNode> Start(NodeId id)
    {
        Member member = Members.Single(m => m.Id == id);
        TestNode node = await TestNode.StartAsync(Stream, id, Members, _config(member), _settings, observer: Observers?.Invoke(id)).ConfigureAwait(false);
        _nodes[id] = node;
        return node;
    }

    /// <summary>Starts a node that knows nothing and waits to be added.</summary>
    public async Task<Member> StartJoining(uint id)
    {
        Member member = new(new NodeId(id), MemberKind.Voter, $"127.0.0.1:{FreePort.Next()}");
        _nodes[member.Id] = await TestNode.StartAsync(Stream, member.Id, [], _config(member), _settings, join: true).ConfigureAwait(false);
        return member;
    }

    public async Task Stop(NodeId id)
    {
        if (_nodes.Remove(id, out TestNode? node))
        {
            await node.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The leader, when it is ready to serve.</summary>
    /// <param name="other">Not this one: a member that is about to give up its office may not have done so yet.</param>
    public async Task<TestNode> Leader(TestNode? other = null)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (true)
        {
            foreach (TestNode node in _nodes.Values)
            {
                StreamStatus status = await node.Stream.GetStatusAsync().ConfigureAwait(false);
                if (status.Role == Role.Leader && status.IsReady && node != other)
                {
                    return node;
                }
            }

            Assert.True(DateTime.UtcNow < end, "no leader in time");
            await Task.Delay(10).ConfigureAwait(false);
        }
    }

    public async Task<TestNode> Follower()
    {
        TestNode leader = await Leader().ConfigureAwait(false);
        TestNode follower = _nodes.Values.First(n => n != leader);
        await follower.Until(s => s.Leader == leader.Stream.NodeId).ConfigureAwait(false);
        return follower;
    }

    /// <summary>Waits until every running member has applied the same and has the same state.</summary>
    public async Task Converged()
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (true)
        {
            StreamStatus[] all = await Task.WhenAll(_nodes.Values.Select(n => n.Stream.GetStatusAsync())).ConfigureAwait(false);
            if (all.Select(s => (s.AppliedIndex, s.StateHash)).Distinct().Count() == 1 && all.All(s => s.AppliedIndex == s.LastEntry.Index))
            {
                return;
            }

            Assert.True(DateTime.UtcNow < end, $"not the same in time: {string.Join("; ", all.Select(s => $"{s.Node}: {s.AppliedIndex} {s.StateHash:x}"))}");
            await Task.Delay(10).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Values.Select(n => n.DisposeAsync().AsTask())).ConfigureAwait(false);

    private static async Task<TestCluster> StartAsync(ImmutableArray<Member> members, Func<Member, Config> config, Config? settings, bool brief, StreamId? stream = null, Func<NodeId, IStreamObserver>? observers = null)
    {
        TestCluster cluster = new(stream ?? TestConfig.NewStream(), members, config, (settings ?? Config.Empty).WithFallback(brief ? Brief : Steady)) { Observers = observers };
        foreach (Member member in members)
        {
            await cluster.Start(member.Id).ConfigureAwait(false);
        }

        // Now one here, now another there. A member that has just started may not stand before it has heard of the others.
        RaftStream candidate = cluster[members[(int)(cluster.Stream.Value % 3)].Id].Stream;
        while ((await candidate.GetStatusAsync().ConfigureAwait(false)).Leader.IsNone)
        {
            await candidate.TriggerElectionAsync().ConfigureAwait(false);
            await Task.Delay(10).ConfigureAwait(false);
        }

        return cluster;
    }
}
