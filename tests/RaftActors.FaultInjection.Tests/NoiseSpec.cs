using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using KvServer.Client;
using KvServer.Client.Processes;
using Xunit.Abstractions;

namespace RaftActors.FaultInjection.Tests;

/// <summary>Garbage on the ports, and values of every size.</summary>
public sealed class NoiseSpec(ITestOutputHelper output, NoiseSpec.SharedCluster shared) : IClassFixture<NoiseSpec.SharedCluster>
{
    private const int Limit = 4 * 1024 * 1024;

    [Fact]
    public async Task Noise_on_any_port_must_be_noticed_and_change_nothing()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using TestCluster cluster = await TestCluster.StartAsync(3, TestCluster.OneLeader);
        await using (RespClient first = await cluster.ConnectAsync(1))
        {
            Assert.True((await first.TryAsync("SET", "first", "1")).IsAcknowledged);
        }

        // All have applied it, so all know who leads.
        IReadOnlyList<KvStatus> before = await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        CheckedLoad load = new(cluster.Nodes, clients: 2);
        load.Start();
        await load.ProgressAsync(100, TestCluster.Patience);
        foreach (int node in cluster.Nodes.NodeIds)
        {
            for (int i = 0; i < 10; i++)
            {
                byte[] noise = new byte[random.Next(1, 20_000)];
                random.NextBytes(noise);
                noise[0] = (byte)(i % 2 == 0 ? 0x16 : '*');
                await SendAsync(cluster.Nodes.EndpointOf(node).Port, noise);

                // A length that no frame may have, one that is plausible, and pure noise.
                byte[] frame = new byte[random.Next(8, 5000)];
                random.NextBytes(frame);
                BinaryPrimitives.WriteInt32LittleEndian(frame, i % 3 == 0 ? int.MaxValue : i % 3 == 1 ? frame.Length - 4 : random.Next());
                await SendAsync(cluster.PeerPortOf(node), frame);
                BinaryPrimitives.WriteInt32BigEndian(frame, i % 3 == 0 ? int.MaxValue : i % 3 == 1 ? frame.Length - 4 : random.Next());
                await SendAsync(cluster.PeerPortOf(node), frame);
            }
        }

        await load.ProgressAsync(500, TestCluster.Patience);
        await load.StopAsync();
        Assert.Equal(0, load.Unknown);
        Assert.Equal(0, load.Refused);
        IReadOnlyList<KvStatus> after = await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
        Assert.Equal(before.Select(s => (s.Term, s.Leader)), after.Select(s => (s.Term, s.Leader)));
        foreach (int node in cluster.Nodes.NodeIds)
        {
            await using RespClient client = await cluster.ConnectAsync(node);
            string info = (await client.SendAsync("INFO", "stats")).Text;
            Assert.DoesNotContain("protocol_errors:0\r", info, StringComparison.Ordinal);
            await NoticedAsync(cluster, node);
            await load.VerifyAsync(node);
        }
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(1024 * 1024)]
    [InlineData(Limit)]
    public async Task Value_larger_than_a_frame_must_be_replicated(int size)
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        byte[] value = new byte[size];
        new Random(seed).NextBytes(value);
        TestCluster cluster = shared.Cluster;
        foreach (int node in cluster.Nodes.NodeIds)
        {
            await using RespClient client = await cluster.ConnectAsync(node);
            Outcome outcome = await client.TryAsync("SET"u8.ToArray(), "large"u8.ToArray(), value);
            Assert.True(outcome.IsAcknowledged, outcome.ToString());
            await using RespClient other = await cluster.ConnectAsync((node % 3) + 1);
            byte[] read = (await other.SendAsync("GET", "large")).Bytes;
            Assert.True(value.AsSpan().SequenceEqual(read));
            value[0]++;
        }

        await cluster.Nodes.WaitForAgreementAsync(TestCluster.Patience);
    }

    [Fact]
    public async Task Value_beyond_the_limit_must_be_refused_with_the_limit()
    {
        TestCluster cluster = shared.Cluster;
        await using RespClient client = await cluster.ConnectAsync(1);
        Outcome outcome = await client.TryAsync("SET"u8.ToArray(), "large"u8.ToArray(), new byte[Limit + 1]);
        Assert.Equal("TOOLARGE", outcome.Code);
        Assert.Equal(OutcomeKind.Refused, outcome.Kind);
        Assert.Equal($"TOOLARGE value of {Limit + 1} bytes exceeds limit {Limit}", outcome.Reason);
        Assert.Equal("PONG", (await client.SendAsync("PING")).Text);
    }

    // What a node logs is written behind what it does.
    private static async Task NoticedAsync(TestCluster cluster, int node)
    {
        using CancellationTokenSource patience = new(TestCluster.Patience);
        while (!cluster.LogOf(node).Contains("does not speak the protocol", StringComparison.Ordinal))
        {
            Assert.False(patience.IsCancellationRequested, cluster.LogOf(node));
            await Task.Delay(20);
        }
    }

    private static async Task SendAsync(int port, byte[] bytes)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(200));
        try
        {
            await socket.SendAsync(bytes, SocketFlags.None, patience.Token);
            socket.Shutdown(SocketShutdown.Send);
            await socket.ReceiveAsync(new byte[4096], SocketFlags.None, patience.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // Closed in our face, or waiting for more: both are proper answers to noise.
        }
    }

    /// <summary>One cluster for the tests that do it no harm.</summary>
    public sealed class SharedCluster : IAsyncLifetime
    {
        internal TestCluster Cluster { get; private set; } = null!;

        public async Task InitializeAsync() => Cluster = await TestCluster.StartAsync(3, TestCluster.OneLeader);

        public async Task DisposeAsync() => await Cluster.DisposeAsync();
    }
}
