using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using KvServer.Client;
using KvServer.Client.Processes;

namespace Demo;

/// <summary>
/// Writes every line over several pipelined connections. A refused write is tried again; one whose outcome is unknown too, which here
/// does no harm: the same key gets the same value.
/// </summary>
internal sealed class LoadRun(KvCluster cluster, IReadOnlyList<(string Key, byte[] Value)> writes, DemoOptions options)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(15);

    private readonly long[] _latencies = new long[writes.Count];
    private readonly bool[] _acknowledged = new bool[writes.Count];
    private readonly ConcurrentQueue<int> _again = new();
    private int _next;
    private int _done;
    private long _refused;
    private long _unknown;
    private long _interruptedAt = long.MaxValue;
    private long _firstAfter = long.MaxValue;

    public int Total => writes.Count;

    /// <summary>Writes that were answered as done.</summary>
    public int Acknowledged => Volatile.Read(ref _done);

    /// <summary>Answers that said: certainly not done.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Answers, or missing answers, that left it open.</summary>
    public long Unknown => Interlocked.Read(ref _unknown);

    public TimeSpan Duration { get; private set; }

    /// <summary>From the kill to the first answer to a write that was sent after it; null while there is none.</summary>
    public TimeSpan? Failover
    {
        get
        {
            long first = Interlocked.Read(ref _firstAfter);
            return first == long.MaxValue ? null : Stopwatch.GetElapsedTime(Interlocked.Read(ref _interruptedAt), first);
        }
    }

    public IEnumerable<(string Key, byte[] Value)> AcknowledgedWrites => writes.Where((_, i) => _acknowledged[i]);

    /// <summary>The clock of the failover starts.</summary>
    public void Interrupted() => Interlocked.Exchange(ref _interruptedAt, Stopwatch.GetTimestamp());

    /// <summary>Completes when every line is acknowledged.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, options.Clients).Select(i => Task.Run(() => WorkAsync(i, cancellation), cancellation)));
        Duration = Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>The latency that this share of the acknowledged writes did not exceed.</summary>
    public TimeSpan Percentile(double share)
    {
        long[] sorted = [.. _latencies.Where((_, i) => _acknowledged[i]).Order()];
        return sorted.Length == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(0, sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)]);
    }

    private async Task WorkAsync(int worker, CancellationToken cancellation)
    {
        using SemaphoreSlim window = new(options.Pipeline);
        RespClient? client = null;
        int node = worker;
        try
        {
            while (Acknowledged < Total)
            {
                cancellation.ThrowIfCancellationRequested();
                if (client is null || client.IsBroken)
                {
                    if (client is not null)
                    {
                        await client.DisposeAsync();
                    }

                    client = await ConnectAsync(node++, cancellation);
                    continue;
                }

                if (!TryTake(out int item))
                {
                    await Task.Delay(5, cancellation); // Others still wait for answers, which may come back as work.
                    continue;
                }

                await window.WaitAsync(cancellation);
                _ = WriteAsync(client, item, window);
            }
        }
        finally
        {
            if (client is not null)
            {
                await client.DisposeAsync();
            }

            for (int i = 0; i < options.Pipeline; i++)
            {
                await window.WaitAsync(CancellationToken.None);
            }
        }
    }

    private bool TryTake(out int item)
    {
        if (_again.TryDequeue(out item))
        {
            return true;
        }

        item = Volatile.Read(ref _next) < Total ? Interlocked.Increment(ref _next) - 1 : Total;
        return item < Total;
    }

    private async Task<RespClient?> ConnectAsync(int node, CancellationToken cancellation)
    {
        IReadOnlyList<int> nodes = cluster.NodeIds;
        try
        {
            return await RespClient.ConnectAsync(cluster.EndpointOf(nodes[node % nodes.Count]), cancellation);
        }
        catch (SocketException)
        {
            await Task.Delay(RetryPause, cancellation);
            return null; // The next node then.
        }
    }

    private async Task WriteAsync(RespClient client, int item, SemaphoreSlim window)
    {
        (string key, byte[] value) = writes[item];
        long sent = Stopwatch.GetTimestamp();
        Outcome outcome = await client.TryAsync("SET"u8.ToArray(), Encoding.UTF8.GetBytes(key), value);
        long answered = Stopwatch.GetTimestamp();
        switch (outcome.Kind)
        {
            case OutcomeKind.Acknowledged:
                _latencies[item] = answered - sent;
                _acknowledged[item] = true;
                if (sent > Interlocked.Read(ref _interruptedAt))
                {
                    Earliest(answered);
                }

                Interlocked.Increment(ref _done);
                break;
            case OutcomeKind.Refused when outcome.MayRetry:
                Interlocked.Increment(ref _refused);
                await Task.Delay(RetryPause);
                _again.Enqueue(item);
                break;
            case OutcomeKind.Unknown:
                Interlocked.Increment(ref _unknown);
                _again.Enqueue(item);
                break;
            default:
                Failure ??= $"A write was refused for good: {key}: {outcome.Reason}";
                _again.Enqueue(item);
                break;
        }

        window.Release();
    }

    /// <summary>Why the run cannot succeed; null while it can.</summary>
    public string? Failure { get; private set; }

    private void Earliest(long answered)
    {
        long known = Interlocked.Read(ref _firstAfter);
        while (answered < known)
        {
            long seen = Interlocked.CompareExchange(ref _firstAfter, answered, known);
            if (seen == known)
            {
                return;
            }

            known = seen;
        }
    }
}
