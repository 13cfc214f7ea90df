using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RaftActors.Node.Bench;

/// <summary>Three nodes on loopback with fresh data.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    public const int Nodes = 3;

    private static readonly TimeSpan LeaderPatience = TimeSpan.FromSeconds(60);

    private readonly string _folder;

    private BenchCluster(string folder, BenchMember[] members)
    {
        _folder = folder;
        Members = members;
    }

    public IReadOnlyList<BenchMember> Members { get; }

    public static async Task<BenchCluster> StartAsync(BenchOptions options, BenchJournal journal, CancellationToken cancellation)
    {
        string folder = Path.Combine(options.Data ?? Path.GetTempPath(), $"raftactors-bench-{Guid.NewGuid():N}");
        int[] ports = FreePorts();
        BenchCluster cluster = new(folder, [.. Enumerable.Range(0, Nodes).Select(BenchMember (i) =>
        {
            BenchNodeOptions node = new()
            {
                Id = i,
                Data = Path.Combine(folder, i.ToString(CultureInfo.InvariantCulture)),
                Ports = ports,
                Journal = journal,
                PostgreSql = journal == BenchJournal.PostgreSql ? options.PostgreSql : null,
                Streams = options.Streams,
                ElectionTimeout = options.ElectionTimeout,
                Quiet = options.InProcess,
                Snapshots = options.Snapshots,
                UserCodeOnConsensus = options.UserCodeOnConsensus,
                BatchEntries = options.BatchEntries,
                Settings = options.Settings,
            };
            return options.InProcess ? new InProcessMember(node) : new ProcessMember(node);
        })]);
        try
        {
            await Task.WhenAll(cluster.Members.Select(m => m.StartAsync(cancellation))).ConfigureAwait(false);
            await cluster.LeaderAsync(cluster.Members, cancellation).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until one of these leads and has committed an entry of its term.</summary>
    public async Task<BenchMember> LeaderAsync(IReadOnlyList<BenchMember> among, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(LeaderPatience);
        Task<string>[] waits = [.. among.Select(m => m.AskAsync("waitlead", patience.Token))];
        Task<string> first = await Task.WhenAny(waits).ConfigureAwait(false);
        int leader = Array.IndexOf(waits, first);
        string answer;
        try
        {
            answer = await first.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new BenchException($"No node became leader within {LeaderPatience.TotalSeconds} s.");
        }

        await patience.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(waits).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        return answer == "ok" ? among[leader] : throw new BenchException($"A node answered '{answer}' when asked whether it leads.");
    }

    /// <summary>Waits until everybody has applied what the leader has committed now.</summary>
    public async Task CaughtUpAsync(BenchMember leader, CancellationToken cancellation)
    {
        Stopwatch patience = Stopwatch.StartNew();
        long commit = CommitOf(await leader.AskAsync("state", cancellation).ConfigureAwait(false));
        foreach (BenchMember member in Members)
        {
            while (AppliedOf(await member.AskAsync("state", cancellation).ConfigureAwait(false)) < commit)
            {
                if (patience.Elapsed > LeaderPatience)
                {
                    throw new BenchException($"Node {member.Options.Id} did not catch up within {LeaderPatience.TotalSeconds} s.");
                }

                await Task.Delay(20, cancellation).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (BenchMember member in Members)
        {
            await member.DisposeAsync().ConfigureAwait(false);
        }

        foreach (BenchNodeOptions node in Members.Select(m => m.Options))
        {
            if (node.PostgreSql is { } server)
            {
                await BenchDatabase.DropAsync(server, node.Data, CancellationToken.None).ConfigureAwait(false);
            }
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static long CommitOf(string state) => long.Parse(state.Split(' ')[2], CultureInfo.InvariantCulture);

    private static long AppliedOf(string state) => long.Parse(state.Split(' ')[3], CultureInfo.InvariantCulture);

    private static int[] FreePorts()
    {
        List<int> ports = [];
        for (int attempt = 0; ports.Count < Nodes; attempt++)
        {
            if (attempt > 200)
            {
                throw new BenchException("No free ports were found.");
            }

            // Below the ports that the system hands out to clients, so that no connection takes one in between.
            int port = Random.Shared.Next(10_000, 31_000);
            if (!ports.Exists(p => Math.Abs(p - port) is 0 or BenchNodeOptions.CommandPortOffset) && IsFree(port) && IsFree(port + BenchNodeOptions.CommandPortOffset))
            {
                ports.Add(port);
            }
        }

        return [.. ports];
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
