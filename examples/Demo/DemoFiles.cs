using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KvServer.Client.Processes;

namespace Demo;

/// <summary>Where the demo keeps things, and which ports it uses.</summary>
internal sealed class DemoFiles
{
    private const int FirstClientPort = 4421;

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
