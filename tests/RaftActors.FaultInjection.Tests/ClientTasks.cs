using System.Net.Sockets;
using KvServer.Client;
using KvServer.Client.Processes;

namespace RaftActors.FaultInjection.Tests;

/// <summary>Clients that go on beside a test until it stops them.</summary>
internal abstract class ClientTasks(KvCluster cluster, int clients)
{
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    protected KvCluster Cluster => cluster;

    protected int Clients => clients;

    protected bool IsStopping => _stop.IsCancellationRequested;

    public void Start() => _running = Task.WhenAll(Enumerable.Range(0, clients).Select(i => Task.Run(() => RunAsync(i))));

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <summary>One client, from now until <see cref="IsStopping"/>.</summary>
    protected abstract Task RunAsync(int index);

    /// <summary>Waits until <paramref name="done"/> has risen so much more.</summary>
    protected async Task ProgressAsync(Func<long> done, long more, TimeSpan patience, string what, string when)
    {
        long goal = done() + more;
        using CancellationTokenSource timeout = new(patience);
        while (done() < goal)
        {
            if (_running.IsFaulted)
            {
                await _running;
            }

            Assert.False(timeout.IsCancellationRequested, $"Only {done() - goal + more} of {more} {what} in {patience.TotalSeconds:0} s{when}.\n{cluster.Tails()}");
            await Task.Delay(5);
        }
    }

    protected async Task<RespClient?> TryConnectAsync(int node)
    {
        try
        {
            return await RespClient.ConnectAsync(cluster.EndpointOf(node));
        }
        catch (SocketException)
        {
            await Task.Delay(10);
            return null;
        }
    }
}
