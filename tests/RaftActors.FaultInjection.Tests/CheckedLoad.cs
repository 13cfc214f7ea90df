using System.Globalization;
using KvServer.Client;
using KvServer.Client.Processes;

namespace RaftActors.FaultInjection.Tests;

/// <summary>
/// Clients that write all the time and remember what they were told. Each writes rising numbers to keys of its own, and counts on a
/// shared counter; what is read in the end must fit what was acknowledged, refused and left open.
/// </summary>
internal sealed class CheckedLoad(KvCluster cluster, int clients, int keysPerClient = 20, int pipeline = 8) : ClientTasks(cluster, clients)
{
    private readonly long[,] _acknowledged = new long[clients, keysPerClient];
    private readonly long[,] _attempted = new long[clients, keysPerClient];
    private long _writes;
    private long _refused;
    private long _unknown;
    private long _countAcknowledged;
    private long _countUnknown;

    public long Acknowledged => Interlocked.Read(ref _writes);

    public long Refused => Interlocked.Read(ref _refused);

    public long Unknown => Interlocked.Read(ref _unknown);

    /// <summary>Waits until so many more writes are acknowledged.</summary>
    public Task ProgressAsync(long more, TimeSpan patience) => ProgressAsync(() => Acknowledged, more, patience, "writes were acknowledged", "");

    /// <summary>Reads everything back, linearizably.</summary>
    public async Task VerifyAsync(int node)
    {
        await using RespClient client = await RespClient.ConnectAsync(Cluster.EndpointOf(node));
        List<string> wrong = [];
        for (int c = 0; c < Clients; c++)
        {
            for (int k = 0; k < keysPerClient; k++)
            {
                RespReply reply = await client.SendAsync("GET", $"c{c}:k{k}");
                Assert.False(reply.IsError, reply.Text);
                long value = reply.Kind == RespReplyKind.Nil ? 0 : long.Parse(reply.Text, CultureInfo.InvariantCulture);
                if (value < _acknowledged[c, k] || value > _attempted[c, k])
                {
                    wrong.Add($"c{c}:k{k} is {value}; acknowledged {_acknowledged[c, k]}, last attempt {_attempted[c, k]}");
                }
            }
        }

        RespReply count = await client.SendAsync("GET", "count");
        long counted = count.Kind == RespReplyKind.Nil ? 0 : long.Parse(count.Text, CultureInfo.InvariantCulture);
        if (counted < _countAcknowledged || counted > _countAcknowledged + _countUnknown)
        {
            wrong.Add($"count is {counted}; acknowledged {_countAcknowledged}, unknown {_countUnknown}");
        }

        Assert.True(wrong.Count == 0, $"Read on node {node}: {string.Join("; ", wrong)}");
    }

    protected override async Task RunAsync(int index)
    {
        RespClient? client = null;
        long round = 0;
        int node = index;
        try
        {
            while (!IsStopping)
            {
                client ??= await TryConnectAsync(Cluster.NodeIds[node++ % Cluster.NodeIds.Count]);
                if (client is null)
                {
                    continue;
                }

                round++;
                List<Task<Outcome>> writes = [];
                List<int> keys = [];
                for (int i = 0; i < pipeline; i++)
                {
                    int key = (int)(((round * pipeline) + i) % keysPerClient);
                    keys.Add(key);

                    // A number is used once: an attempt that is still on its way somewhere cannot pass for a later one.
                    _attempted[index, key] = (round * pipeline) + i;
                    writes.Add(client.TryAsync("SET", $"c{index}:k{key}", _attempted[index, key].ToString(CultureInfo.InvariantCulture)));
                }

                Task<Outcome> counting = client.TryAsync("INCR", "count");
                Outcome[] outcomes = await Task.WhenAll(writes);
                for (int i = 0; i < pipeline; i++)
                {
                    Record(outcomes[i]);
                    if (outcomes[i].IsAcknowledged)
                    {
                        _acknowledged[index, keys[i]] = (round * pipeline) + i;
                    }
                }

                Outcome counted = await counting;
                Record(counted);
                Interlocked.Add(ref _countAcknowledged, counted.IsAcknowledged ? 1 : 0);
                Interlocked.Add(ref _countUnknown, counted.Kind == OutcomeKind.Unknown ? 1 : 0);
                if (client.IsBroken || !counted.IsAcknowledged)
                {
                    await client.DisposeAsync();
                    client = null;
                    await Task.Delay(10);
                }
            }
        }
        finally
        {
            if (client is not null)
            {
                await client.DisposeAsync();
            }
        }
    }

    private void Record(Outcome outcome)
    {
        switch (outcome.Kind)
        {
            case OutcomeKind.Acknowledged:
                Interlocked.Increment(ref _writes);
                break;
            case OutcomeKind.Unknown:
                Interlocked.Increment(ref _unknown);
                break;
            default:
                Assert.True(outcome.MayRetry, $"A proper write was refused for good: {outcome.Reason}");
                Interlocked.Increment(ref _refused);
                break;
        }
    }
}
