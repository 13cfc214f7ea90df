using System.Collections.Concurrent;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Remoting;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>Messages of the application from member to member: at most once, bounded, split when they are large.</summary>
public sealed class UserMessageSpec
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_must_reach_the_observer_and_subscribed_actors(bool remoting)
    {
        ConcurrentDictionary<NodeId, Mailbox> mailboxes = new();
        await using TestCluster cluster = remoting
            ? await TestCluster.StartRemotingAsync(observers: id => mailboxes.GetOrAdd(id, _ => new Mailbox()))
            : await TestCluster.StartInMemoryAsync(observers: id => mailboxes.GetOrAdd(id, _ => new Mailbox()));
        await cluster.Leader();
        await Reachable(cluster);
        TestNode from = cluster[new NodeId(1)];
        ConcurrentQueue<StreamMessageReceived> events = new();
        ActorSystem second = cluster[new NodeId(2)].System;
        second.EventStream.Subscribe(second.ActorOf(Props.Create(() => new Listener(events))), typeof(StreamMessageReceived));

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(MessageResult.Queued, from.Stream.SendMessage(new NodeId(2), Encoding.UTF8.GetBytes($"m{i}")));
        }

        byte[] large = new byte[900_000];
        new Random(1).NextBytes(large);
        Assert.Equal(MessageResult.Queued, from.Stream.SendMessage(new NodeId(2), large));
        Assert.Equal([new NodeId(2), new NodeId(3)], from.Stream.BroadcastMessage("all"u8.ToArray()).Keys);

        await Until(() => mailboxes[new NodeId(2)].Received.Count == 102 && mailboxes[new NodeId(3)].Received.Count == 1 && events.Count == 102);
        (NodeId From, byte[] Data)[] received = [.. mailboxes[new NodeId(2)].Received];
        Assert.All(received, m => Assert.Equal(new NodeId(1), m.From));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"m{i}"), received.Where(m => m.Data.Length < 4 && m.Data[0] == 'm').Select(m => Encoding.UTF8.GetString(m.Data)));
        Assert.Contains(received, m => m.Data.AsSpan().SequenceEqual(large));
        Assert.All(events, e => Assert.Equal((cluster.Stream, new NodeId(2), new NodeId(1)), (e.Stream, e.Node, e.From)));
        Assert.Empty(mailboxes[new NodeId(1)].Received);
    }

    [Fact]
    public async Task What_cannot_be_sent_must_be_said()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: ConfigurationFactory.ParseString("max-user-message-size = 1000, user-message-queue-bytes = 100000"));
        TestNode node = await cluster.Leader();
        NodeId peer = cluster.Nodes.First(n => n != node).Stream.NodeId;

        Assert.Equal(MessageResult.TooLarge, node.Stream.SendMessage(peer, new byte[1001]));
        Assert.Equal(MessageResult.UnknownMember, node.Stream.SendMessage(new NodeId(77), new byte[1]));
        Assert.Equal(MessageResult.UnknownMember, node.Stream.SendMessage(node.Stream.NodeId, new byte[1]));
        Assert.All(node.Stream.BroadcastMessage(new byte[1001]).Values, r => Assert.Equal(MessageResult.TooLarge, r));
        await RaftStreams.Get(node.System).StopStreamAsync(cluster.Stream);
        Assert.Equal(MessageResult.NotRunning, node.Stream.SendMessage(peer, new byte[1]));
        Assert.Empty(node.Stream.BroadcastMessage(new byte[1]));
    }

    [Fact]
    public async Task Receiver_that_is_busy_must_drop_what_is_too_much_and_take_messages_again_afterwards()
    {
        ConcurrentDictionary<NodeId, Mailbox> mailboxes = new();
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(
            settings: ConfigurationFactory.ParseString("max-user-message-size = 1000, user-message-queue-bytes = 100000"),
            observers: id => mailboxes.GetOrAdd(id, _ => new Mailbox()));
        TestNode leader = await cluster.Leader();
        TestNode follower = await cluster.Follower();
        Mailbox mailbox = mailboxes[follower.Stream.NodeId];
        mailbox.Gate.Reset();
        int sent = 0;
        while (RaftStreams.Get(follower.System).Traffic.DroppedUserMessages == 0)
        {
            // A full queue on the way out is possible too.
            sent += leader.Stream.SendMessage(follower.Stream.NodeId, new byte[1000]) == MessageResult.Queued ? 1 : 0;
            await Task.Yield();
        }

        // Consensus does not mind.
        await leader.Write("meanwhile");
        mailbox.Gate.Set();
        await Until(() => mailbox.Received.Count >= 79);
        await Until(() => leader.Stream.SendMessage(follower.Stream.NodeId, "last"u8.ToArray()) == MessageResult.Queued);
        await Until(() => mailbox.Received.Any(m => m.Data.Length == 4));
        Assert.InRange(mailbox.Received.Count, 79, sent);
    }

    [Fact]
    public async Task Frame_that_the_transport_repeats_must_arrive_once_also_after_a_crash_of_the_channel()
    {
        ConcurrentDictionary<NodeId, Mailbox> mailboxes = new();
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(
            ConfigurationFactory.ParseString("akka.loglevel = OFF"),
            observers: id => mailboxes.GetOrAdd(id, _ => new Mailbox()));
        TestNode leader = await cluster.Leader();
        TestNode follower = await cluster.Follower();
        List<PeerFrame> frames = [];
        cluster.Network.Filter((_, _, frame) =>
        {
            if (PeerFrameHeader.TryReadRoute(frame.Bytes.Span, out PeerFrameHeader header, out _) && header.Type == PeerFrameType.UserMessage)
            {
                frames.Add(new PeerFrame(frame.Bytes.ToArray()));
            }

            return true;
        });
        Mailbox mailbox = mailboxes[follower.Stream.NodeId];
        leader.Stream.SendMessage(follower.Stream.NodeId, "once"u8.ToArray());
        await Until(() => mailbox.Received.Count == 1);

        follower.System.ActorSelection($"/user/raft/stream-{cluster.Stream}/node/replicator-{leader.Stream.NodeId}").Tell(Kill.Instance);
        cluster.Network.Nodes[cluster.Members.Single(m => m.Id == follower.Stream.NodeId).Address].Tell(
            Assert.Single(frames),
            cluster.Network.Nodes[cluster.Members.Single(m => m.Id == leader.Stream.NodeId).Address]);
        leader.Stream.SendMessage(follower.Stream.NodeId, "twice"u8.ToArray());

        await Until(() => mailbox.Received.Count >= 2);
        Assert.Equal(["once", "twice"], mailbox.Received.Select(m => Encoding.UTF8.GetString(m.Data)));
    }

    private static async Task Reachable(TestCluster cluster)
    {
        foreach (TestNode node in cluster.Nodes)
        {
            await node.Write($"from {node.Stream.NodeId}");
        }

        await cluster.Converged();
    }

    private static async Task Until(Func<bool> condition)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, "not in time");
            await Task.Delay(5);
        }
    }

    private sealed class Mailbox : IStreamObserver
    {
        public ConcurrentQueue<(NodeId From, byte[] Data)> Received { get; } = new();

        public ManualResetEventSlim Gate { get; } = new(initialState: true);

        public void OnMessage(NodeId from, ReadOnlyMemory<byte> data)
        {
            Gate.Wait();
            Received.Enqueue((from, data.ToArray()));
        }
    }

    private sealed class Listener(ConcurrentQueue<StreamMessageReceived> events) : UntypedActor
    {
        protected override void OnReceive(object message) => events.Enqueue((StreamMessageReceived)message);
    }
}
