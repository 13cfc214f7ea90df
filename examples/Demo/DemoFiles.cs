using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KvServer.Client.Processes;

namespace Demo;

/// <summary>Where the demo keeps things, and which ports it uses.</summary>
internal sealed class DemoFiles
{
    /// <summary>The node that joins and leaves within a run.</summary>
    public const int Newcomer = 4;

    private const int FirstClientPort = 4421;
    private const int NewcomerPort = 4414;

    private readonly Dictionary<int, string> _peerAddresses = [];

    private DemoFiles(string repository)
    {
        Repository = repository;
        Data = Path.Combine(repository, "data", "demo");
        ClusterFile = Path.Combine(Data, "cluster.json");
        Ledger = Path.Combine(Data, "ledger");
    }

    public string Repository { get; }

    /// <summary>Everything that a run leaves behind.</summary>
    public string Data { get; }

    /// <summary>The cluster as the first run started it.</summary>
    public string ClusterFile { get; }

    public string Ledger { get; }

    public bool IsFirstRun { get; private set; }

    public List<KvNodeSettings> Nodes { get; } = [];

    /// <summary>Prepares the data folder.</summary>
    /// <exception cref="DemoException">A port that must be used is taken.</exception>
    public static DemoFiles Prepare(bool fresh, Action<string> say)
    {
        DemoFiles files = new(RealInput.FindRepository());
        if (fresh && Directory.Exists(files.Data))
        {
            if (File.Exists(files.ClusterFile))
            {
                files.OldCluster(); // Nodes that still run must not lose their files below them.
            }

            Directory.Delete(files.Data, recursive: true);
        }

        files.IsFirstRun = !File.Exists(files.ClusterFile);
        Directory.CreateDirectory(files.Data);
        JsonArray cluster = files.IsFirstRun ? files.NewCluster(say) : files.OldCluster();
        int[] ids = [.. cluster.Select(n => (int)n!["node_id"]!).Distinct().Order()];
        foreach (JsonNode? node in cluster)
        {
            files._peerAddresses[(int)node!["node_id"]!] = $"{node["ip"]}:{node["port"]}";
        }

        foreach (int id in ids)
        {
            int port = FirstClientPort + id - 1;
            files.Nodes.Add(new KvNodeSettings
            {
                NodeId = id,
                ClusterFile = files.ClusterFile,
                ConfigFile = Path.Combine(files.Repository, "config", "demo", "node.conf"),
                DataFolder = Path.Combine(files.Data, $"node{id}"),
                LogFile = Path.Combine(files.Data, $"node{id}.log"),
                Endpoint = new IPEndPoint(IPAddress.Loopback, KvCluster.IsFree(port) ? port : KvCluster.FreePorts(1)[0]),
            });
        }

        return files;
    }

    /// <summary>Where a node talks to the others.</summary>
    public string PeerAddressOf(int node) => _peerAddresses[node];

    /// <summary>Prepares the node that joins: an empty folder, a port, and a cluster file that names it too. It leaves before the run ends, so it need not keep any of them.</summary>
    public KvNodeSettings PrepareNewcomer()
    {
        string folder = Path.Combine(Data, $"node{Newcomer}");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        int[] free = KvCluster.FreePorts(2);
        int peer = KvCluster.IsFree(NewcomerPort) ? NewcomerPort : free[0];
        int client = FirstClientPort + Newcomer - 1;
        JsonArray cluster = JsonNode.Parse(File.ReadAllText(ClusterFile))!.AsArray();
        cluster.Add(new JsonObject { ["stream_id"] = (int)cluster[0]!["stream_id"]!, ["node_id"] = Newcomer, ["ip"] = "127.0.0.1", ["port"] = peer, ["role"] = "FOLLOWER" });
        string file = Path.Combine(Data, $"cluster-of-node{Newcomer}.json");
        File.WriteAllText(file, cluster.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        _peerAddresses[Newcomer] = $"127.0.0.1:{peer}";
        return Nodes[0] with
        {
            NodeId = Newcomer,
            ClusterFile = file,
            DataFolder = folder,
            LogFile = Path.Combine(Data, $"node{Newcomer}.log"),
            Endpoint = new IPEndPoint(IPAddress.Loopback, KvCluster.IsFree(client) ? client : free[1]),
            Join = true,
        };
    }

    private JsonArray NewCluster(Action<string> say)
    {
        JsonArray cluster = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository, "config", "demo", "cluster.json")))!.AsArray();
        int[] taken = [.. cluster.Select(n => (int)n!["port"]!).Where(p => !KvCluster.IsFree(p))];
        if (taken.Length > 0)
        {
            int[] free = KvCluster.FreePorts(cluster.Count);
            for (int i = 0; i < cluster.Count; i++)
            {
                cluster[i]!["port"] = free[i];
            }

            say($"Port {string.Join(", ", taken)} of config/demo/cluster.json is in use; the nodes use {string.Join(", ", free)} instead.");
        }

        File.WriteAllText(ClusterFile, cluster.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        return cluster;
    }

    private JsonArray OldCluster()
    {
        // The nodes have written their addresses down at the first start; they cannot move now.
        JsonArray cluster = JsonNode.Parse(File.ReadAllText(ClusterFile))!.AsArray();
        int[] taken = [.. cluster.Select(n => (int)n!["port"]!).Where(p => !KvCluster.IsFree(p))];
        return taken.Length == 0
            ? cluster
            : throw new DemoException($"Port {string.Join(", ", taken)} is in use by another process, and the nodes of the former run are bound to it ({ClusterFile}). End that process (another demo?), or remove {Data}.");
    }
}
