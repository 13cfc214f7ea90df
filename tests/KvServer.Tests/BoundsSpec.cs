using System.Text;
using KvServer.Client;
using KvServer.Server;

namespace KvServer.Tests;

/// <summary>What happens at the bounds.</summary>
public sealed class BoundsSpec : RespServerFixture
{
    internal override ServerOptions Configure(ServerOptions options) => base.Configure(options) with
    {
        MaxConnections = 2,
        MaxPipeline = 4,
        MaxConnectionBytes = 2000,
        MaxQueuedBytes = 3000,
        MaxProposals = 1,
    };

    [Fact]
    public async Task Connection_beyond_the_limit_must_be_told_so()
    {
        await (await ConnectAsync()).SendAsync("PING");
        await (await ConnectAsync()).SendAsync("PING");
        Assert.Equal("-ERR max number of clients reached\r\n", await TalkAsync([], closeAfter: false));
        Assert.Equal(1, Server.Statistics.RejectedConnections);
    }

    [Fact]
    public async Task Long_pipeline_must_be_served_in_parts()
    {
        RespClient client = await ConnectAsync();
        Task<RespReply>[] replies = [.. Enumerable.Range(0, 500).Select(i => i % 3 == 0 ? client.SendAsync("GET", "n") : client.SendAsync("INCR", "n"))];
        await Task.WhenAll(replies).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("333", (await client.SendAsync("GET", "n")).Text);
    }

    [Fact]
    public async Task Writes_beyond_what_may_wait_must_be_refused_and_not_executed()
    {
        TaskCompletionSource hold = new();
        Log.Hold = hold.Task;
        RespClient one = await ConnectAsync();
        RespClient other = await ConnectAsync();
        string value = new('x', 900);
        Task<Outcome>[] first = [one.TryAsync("SET", "a", value), one.TryAsync("SET", "b", value), one.TryAsync("SET", "c", value)];
        await UntilAsync(() => Server.Writes.QueuedBytes > 2700);
        Assert.Equal("OVERLOADED", (await other.TryAsync("SET", "d", value)).Code);
        Assert.Equal("PONG", (await other.SendAsync("PING")).Text);
        hold.SetResult();
        Assert.All(await Task.WhenAll(first), o => Assert.True(o.IsAcknowledged));
        Assert.Equal("3", (await other.SendAsync("DBSIZE")).ToString());
        Assert.Equal(0, Server.Writes.QueuedBytes);
    }

    [Fact]
    public async Task Client_that_does_not_read_must_not_hold_up_others()
    {
        RespClient good = await ConnectAsync();
        await good.SendAsync("SET", "a", new string('x', 1000));
        using System.Net.Sockets.Socket deaf = new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await deaf.ConnectAsync("127.0.0.1", Server.Endpoint.Port);
        byte[] gets = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET a\r\n", 20_000)));
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(300));
        try
        {
            await deaf.SendAsync(gets, System.Net.Sockets.SocketFlags.None, patience.Token);
        }
        catch (OperationCanceledException)
        {
            // The server stopped to read, as it should.
        }

        Assert.Equal("PONG", (await good.SendAsync("PING")).Text);
        Assert.Equal("OK", (await good.SendAsync("SET", "b", "1")).Text);
    }
}
