using System.Net;
using System.Net.Sockets;
using KvServer.Client;
using KvServer.Client.Processes;
using Microsoft.Data.Sqlite;

namespace RaftActors.FaultInjection.Tests;

/// <summary>Starts that cannot work: one clear line, an exit code of their own, nothing touched, quickly.</summary>
public sealed class StartSpec
{
    private const int Configuration = 3;
    private const int Address = 4;
    private const int Storage = 5;
    private const int StreamFailed = 6;

    [Fact]
    public async Task Client_port_in_use_must_be_named()
    {
        await using TestCluster cluster = TestCluster.Prepare(1);
        using Socket taken = Listen(cluster.Nodes.EndpointOf(1).Port);
        string output = await FailsAsync(cluster, Address);
        Assert.Contains($"client port {cluster.Nodes.EndpointOf(1)} is in use", output, StringComparison.Ordinal);
        Assert.Contains("--resp-port", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Peer_port_in_use_must_be_named()
    {
        await using TestCluster cluster = TestCluster.Prepare(1);
        using Socket taken = Listen(cluster.PeerPortOf(1));
        string output = await FailsAsync(cluster, Address);
        Assert.Contains($"127.0.0.1:{cluster.PeerPortOf(1)}", output, StringComparison.Ordinal);
        Assert.Contains("in use", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[{\"stream_id\":1,", "")]
    [InlineData("[]", "")]
    [InlineData("[{\"stream_id\":1,\"node_id\":7,\"ip\":\"127.0.0.1\",\"port\":4000,\"role\":\"LEADER\"}]", "node_id 1")]
    [InlineData("[{\"stream_id\":1,\"node_id\":1,\"ip\":\"127.0.0.1\",\"port\":4000,\"role\":\"KING\"}]", "KING")]
    [InlineData("[{\"stream_id\":1,\"node_id\":1,\"ip\":\"127.0.0.1\",\"port\":400000,\"role\":\"LEADER\"}]", "400000")]
    public async Task Cluster_file_that_makes_no_sense_must_be_refused_and_nothing_written(string json, string says)
    {
        await using TestCluster cluster = TestCluster.Prepare(1);
        File.WriteAllText(Path.Combine(cluster.Folder, "cluster.json"), json);
        Assert.Contains(says, await FailsAsync(cluster, Configuration), StringComparison.Ordinal);
        Assert.False(Directory.Exists(DataOf(cluster)));
    }

    [Theory]
    [InlineData("kv-server.max-value-sise = 1MiB", "kv-server.max-value-sise")]
    [InlineData("kv-server.max-value-size = 1000MiB", "kv-server.max-value-size is '1000MiB'")]
    [InlineData("kv-server.leader-wait = 0s", "kv-server.leader-wait is '0s'")]
    [InlineData("raft-actors.stream-defaults.max-entry-size = 1MiB", "raft-actors.stream-defaults.max-entry-size")]
    [InlineData("raft-actors.stream-defaults.heartbeat-interval = 10s", "heartbeat-interval")]
    [InlineData("raft-actors.stream-defaults.hartbeat-interval = 10ms", "hartbeat-interval")]
    [InlineData("kv-server {", "")]
    public async Task Setting_that_makes_no_sense_must_be_named(string settings, string says)
    {
        await using TestCluster cluster = TestCluster.Prepare(1, settings);
        Assert.Contains(says, await FailsAsync(cluster, Configuration), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_folder_that_is_a_file_or_cannot_be_made_must_be_refused()
    {
        await using TestCluster cluster = TestCluster.Prepare(1);
        File.WriteAllText(DataOf(cluster), "x");
        Assert.Contains("is a file", await FailsAsync(cluster, Storage), StringComparison.Ordinal);

        // Not even root can make a folder there.
        KvNodeSettings settings = Settings(cluster) with { DataFolder = "/proc/kv-server-data" };
        Assert.Contains("/proc/kv-server-data", await FailsAsync(settings, Storage), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_folder_of_another_node_or_cluster_must_be_refused_untouched()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        await Task.WhenAll(cluster.Nodes.NodeIds.Select(cluster.Nodes.KillAsync));
        string[] before = Files(DataOf(cluster));
        KvNodeSettings settings = Settings(cluster) with { NodeId = 2 };
        Assert.Contains("belongs to node 1, not to node 2", await FailsAsync(settings, Storage), StringComparison.Ordinal);
        File.AppendAllText(Path.Combine(cluster.Folder, "node.conf"), "\nkv-server.cluster-name = \"other\"\n");
        Assert.Contains("belongs to cluster 'kv', not to 'other'", await FailsAsync(cluster, Storage), StringComparison.Ordinal);
        Assert.Equal(before, Files(DataOf(cluster)));
    }

    [Fact]
    public async Task Data_folder_in_use_must_be_refused_with_its_user()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        KvNodeSettings settings = Settings(cluster) with { Endpoint = new IPEndPoint(IPAddress.Loopback, KvCluster.FreePorts(1)[0]) };
        Assert.Contains($"in use by another process (process {cluster.Nodes[1].ProcessId})", await FailsAsync(settings, Storage), StringComparison.Ordinal);
        await using RespClient client = await cluster.ConnectAsync(1);
        Assert.True((await client.TryAsync("SET", "a", "1")).IsAcknowledged);
    }

    [Fact]
    public async Task Damaged_journal_must_be_refused_untouched()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        await using (RespClient client = await cluster.ConnectAsync(1))
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => client.SendAsync("SET", $"k{i}", new string('x', 1000))));
        }

        cluster.Nodes[1].Terminate();
        Assert.Equal(0, await cluster.Nodes[1].WaitForExitAsync(TestCluster.Patience));
        string journal = Path.Combine(DataOf(cluster), "journal.db");
        using (SqliteConnection connection = Open(cluster))
        {
            Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)"); // All of it in one file, so that there is one to damage.
        }

        byte[] good = File.ReadAllBytes(journal);
        Assert.True(good.Length > 20_000, "The journal should have taken the writes.");

        // In the middle, and at the head.
        byte[] bad = [.. good];
        Array.Fill(bad, (byte)0xA5, 8192, 8192);
        File.WriteAllBytes(journal, bad);
        Assert.Contains($"The journal {journal} is damaged", await FailsAsync(cluster, Storage), StringComparison.Ordinal);
        Array.Fill(bad, (byte)0xA5, 0, 100);
        File.WriteAllBytes(journal, bad);
        Assert.Contains($"The journal {journal} is damaged", await FailsAsync(cluster, Storage), StringComparison.Ordinal);
        Assert.Equal(bad, File.ReadAllBytes(journal));

        // Restored, it is as it was.
        File.WriteAllBytes(journal, good);
        await cluster.Nodes.StartAsync(1, TestCluster.Patience);
        await using RespClient again = await cluster.ConnectAsync(1);
        Assert.Equal("200", (await again.SendAsync("DBSIZE")).ToString());
    }

    [Fact]
    public async Task Journal_that_is_gone_or_another_nodes_must_be_refused_untouched()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        await Task.WhenAll(cluster.Nodes.NodeIds.Select(cluster.Nodes.KillAsync));
        string journal = Path.Combine(DataOf(cluster), "journal.db");
        foreach (string beside in (string[])["", "-wal", "-shm"])
        {
            File.Delete(journal + beside);
        }

        string[] before = Files(DataOf(cluster));
        Assert.Contains($"The journal {journal} is missing", await FailsAsync(cluster, Storage), StringComparison.Ordinal);
        Assert.Equal(before.Where(NotThePid), Files(DataOf(cluster)).Where(NotThePid));
        File.WriteAllBytes(journal, []);
        Assert.Contains($"The journal {journal} is empty", await FailsAsync(cluster, Storage), StringComparison.Ordinal);

        // That of node 2: nothing in it has this node's name.
        foreach (string beside in (string[])["", "-wal"])
        {
            File.Copy(Path.Combine(cluster.Folder, "node2", "journal.db" + beside), journal + beside, overwrite: true);
        }

        Assert.Contains("is that of 'raft-stream-1-node-2', not of node 1", await FailsAsync(cluster, Storage), StringComparison.Ordinal);

        static bool NotThePid(string file) => !file.Contains("node.pid", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disk_that_takes_nothing_must_not_be_taken_for_another_process()
    {
        await using TestCluster cluster = TestCluster.Prepare(1);
        Directory.CreateDirectory(DataOf(cluster));
        File.CreateSymbolicLink(Path.Combine(DataOf(cluster), "node.pid"), "/dev/full");
        string line = await FailsAsync(cluster, Storage);
        Assert.Contains("No space left", line, StringComparison.Ordinal);
        Assert.DoesNotContain("another process", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Locked_journal_must_be_refused()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        cluster.Nodes[1].Terminate();
        await cluster.Nodes[1].WaitForExitAsync(TestCluster.Patience);
        using SqliteConnection holder = Open(cluster);
        Execute(holder, "BEGIN IMMEDIATE");
        Assert.Contains("is locked by another process", await FailsAsync(cluster, Storage), StringComparison.Ordinal);
        Execute(holder, "ROLLBACK");
    }

    [Fact]
    public async Task Journal_that_fails_while_running_must_end_the_node_and_a_restart_recover()
    {
        await using TestCluster cluster = TestCluster.Prepare(1);
        string journal = Path.Combine(DataOf(cluster), "journal.db");
        Directory.CreateDirectory(DataOf(cluster));
        File.AppendAllText(
            Path.Combine(cluster.Folder, "node.conf"),
            $"\nakka.persistence.journal.sql.connection-string = \"Data Source={journal};Default Timeout=1\"\n");
        await cluster.Nodes.StartAllAsync(TestCluster.Patience);
        await cluster.Nodes.WaitForLeaderAsync(TestCluster.Patience);
        await using RespClient client = await cluster.ConnectAsync(1);
        Assert.True((await client.TryAsync("SET", "a", "1")).IsAcknowledged);

        // Another program takes the file: the next write fails.
        using (SqliteConnection holder = Open(cluster))
        {
            Execute(holder, "BEGIN IMMEDIATE");
            Outcome outcome = await client.TryAsync("SET", "b", "1");
            Assert.Equal(OutcomeKind.Unknown, outcome.Kind);
            Assert.Equal(StreamFailed, await cluster.Nodes[1].WaitForExitAsync(TestCluster.Patience));
            Assert.Contains("Stream 1 failed", cluster.Nodes[1].Tail(50), StringComparison.Ordinal);
            Execute(holder, "ROLLBACK");
        }

        await cluster.Nodes.StartAsync(1, TestCluster.Patience);
        await using RespClient again = await cluster.ConnectAsync(1);
        Assert.Equal("1", (await again.SendAsync("GET", "a")).Text);
        Assert.True((await again.TryAsync("SET", "c", "1")).IsAcknowledged);
    }

    private static string DataOf(TestCluster cluster) => Path.Combine(cluster.Folder, "node1");

    private static KvNodeSettings Settings(TestCluster cluster) => new()
    {
        NodeId = 1,
        ClusterFile = Path.Combine(cluster.Folder, "cluster.json"),
        ConfigFile = Path.Combine(cluster.Folder, "node.conf"),
        DataFolder = DataOf(cluster),
        Endpoint = cluster.Nodes.EndpointOf(1),
    };

    private static Task<string> FailsAsync(TestCluster cluster, int code) => FailsAsync(Settings(cluster), code);

    private static async Task<string> FailsAsync(KvNodeSettings settings, int code)
    {
        await using KvNodeProcess node = KvNodeProcess.Start(settings);
        DateTime begun = DateTime.UtcNow;
        int ended = await node.WaitForExitAsync(TestCluster.Patience);
        string output = node.Tail(50);
        Assert.True(ended == code, $"exit code {ended}, expected {code}:\n{output}");
        Assert.True(DateTime.UtcNow - begun < TimeSpan.FromSeconds(20), output);
        string line = Assert.Single(node.Errors); // For people: one line, no stack trace.
        Assert.StartsWith("kvserver: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected", line, StringComparison.Ordinal);
        return line;
    }

    private static string[] Files(string folder) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("-shm", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(f => $"{f} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}")];

    private static Socket Listen(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen(1);
        return socket;
    }

    private static SqliteConnection Open(TestCluster cluster)
    {
        SqliteConnection connection = new($"Data Source={Path.Combine(DataOf(cluster), "journal.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
