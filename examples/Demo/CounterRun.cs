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
    /// <summary>How many count.</summary>
    public const int Clients = 4;

    private readonly ConcurrentBag<long> _numbers = [];
    private volatile bool _stopping;
    private volatile TaskCompletionSource? _pause;
    private long _repeated;
    private bool _failed;

    /// <summary>Increments that were acknowledged.</summary>
    public int Acknowledged => _numbers.Count;

    /// <summary>Increments that had to be sent again.</summary>
    public long Repeated => Interlocked.Read(ref _repeated);

    /// <summary>Counts until <see cref="Stop"/>; then ends with the last acknowledgement.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => CountAsync(i, cancellation), cancellation)));

    /// <summary>Begins nothing more.</summary>
    public void Stop()
    {
        _stopping = true;
        Resume();
    }

    /// <summary>Begins nothing until <see cref="Resume"/>: nodes agree visibly only where nothing is under way.</summary>
    public void Pause() => _pause ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Counts on.</summary>
    public void Resume() => Interlocked.Exchange(ref _pause, null)?.TrySetResult();

    /// <summary>Waits for so many more acknowledgements.</summary>
    public async Task ProgressAsync(int increments, CancellationToken cancellation)
    {
        int goal = Acknowledged + increments;
        for (DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60); Acknowledged < goal;)
        {
            if (DateTime.UtcNow > end || Volatile.Read(ref _failed))
            {
                throw new DemoException($"The clients that count got no further than {Acknowledged} acknowledgements.");
            }

            await Task.Delay(2, cancellation);
        }
    }

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
            if (_pause is { } pause)
            {
                await pause.Task.WaitAsync(cancellation);
                continue;
            }

            Outcome outcome = await session.ExecuteAsync(cancellation, "INCR", key);
            if (outcome is not { IsAcknowledged: true, Reply.IsError: false })
            {
                Volatile.Write(ref _failed, true);
                throw new DemoException($"An increment through a session was refused: {outcome.Reason}");
            }

            _numbers.Add(outcome.Reply.Integer);
        }

        Interlocked.Add(ref _repeated, session.Repeated);
    }
}
