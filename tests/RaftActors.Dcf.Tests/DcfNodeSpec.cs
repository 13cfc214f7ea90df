using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using RaftActors.Protocol;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Dcf.Tests;

/// <summary>Nodes as an application uses them: real ActorSystems, remoting on loopback, SQLite journals.</summary>
public sealed class DcfNodeSpec : IDisposable
{
    private static readonly StreamId One = new(1);
    private static readonly StreamId Two = new(2);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Three_nodes_replicate_what_the_leader_writes_and_call_back_on_every_node()
    {
        await using Cluster cluster = await Cluster.StartAsync(_folder.Path, One);
        TestNode leader = await cluster.LeaderAsync(One);

        List<LogIndex> indexes = [];
        for (ulong i = 1; i <= 10; i++)
        {
            DcfWriteResult written = await leader.Dcf.WriteAsync(One, Encoding.UTF8.GetBytes($"record {i}"), key: i);
            Assert.True(written.IsCommitted, written.Reason);
            indexes.Add(written.Index);
        }

        (StreamId, LogIndex, string, ulong)[] expected = [.. indexes.Select((index, i) => (One, index, $"record {i + 1}", (ulong)i + 1))];
        await TestNode.UntilAsync(() => Task.FromResult(leader.Written.Count >= 10), "the leader has called back");
        Assert.Equal(expected, leader.Written.Select(w => (w.Stream, w.Index, w.Text, w.Key)));
        Assert.All(leader.Written, w => Assert.Equal(0, w.Error));
        Assert.Empty(leader.Committed);
        foreach (TestNode follower in cluster.Nodes.Where(n => n != leader))
        {
            await TestNode.UntilAsync(() => Task.FromResult(follower.Committed.Count >= 10), $"node {follower.Id} has called back");
            Assert.Equal(expected, follower.Committed);
            Assert.Empty(follower.Written);
        }

        Assert.Contains((One, Role.Leader), leader.Roles);
        Assert.All(cluster.Nodes, n => Assert.Contains((One, new NodeId(leader.Id)), n.Leaders));
    }

    [Fact]
    public async Task A_paused_node_gets_nothing_until_it_is_resumed_whichever_node_is_asked()
    {
        await using Cluster cluster = await Cluster.StartAsync(_folder.Path, One);
        TestNode leader = await cluster.LeaderAsync(One);
        TestNode[] others = [.. cluster.Nodes.Where(n => n != leader)];
        DcfAdminResult paused = await others[0].Dcf.PauseRepAsync(One, others[1].Id, TimeSpan.FromMinutes(1));
        Assert.True(paused.Success, paused.Reason);
        Assert.True((await leader.Dcf.WriteAsync(One, "while paused"u8.ToArray())).IsCommitted);
        await TestNode.UntilAsync(() => Task.FromResult(others[0].Committed.Count == 1), "the other node has it");
        Assert.Empty(others[1].Committed);

        DcfAdminResult resumed = await leader.Dcf.PauseRepAsync(One, others[1].Id, TimeSpan.Zero);
        Assert.True(resumed.Success, resumed.Reason);
        await TestNode.UntilAsync(() => Task.FromResult(others[1].Committed.Count == 1), "the paused node has it");
        Assert.False((await leader.Dcf.PauseRepAsync(One, 77, TimeSpan.FromSeconds(1))).Success);
    }

    [Fact]
    public async Task Messages_go_to_one_node_and_to_all()
    {
        await using Cluster cluster = await Cluster.StartAsync(_folder.Path, One);
        TestNode leader = await cluster.LeaderAsync(One);
        TestNode[] others = [.. cluster.Nodes.Where(n => n != leader)];
        Assert.Equal(MessageResult.Queued, leader.Dcf.SendMsg(One, new NodeId(others[0].Id), "to one"u8.ToArray()));
        Assert.Equal([MessageResult.Queued, MessageResult.Queued], leader.Dcf.BroadcastMsg(One, "to all"u8.ToArray()).Values);
        NodeId source = new(leader.Id);
        await TestNode.UntilAsync(() => Task.FromResult(others[0].Messages.Count == 2 && others[1].Messages.Count == 1), "messages have come");
        Assert.Equal([(One, source, "to one"), (One, source, "to all")], others[0].Messages);
        Assert.Equal([(One, source, "to all")], others[1].Messages);
        Assert.Empty(leader.Messages);
    }

    [Fact]
    public async Task A_node_is_added_promoted_demoted_and_removed_through_any_node()
    {
        await using Cluster cluster = await Cluster.StartAsync(_folder.Path, One);
        TestNode leader = await cluster.LeaderAsync(One);
        TestNode follower = cluster.Nodes.First(n => n != leader);
        int port = FreePort.Next();
        await using TestNode fourth = new(_folder.Path, 4, join: true, alone: false);
        await fourth.Dcf.StartAsync(4, $"{One}$4$127.0.0.1${port}$FOLLOWER");

        DcfAdminResult added = await follower.Dcf.AddMemberAsync(One, 4, "127.0.0.1", port, DcfRole.Follower, TimeSpan.FromSeconds(60));
        Assert.True(added.Success, added.Reason);
        DcfAdminResult promoted = await follower.Dcf.PromoteLeaderAsync(One, 4, TimeSpan.FromSeconds(30));
        Assert.True(promoted.Success, promoted.Reason);
        await TestNode.UntilAsync(async () => (await fourth.Dcf.GetStream(One).GetStatusAsync()) is { Role: Role.Leader, IsReady: true }, "node 4 leads");
        Assert.True((await fourth.Dcf.WriteAsync(One, "by the fourth"u8.ToArray())).IsCommitted);

        await fourth.Dcf.DemoteFollowerAsync(One);
        await TestNode.UntilAsync(async () => (await follower.Dcf.GetStream(One).GetStatusAsync()).Leader is { IsNone: false } id && id != new NodeId(4), "another node leads");
        DcfAdminResult passive = await follower.Dcf.ChangeMemberRoleAsync(One, 4, DcfRole.Passive, waitTimeout: TimeSpan.FromSeconds(60));
        Assert.True(passive.Success, passive.Reason);
        DcfAdminResult removed = await follower.Dcf.RemoveMemberAsync(One, 4, TimeSpan.FromSeconds(60));
        Assert.True(removed.Success, removed.Reason);
        Assert.Equal(3, (await follower.Dcf.GetStream(One).GetStatusAsync()).Membership.Members.Length);
    }

    [Fact]
    public async Task A_follower_refuses_a_write_and_says_who_leads_but_forwards_a_universal_write()
    {
        await using Cluster cluster = await Cluster.StartAsync(_folder.Path, One);
        TestNode leader = await cluster.LeaderAsync(One);
        TestNode follower = cluster.Nodes.First(n => n != leader);

        DcfWriteResult refused = await follower.Dcf.WriteAsync(One, "x"u8.ToArray());
        DcfWriteResult forwarded = await follower.Dcf.UniversalWriteAsync(One, "y"u8.ToArray(), key: 5);

        Assert.Equal(DcfWriteStatus.NotLeader, refused.Status);
        Assert.Equal(new NodeId(leader.Id), refused.Leader);
        Assert.True(forwarded.IsCommitted, forwarded.Reason);
        await TestNode.UntilAsync(() => Task.FromResult(follower.Committed.Any(c => c == (One, forwarded.Index, "y", 5UL))), "the follower has the forwarded write");
    }

    [Fact]
    public async Task Every_stream_of_the_JSON_runs_over_the_nodes_one_port()
    {
        await using Cluster cluster = await Cluster.StartAsync(_folder.Path, One, Two);
        TestNode node = cluster.Nodes[0];
        await cluster.LeaderAsync(One);
        await cluster.LeaderAsync(Two);

        DcfWriteResult one = await node.Dcf.UniversalWriteAsync(One, "to one"u8.ToArray());
        DcfWriteResult two = await node.Dcf.UniversalWriteAsync(Two, "to two"u8.ToArray());

        Assert.True(one.IsCommitted && two.IsCommitted, one.Reason ?? two.Reason);
        Assert.Equal([One, Two], node.Dcf.Streams);
        Assert.Equal(["stream-1", "stream-2"], await ChildrenOfRaft(node));
    }

    [Fact]
    public async Task The_first_start_writes_the_metadata_and_later_starts_ignore_the_JSON_they_are_given()
    {
        int port = FreePort.Next();
        string json = $$"""[{"stream_id":1,"node_id":1,"ip":"127.0.0.1","port":{{port}},"role":"LEADER"}]""";
        DcfWriteResult first;
        await using (TestNode node = new(_folder.Path, 1))
        {
            await node.Dcf.StartAsync(1, json);
            first = await node.Dcf.UniversalWriteAsync(One, "kept"u8.ToArray());
            Assert.True(first.IsCommitted, first.Reason);
        }

        Assert.True(File.Exists(Path.Combine(_folder.Path, "1", "metadata", "cluster.json")));
        await using TestNode again = new(_folder.Path, 1);
        await again.Dcf.StartAsync(1, "not even JSON");

        Assert.Equal(port, again.Dcf.Cluster!.Nodes.Single().Port);
        DcfWriteResult second = await again.Dcf.UniversalWriteAsync(One, "more"u8.ToArray());
        Assert.True(second.Index > first.Index);
    }

    [Theory]
    [InlineData(1u, "[{]")]
    [InlineData(9u, """[{"stream_id":1,"node_id":1,"ip":"127.0.0.1","port":1,"role":"LEADER"}]""")]
    [InlineData(0u, """[{"stream_id":1,"node_id":1,"ip":"127.0.0.1","port":1,"role":"LEADER"}]""")]
    public async Task A_start_that_cannot_work_writes_nothing(uint nodeId, string json)
    {
        await using TestNode node = new(_folder.Path, nodeId);

        await Assert.ThrowsAsync<DcfConfigurationException>(() => node.Dcf.StartAsync(nodeId, json));

        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_port_in_use_is_named_and_no_metadata_is_written()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using TestNode node = new(_folder.Path, 1);

        DcfConfigurationException e = await Assert.ThrowsAsync<DcfConfigurationException>(
            () => node.Dcf.StartAsync(1, $"1$1$127.0.0.1${port}$LEADER"));

        Assert.Contains($"127.0.0.1:{port}", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "1")));
    }

    [Fact]
    public async Task A_data_folder_of_another_node_is_refused()
    {
        DcfMetadata.Create(_folder.Path, new NodeId(2), DcfClusterConfig.Parse("1$2$127.0.0.1$1$LEADER"));
        Directory.Move(Path.Combine(_folder.Path, "2"), Path.Combine(_folder.Path, "1"));
        await using TestNode node = new(_folder.Path, 1);

        DcfConfigurationException e = await Assert.ThrowsAsync<DcfConfigurationException>(() => node.Dcf.StartAsync(1, "1$1$127.0.0.1$1$LEADER"));

        Assert.Contains("belongs to node_id 2, not 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_metadata_is_refused_whatever_byte_is_wrong()
    {
        DcfMetadata.Create(_folder.Path, new NodeId(1), DcfClusterConfig.Parse("1$1$127.0.0.1$1711$LEADER"));
        string file = DcfMetadata.FileOf(_folder.Path, new NodeId(1));
        byte[] good = await File.ReadAllBytesAsync(file);
        int checksum = Encoding.UTF8.GetString(good).IndexOf("\"port\": 1711", StringComparison.Ordinal) + 9;
        byte[] bad = [.. good];
        bad[checksum] = (byte)'9';
        await File.WriteAllBytesAsync(file, bad);
        await using TestNode node = new(_folder.Path, 1);

        DcfConfigurationException e = await Assert.ThrowsAsync<DcfConfigurationException>(() => node.Dcf.StartAsync(1, "1$1$127.0.0.1$1$LEADER"));
        await File.WriteAllBytesAsync(file, good.AsMemory(0, good.Length / 2));
        DcfConfigurationException torn = Assert.Throws<DcfConfigurationException>(() => DcfMetadata.Load(_folder.Path, new NodeId(1)));

        Assert.Contains("damaged", e.Message, StringComparison.Ordinal);
        Assert.Contains("damaged", torn.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_path_that_cannot_be_written_is_named()
    {
        // A file where the folder should be stops everybody, the administrator too.
        string path = Path.Combine(_folder.Path, "taken");
        await File.WriteAllTextAsync(path, "");
        await using Dcf dcf = new(new DcfOptions { DataPath = path });

        DcfConfigurationException e = await Assert.ThrowsAsync<DcfConfigurationException>(() => dcf.StartAsync(1, $"1$1$127.0.0.1${FreePort.Next()}$LEADER"));

        Assert.Contains(path, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callbacks_are_registered_before_the_start()
    {
        await using TestNode node = new(_folder.Path, 1);
        await node.Dcf.StartAsync(1, $"1$1$127.0.0.1${FreePort.Next()}$LEADER");

        Assert.Throws<InvalidOperationException>(() => node.Dcf.RegisterStatusNotify((_, _) => { }));
        await Assert.ThrowsAsync<InvalidOperationException>(() => node.Dcf.StartAsync(1, ""));
    }

    private static async Task<List<string>> ChildrenOfRaft(TestNode node)
    {
        List<string> names = [];
        foreach (string name in new[] { "stream-1", "stream-2", "stream-3" })
        {
            ActorIdentity identity = await Futures.Ask<ActorIdentity>(
                node.Dcf.System.ActorSelection($"/user/raft/{name}"), new Identify(name), TimeSpan.FromSeconds(30));
            if (identity.Subject is not null)
            {
                names.Add(name);
            }
        }

        return names;
    }

    private sealed class Cluster : IAsyncDisposable
    {
        private Cluster(IReadOnlyList<TestNode> nodes) => Nodes = nodes;

        public IReadOnlyList<TestNode> Nodes { get; }

        public static async Task<Cluster> StartAsync(string folder, params StreamId[] streams)
        {
            int[] ports = [FreePort.Next(), FreePort.Next(), FreePort.Next()];
            string text = string.Join(",", streams.SelectMany(s => ports.Select((port, i) => $"{s}${i + 1}$127.0.0.1${port}${(i == 0 ? "LEADER" : "FOLLOWER")}")));
            Cluster cluster = new([.. Enumerable.Range(1, 3).Select(id => new TestNode(folder, (uint)id, alone: false))]);
            await Task.WhenAll(cluster.Nodes.Select(n => n.Dcf.StartAsync(n.Id, text)));
            await Task.WhenAll(streams.Select(cluster.Nodes[0].ElectAsync));
            return cluster;
        }

        public async Task<TestNode> LeaderAsync(StreamId stream)
        {
            TestNode? leader = null;
            await TestNode.UntilAsync(
                async () =>
                {
                    StreamStatus[] statuses = await Task.WhenAll(Nodes.Select(n => n.Dcf.GetStream(stream).GetStatusAsync()));
                    int at = Array.FindIndex(statuses, s => s.Role == Role.Leader && s.IsReady);
                    leader = at < 0 || !Array.TrueForAll(statuses, s => s.Leader == statuses[at].Node) ? null : Nodes[at];
                    return leader is not null;
                },
                $"stream {stream} has a leader");
            return leader!;
        }

        public async ValueTask DisposeAsync() => await Task.WhenAll(Nodes.Select(n => n.DisposeAsync().AsTask()));
    }
}
