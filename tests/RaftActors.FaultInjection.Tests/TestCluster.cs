using System.Globalization;
using System.Net;
using KvServer.Client;
using KvServer.Client.Processes;

namespace RaftActors.FaultInjection.Tests;

/// <summary>A cluster of processes in a temporary folder, on free ports, with timings for one machine.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>For tests in which the leader must not change, however busy the machine is.</summary>
    public const string OneLeader = "raft-actors.stream-defaults { election-timeout-min = 4s, election-timeout-max = 5s }";

    private const string Settings = """
        raft-actors.stream-defaults {
          election-timeout-min = 400ms
          election-timeout-max = 800ms
          heartbeat-interval = 60ms
          vote-retry-interval = 150ms
        }
        """;

    private TestCluster(string folder, KvCluster nodes)
    {
        Folder = folder;
        Nodes = nodes;
    }

    public string Folder { get; }

    public KvCluster Nodes { get; }

    /// <summary>Makes the files of a cluster; starts nothing.</summary>
    /// <param name="count">How many nodes.</param>
    /// <param name="settings">HOCON for all of them, behind the test's own.</param>
    public static TestCluster Prepare(int count, string settings = "")
    {
        string folder = Directory.CreateTempSubdirectory("kv-faults-").FullName;
        int[] ports = KvCluster.FreePorts(2 * count);
        string cluster = Path.Combine(folder, "cluster.json");
        File.WriteAllText(cluster, ClusterJson(ports[..count]));
        string config = Path.Combine(folder, "node.conf");
        File.WriteAllText(config, Settings + "\n" + settings);
        return new TestCluster(folder, new KvCluster(Enumerable.Range(1, count).Select(id => new KvNodeSettings
        {
            NodeId = id,
            ClusterFile = cluster,
            ConfigFile = config,
            DataFolder = Path.Combine(folder, $"node{id}"),
            LogFile = Path.Combine(folder, $"node{id}.log"),
            Endpoint = new IPEndPoint(IPAddress.Loopback, ports[count + id - 1]),
        })));
    }

    /// <summary>Makes a cluster and waits until it has a leader.</summary>
    public static async Task<TestCluster> StartAsync(int count, string settings = "")
    {
        TestCluster cluster = Prepare(count, settings);
        try
        {
            await cluster.Nodes.StartAllAsync(Patience);
            await cluster.Nodes.WaitForLeaderAsync(Patience);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public static string ClusterJson(IEnumerable<int> ports) => "[" + string.Join(",\n", ports.Select((port, i) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"stream_id":1,"node_id":{{i + 1}},"ip":"127.0.0.1","port":{{port}},"role":"{{(i == 0 ? "LEADER" : "FOLLOWER")}}"}"""))) + "]";

    public Task<RespClient> ConnectAsync(int node) => RespClient.ConnectAsync(Nodes.EndpointOf(node));

    /// <summary>The port at which a node talks to its peers.</summary>
    public int PeerPortOf(int node)
    {
        using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "cluster.json")));
        return json.RootElement[node - 1].GetProperty("port").GetInt32();
    }

    /// <summary>Everything that a node has printed so far, former runs of it too.</summary>
    public string LogOf(int node)
    {
        using FileStream stream = new(Path.Combine(Folder, $"node{node}.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    public async ValueTask DisposeAsync()
    {
        await Nodes.DisposeAsync();
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException)
        {
            // A file that is still closing; the system's temporary folder is cleaned by others.
        }
    }
}
