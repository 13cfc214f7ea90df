using System.Collections.Concurrent;
using System.Globalization;
using KvServer.Client;
using KvServer.Client.Processes;

namespace Demo;

/// <summary>
/// Clients that count through sessions while the leader is killed. To increment twice, or not at all, would show: the counter must stand exactly at the number of increments that were acknowledged, and each of them must
/// have got a number of its own.
/// </summary>
internal sealed class CounterRun(KvCluster cluster, string key)
{
    private const int Clients = 4;

    private readonly ConcurrentBag<long> _numbers = [];
    private volatile bool _stopping;
    private long _repeated;

    /// <summary>Increments that were acknowledged.</summary>
    public int Acknowledged => _numbers.Count;

    /// <summary>Increments that had to be sent again.</summary>
    public long Repeated => Interlocked.Read(ref _repeated);

    /// <summary>Counts until <see cref="Stop"/>; then ends with the last acknowledgement.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => CountAsync(i, cancellation), cancellation)));

    /// <summary>Begins nothing more.</summary>
    public void Stop() => _stopping = true;

    /// <summary>What is wrong with the counter; null when it is exact.</summary>
    public async Task<string?> CheckAsync(CancellationToken cancellation)
    {
        await using RespClient client = await RespClient.ConnectAsync(cluster.EndpointOf(cluster.NodeIds[0]), cancellation);
        RespReply value = await client.SendAsync("GET", key).WaitAsync(cancellation);
        string expected = Acknowledged.ToString(CultureInfo.InvariantCulture);
        int distinct = _numbers.Distinct().Count();
        return value.Text != expected ? $"the counter stands at {value.Text}, but {expected} increments were acknowledged"
            : distinct != Acknowledged ? $"{Acknowledged} increments were acknowledged, but with only {distinct} different numbers"
            : null;
    }

    private async Task CountAsync(int worker, CancellationToken cancellation)
    {
        await using RespSession session = await RespSession.OpenAsync([.. cluster.NodeIds.Select(cluster.EndpointOf)], worker, cancellation);
        while (!_stopping)
        {
            Outcome outcome = await session.ExecuteAsync(cancellation, "INCR", key);
            if (outcome is not { IsAcknowledged: true, Reply.IsError: false })
            {
                throw new DemoException($"An increment through a session was refused: {outcome.Reason}");
            }

            _numbers.Add(outcome.Reply.Integer);
        }

        Interlocked.Add(ref _repeated, session.Repeated);
    }
}
