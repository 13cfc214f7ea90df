using System.Collections.Concurrent;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Remoting;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>Three members over real loopback remoting.</summary>
public sealed class ThreeNodeSpec
{
    [Fact]
    public async Task Writes_and_reads_must_work_at_every_node()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode leader = await cluster.Leader();
        int written = 0;
        foreach (TestNode node in cluster.Nodes)
        {
            for (int i = 0; i < 10; i++)
            {
                await node.Write($"{node.Stream.NodeId}-{i}");
                written++;
                foreach (TestNode reader in cluster.Nodes)
                {
                    Assert.Equal($"{written}", await reader.Read("count"));
                }
            }
        }

        await cluster.Converged();
        Assert.All(cluster.Nodes, n => Assert.Equal(leader.Machine.Applied, n.Machine.Applied));
    }

    [Fact]
    public async Task Follower_must_answer_who_leads_when_it_may_not_forward()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode follower = await cluster.Follower();

        NotLeader answer = Assert.IsType<NotLeader>(await follower.Propose("x", new ProposeOptions { Forward = false }));

        TestNode leader = await cluster.Leader();
        Assert.Equal(leader.Stream.NodeId, answer.Leader);
        Assert.Equal(cluster.Members.Single(m => m.Id == answer.Leader).Address, answer.LeaderAddress);
    }

    [Fact]
    public async Task Stream_must_survive_the_loss_and_return_of_its_leader()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(brief: true);
        TestNode old = await cluster.Leader();
        for (int i = 0; i < 50; i++)
        {
            await old.Write($"before-{i}");
        }

        NodeId dead = old.Stream.NodeId;
        await cluster.Stop(dead);
        TestNode leader = await cluster.Leader();
        for (int i = 0; i < 50; i++)
        {
            await leader.Write($"after-{i}");
        }

        TestNode back = await cluster.Start(dead);
        await cluster.Converged();
        Assert.Equal(100, back.Machine.Applied.Count);
        Assert.Equal(leader.Machine.Applied, back.Machine.Applied);
    }

    [Fact]
    public async Task Value_larger_than_a_remoting_frame_must_work_also_when_forwarded()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode follower = await cluster.Follower();
        string large = new('x', 3_000_000);

        await (await cluster.Leader()).Write(large);
        await follower.Write(large + "y");

        await cluster.Converged();
        Assert.All(cluster.Nodes, n => Assert.Equal([3_000_000, 3_000_001], n.Machine.Applied.Select(a => a.Length)));
    }

    [Fact]
    public async Task Many_concurrent_writes_at_all_nodes_must_all_be_applied_once_and_in_one_order()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        await cluster.Leader();
        ProposalAnswer[][] answers = await Task.WhenAll(cluster.Nodes.Select(n => Task.WhenAll(Enumerable.Range(0, 500).Select(i => n.Propose($"{n.Stream.NodeId}-{i}")))));

        Assert.All(answers.SelectMany(a => a), a => Assert.IsType<ProposalCommitted>(a));
        await cluster.Converged();
        string[] applied = [.. cluster.Nodes.First().Machine.Applied];
        Assert.Equal(1500, applied.Distinct().Count());
        Assert.All(cluster.Nodes, n => Assert.Equal(applied, n.Machine.Applied));
    }

    [Fact]
    public async Task Garbage_and_foreign_frames_must_be_counted_and_change_nothing()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode leader = await cluster.Leader();
        TestNode follower = await cluster.Follower();
        // What came while the nodes started is not of interest: a peer may write to a node whose stream is not there yet.
        PeerTrafficCounts before = RaftStreams.Get(leader.System).Traffic;
        IActorRef target = RaftStreams.Get(leader.System).Supervisor;
        PeerFrame good = PeerBody.Encode(new RequestVote(new Term(99), new EntryId(new Term(98), new LogIndex(1000)), PreVote: false, Transfer: true), cluster.Stream, follower.Stream.NodeId, leader.Stream.NodeId);
        byte[] damaged = good.Bytes.ToArray();
        damaged[^1] ^= 1;

        target.Tell(new PeerFrame(default));
        target.Tell(new PeerFrame(new byte[500]));
        target.Tell(new PeerFrame(damaged));
        target.Tell(PeerBody.Encode(new RequestVote(new Term(99), EntryId.Zero, false), new StreamId(999_999), follower.Stream.NodeId, leader.Stream.NodeId));
        target.Tell(PeerBody.Encode(new RequestVote(new Term(99), EntryId.Zero, false), cluster.Stream, new NodeId(55), leader.Stream.NodeId));

        // The fence: a write comes after them through the same actors.
        await leader.Write("still fine");
        PeerTrafficCounts counts = await Eventually(() => RaftStreams.Get(leader.System).Traffic, c => c.BadFrames >= before.BadFrames + 3 && c.UnknownStreams >= before.UnknownStreams + 2);
        Assert.Equal((3L, 2L), (counts.BadFrames - before.BadFrames, counts.UnknownStreams - before.UnknownStreams));
        StreamStatus after = await leader.Stream.GetStatusAsync();
        Assert.True(after.Term < new Term(99), $"the term of a frame that had to be refused was taken over: {after}");
    }

    [Fact]
    public async Task Both_followers_must_get_the_very_same_array_and_one_that_was_cut_off_its_own()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: ConfigurationFactory.ParseString("election-timeout-min = 3s, election-timeout-max = 4s"));
        TestNode leader = await cluster.Leader();
        await leader.Write("the first answers tell that such frames are taken");
        await cluster.Converged();
        ConcurrentQueue<(string To, PeerFrame Frame)> appends = [];
        string? cut = null;
        cluster.Network.Filter((_, to, frame) =>
        {
            if (PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? _) && header.Type == PeerFrameType.AppendEntries
                && PeerBody.TryDecode(header, body, out PeerMessage? message, out string? _) && message is AppendEntries { Batches.Count: > 0 })
            {
                appends.Enqueue((to, frame));
                return to != cut;
            }

            return true;
        });

        // One follower is enough for the answer; what goes to the other may be sent behind it.
        await leader.Write("to both");
        (string To, PeerFrame Frame)[] sent = await Eventually(() => appends.DistinctBy(a => a.To).ToArray(), s => s.Length == 2);
        Assert.Equal(2, sent.Length);
        Assert.Same(sent[0].Frame, sent[1].Frame);
        Assert.True(PeerFrameHeader.TryReadRoute(sent[0].Frame.Bytes.Span, out PeerFrameHeader route, out _) && route.Destination.IsNone);

        // What was lost is sent again, to that follower alone and in a frame that names it.
        TestNode follower = await cluster.Follower();
        Member member = cluster.Members.Single(m => m.Id == follower.Stream.NodeId);
        await cluster.Converged();
        appends.Clear();
        cut = member.Address;
        await leader.Write("lost to one");
        Assert.Equal(2, await Eventually(() => appends.DistinctBy(a => a.To).Count(), count => count == 2));
        appends.Clear();
        cut = null;
        await cluster.Converged();
        Assert.NotEmpty(appends);
        Assert.All(appends, a =>
        {
            Assert.Equal(member.Address, a.To);
            Assert.True(PeerFrameHeader.TryReadRoute(a.Frame.Bytes.Span, out PeerFrameHeader again, out _));
            Assert.Equal(member.Id, again.Destination);
        });
        Assert.Equal(3, follower.Machine.Applied.Count);
    }

    [Fact]
    public async Task Frame_for_nobody_in_particular_must_be_counted_as_unknown_where_the_stream_is_not()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
        TestNode leader = await cluster.Leader();
        PeerTrafficCounts before = RaftStreams.Get(leader.System).Traffic;
        EntryBatch batch = EntryBatch.Create(new Term(99), new LogIndex(1000), [new ProposedEntry(EntryKind.Normal, new byte[3])], PeerBody.RoomOfAppend);
        AppendEntries append = new(new Term(99), 1, new EntryId(new Term(98), new LogIndex(999)), LogIndex.Zero, [batch]);
        RaftStreams.Get(leader.System).Supervisor.Tell(PeerBody.EncodeInPlace(append, new StreamId(999_999), (await cluster.Follower()).Stream.NodeId, default)!);
        PeerTrafficCounts counts = await Eventually(() => RaftStreams.Get(leader.System).Traffic, c => c.UnknownStreams > before.UnknownStreams);
        Assert.Equal((1L, 0L), (counts.UnknownStreams - before.UnknownStreams, counts.BadFrames - before.BadFrames));
        await leader.Write("still fine");
    }

    [Fact]
    public async Task Remote_actors_must_be_able_to_propose()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode leader = await cluster.Leader();
        TestNode other = await cluster.Follower();
        string address = cluster.Members.Single(m => m.Id == leader.Stream.NodeId).Address;
        ActorSelection selection = other.System.ActorSelection($"akka.tcp://tests@{address}/user/raft/stream-{cluster.Stream}");

        ProposalAnswer answer = await other.System.AskFrom<ProposalAnswer>(selection, new Propose("from afar"u8.ToArray()));
        Assert.Contains("from afar", Encoding.UTF8.GetString(Assert.IsType<ProposalCommitted>(answer).Result.Span), StringComparison.Ordinal);
        ReadAnswer read = await other.System.AskFrom<ReadAnswer>(selection, new Query("last"u8.ToArray()));
        Assert.Equal("from afar", Encoding.UTF8.GetString(Assert.IsType<ReadCompleted>(read).Result.Span));
        Assert.IsType<ReadFailed>(await other.System.AskFrom<ReadAnswer>(selection, new Query("nonsense"u8.ToArray())));
    }

    [Fact]
    public async Task Several_streams_must_share_one_port()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        StreamId second = TestConfig.NewStream();
        TestNode[] nodes = await Task.WhenAll(cluster.Nodes.Select(n => TestNode.StartAsync(n.System, second, n.Stream.NodeId, cluster.Members)));

        await (await cluster.Leader()).Write("in the first");
        await nodes[0].Write("in the second");
        Assert.Equal("in the second", await nodes[2].Read("last"));
        Assert.Equal("in the first", await cluster.Nodes.Last().Read("last"));
    }

    private static async Task<T> Eventually<T>(Func<T> get, Func<T, bool> condition)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        while (true)
        {
            T value = get();
            if (condition(value) || DateTime.UtcNow > end)
            {
                return value;
            }

            await Task.Delay(10);
        }
    }
}
