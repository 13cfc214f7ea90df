using System.Collections.Concurrent;
using System.Text;
using KvServer.Client;
using KvServer.Client.Processes;

namespace Demo;

/// <summary>Reads keys back and compares.</summary>
internal static class Verification
{
    private const int KeysAtOnce = 200;

    /// <summary>Reads every key, linearizably, spread over all nodes.</summary>
    /// <returns>What is not as it should be.</returns>
    public static async Task<IReadOnlyCollection<string>> FindLostAsync(KvCluster cluster, IReadOnlyList<(string Key, ulong Digest)> expected, CancellationToken cancellation)
    {
        ConcurrentQueue<string> lost = new();
        int[][] parts = [.. Enumerable.Range(0, expected.Count).Chunk(KeysAtOnce)];
        IReadOnlyList<int> nodes = cluster.NodeIds;
        await Task.WhenAll(nodes.Select((node, at) => Task.Run(
            async () =>
            {
                await using RespClient client = await RespClient.ConnectAsync(cluster.EndpointOf(node), cancellation);
                for (int part = at; part < parts.Length; part += nodes.Count)
                {
                    await CheckAsync(client, node, parts[part], expected, lost).WaitAsync(cancellation);
                }
            },
            cancellation)));
        return lost;
    }

    private static async Task CheckAsync(RespClient client, int node, int[] part, IReadOnlyList<(string Key, ulong Digest)> expected, ConcurrentQueue<string> lost)
    {
        ReadOnlyMemory<byte>[] command = [Encoding.ASCII.GetBytes("MGET"), .. part.Select(i => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(expected[i].Key))];
        RespReply reply = await client.SendAsync(command);
        if (reply.IsError)
        {
            throw new DemoException($"Node {node} did not answer a read: {reply.Text}");
        }

        for (int i = 0; i < part.Length; i++)
        {
            (string key, ulong digest) = expected[part[i]];
            RespReply value = reply.Items[i];
            if (value.Kind == RespReplyKind.Nil)
            {
                lost.Enqueue($"{key}: missing (read on node {node})");
            }
            else if (Ledger.Digest(value.Bytes) != digest)
            {
                lost.Enqueue($"{key}: another value than was acknowledged (read on node {node})");
            }
        }
    }
}
