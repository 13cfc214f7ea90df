using System.Net;
using System.Net.Sockets;

namespace KvServer.Client.Processes;

/// <summary>Several node processes of one cluster.</summary>
public sealed class KvCluster : IAsyncDisposable
{
    private readonly Dictionary<int, KvNodeProcess> _nodes = [];
    private readonly Dictionary<int, KvNodeSettings> _settings;

    /// <summary>Makes a cluster of which nothing runs yet.</summary>
    /// <param name="settings">Its nodes.</param>
    public KvCluster(IEnumerable<KvNodeSettings> settings) => _settings = settings.ToDictionary(s => s.NodeId);

    /// <summary>The nodes' ids.</summary>
    public IReadOnlyList<int> NodeIds => [.. _settings.Keys.Order()];

    /// <summary>Where clients connect to a node.</summary>
    /// <param name="node">Its id.</param>
    public IPEndPoint EndpointOf(int node) => _settings[node].Endpoint;

    /// <summary>The process of a node: the running one, or the last.</summary>
    /// <param name="node">Its id.</param>
    public KvNodeProcess this[int node] => _nodes[node];

    /// <summary>Takes in a node that joins. Nothing else may use this object meanwhile.</summary>
    /// <param name="settings">The node.</param>
    public void Add(KvNodeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings.Add(settings.NodeId, settings);
    }

    /// <summary>Counts a node no more that was removed and has ended. Nothing else may use this object meanwhile.</summary>
    /// <param name="node">Its id.</param>
    public void Forget(int node) => _settings.Remove(node);

    /// <summary>True while the node's process runs.</summary>
    /// <param name="node">Its id.</param>
    public bool IsRunning(int node)
    {
        lock (_nodes)
        {
            return _nodes.TryGetValue(node, out KvNodeProcess? process) && !process.HasExited;
        }
    }

    /// <summary>Starts all nodes and waits until they take clients.</summary>
    /// <param name="patience">How long a node may take.</param>
    public async Task StartAllAsync(TimeSpan patience)
    {
        KvNodeProcess[] started = [.. NodeIds.Select(Launch)];
        await Task.WhenAll(started.Select(n => n.WaitReadyAsync(patience))).ConfigureAwait(false);
    }

    /// <summary>Starts a node that does not run, and waits until it takes clients.</summary>
    /// <param name="node">Its id.</param>
    /// <param name="patience">How long it may take.</param>
    public Task StartAsync(int node, TimeSpan patience) => Launch(node).WaitReadyAsync(patience);

    /// <summary>Starts a node that does not run; does not wait.</summary>
    /// <param name="node">Its id.</param>
    public KvNodeProcess Launch(int node)
    {
        KvNodeProcess process = KvNodeProcess.Start(_settings[node]);
        lock (_nodes)
        {
            _nodes[node] = process;
        }

        return process;
    }

    /// <summary>SIGKILL to a node; returns when the process is gone.</summary>
    /// <param name="node">Its id.</param>
    public async Task KillAsync(int node)
    {
        _nodes[node].Kill();
        await _nodes[node].WaitForExitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(false);
    }

    /// <summary>The leader, asked of the nodes that run; null while they do not agree on a live one.</summary>
    public async Task<int?> LeaderAsync()
    {
        KvStatus?[] all = await StatusAsync().ConfigureAwait(false);
        KvStatus? leader = all.Where(s => s?.Role == "leader").MaxBy(s => s!.Term);
        return leader is not null && IsRunning(leader.Node) ? leader.Node : null;
    }

    /// <summary>Asks every node that runs.</summary>
    public async Task<KvStatus?[]> StatusAsync() =>
        await Task.WhenAll(NodeIds.Select(n => IsRunning(n) ? KvStatus.TryAskAsync(EndpointOf(n)) : Task.FromResult<KvStatus?>(null))).ConfigureAwait(false);

    /// <summary>Waits until a leader is known.</summary>
    /// <param name="patience">How long.</param>
    /// <exception cref="KvNodeException">There is none.</exception>
    public async Task<int> WaitForLeaderAsync(TimeSpan patience)
    {
        DateTime end = DateTime.UtcNow + patience;
        while (true)
        {
            if (await LeaderAsync().ConfigureAwait(false) is { } leader)
            {
                return leader;
            }

            if (DateTime.UtcNow > end)
            {
                throw new KvNodeException($"No leader within {patience.TotalSeconds:0} s.\n{Tails()}");
            }

            await Task.Delay(50).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until all nodes have applied the same index and have the same state.</summary>
    /// <param name="patience">How long.</param>
    /// <exception cref="KvNodeException">They do not get there, or differ at the same index.</exception>
    public async Task<IReadOnlyList<KvStatus>> WaitForAgreementAsync(TimeSpan patience)
    {
        DateTime end = DateTime.UtcNow + patience;
        while (true)
        {
            KvStatus?[] all = await StatusAsync().ConfigureAwait(false);
            if (all.All(s => s is not null) && all.Select(s => s!.Applied).Distinct().Count() == 1 && all[0]!.Applied == all.Max(s => s!.Commit))
            {
                if (all.Select(s => s!.StateHash).Distinct().Count() != 1)
                {
                    throw new KvNodeException($"The nodes applied the same index and have different states: {Describe(all)}");
                }

                return [.. all.Select(s => s!)];
            }

            if (DateTime.UtcNow > end)
            {
                throw new KvNodeException($"The nodes did not agree within {patience.TotalSeconds:0} s: {Describe(all)}\n{Tails()}");
            }

            await Task.Delay(50).ConfigureAwait(false);
        }
    }

    /// <summary>The ends of all nodes' outputs.</summary>
    public string Tails() => string.Join('\n', _nodes.OrderBy(n => n.Key).Select(n => $"  node {n.Key}:\n{n.Value.Tail(15)}"));

    /// <summary>Kills whatever still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (KvNodeProcess node in _nodes.Values)
        {
            await node.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>True when nobody listens at a port of the loopback address.</summary>
    /// <param name="port">The port.</param>
    public static bool IsFree(int port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Ports of the loopback address that nobody uses now.</summary>
    /// <param name="count">How many.</param>
    /// <remarks>They lie below the ports that the system hands out to clients, so that no outgoing connection takes one before, or between two runs of, the node that is to listen there.</remarks>
    public static int[] FreePorts(int count)
    {
        HashSet<int> ports = [];
        for (int attempt = 0; ports.Count < count; attempt++)
        {
            if (attempt > 1000)
            {
                throw new InvalidOperationException($"{count} free ports between 10000 and 31000 were not found.");
            }

            int port = Random.Shared.Next(10_000, 31_000);
            if (IsFree(port))
            {
                ports.Add(port);
            }
        }

        return [.. ports];
    }

    private static string Describe(IEnumerable<KvStatus?> all) => string.Join("; ", all.Select(s => s?.ToString() ?? "no answer"));
}
