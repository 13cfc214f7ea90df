using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary>The line protocol of <c>raftactors bench-node</c>, which harnesses from outside use.</summary>
public sealed class BenchNodeSpec : IDisposable
{
    private const int CommandPortOffset = 1000;

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = FreePort.Next(CommandPortOffset);
    private readonly Run _node;

    // A request fails that the disk keeps waiting for two election timeouts; a busy disk must not.
    public BenchNodeSpec() =>
        _node = new Run("bench-node", "--id", "0", "--data", _folder.Path, "--ports", _port.ToString(CultureInfo.InvariantCulture), "--election-timeout", "3000");

    public void Dispose()
    {
        _node.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Waitlead_state_and_load_answer_as_documented()
    {
        using TcpClient client = await ConnectAsync();
        using StreamReader answers = new(client.GetStream());

        Assert.Equal("ok", await AskAsync(client, answers, "waitlead"));
        long[] before = [.. (await AskAsync(client, answers, "state")).Split(' ').Select(w => long.Parse(w, CultureInfo.InvariantCulture))];
        using JsonDocument load = JsonDocument.Parse(await AskAsync(client, answers, "load 4 30 64 100"));
        long[] after = [.. (await AskAsync(client, answers, "state")).Split(' ').Select(w => long.Parse(w, CultureInfo.InvariantCulture))];

        Assert.Equal(4, before.Length);
        Assert.Equal(1, before[0]);
        Assert.True(before[1] >= 1);
        Assert.Equal(["ops", "secs", "p50_ms", "p99_ms", "errors"], load.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(100, load.RootElement.GetProperty("ops").GetInt64());
        Assert.Equal(0, load.RootElement.GetProperty("errors").GetInt64());
        Assert.InRange(load.RootElement.GetProperty("secs").GetDouble(), 0, 30);
        Assert.Equal(before[2] + 100, after[2]);
        Assert.Equal(after[2], after[3]);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("")]
    [InlineData("load")]
    [InlineData("load 0 1 1 1")]
    [InlineData("load x y z w")]
    [InlineData("load 1 1 1 1 1")]
    [InlineData("load 1 NaN 1 1")]
    [InlineData("load 99999999999999999999 1 1 1")]
    [InlineData("load 1 1 2147483647 1")]
    [InlineData("load 1 1 -1 1")]
    [InlineData("\u0001\u0002\u00ff")]
    public async Task Garbage_is_answered_and_the_next_command_works(string garbage)
    {
        using TcpClient client = await ConnectAsync();
        using StreamReader answers = new(client.GetStream());

        Assert.StartsWith("error", await AskAsync(client, answers, garbage), StringComparison.Ordinal);
        Assert.Equal("ok", await AskAsync(client, answers, "waitlead"));
    }

    [Fact]
    public async Task Clients_that_leave_in_the_middle_disturb_nobody()
    {
        for (int i = 0; i < 20; i++)
        {
            using TcpClient leaver = await ConnectAsync();
            leaver.LingerState = new LingerOption(i % 2 == 0, 0);
            await leaver.GetStream().WriteAsync(i % 3 == 0 ? new byte[5000] : Encoding.ASCII.GetBytes("load 2 60 16 0\n"));
        }

        using TcpClient client = await ConnectAsync();
        using StreamReader answers = new(client.GetStream());
        Assert.Equal("ok", await AskAsync(client, answers, "waitlead"));
    }

    [Fact]
    public async Task A_client_that_has_closed_its_half_still_gets_its_answers()
    {
        using TcpClient client = await ConnectAsync();
        using StreamReader answers = new(client.GetStream());
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("waitlead\r\nload 1 30 16 5\n"));
        client.Client.Shutdown(SocketShutdown.Send);

        Assert.Equal("ok", await answers.ReadLineAsync());
        Assert.Contains("\"ops\":5", await answers.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Null(await answers.ReadLineAsync());
    }

    private static async Task<string> AskAsync(TcpClient client, StreamReader answers, string line)
    {
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(60));
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), timeout.Token);
        return await answers.ReadLineAsync(timeout.Token) ?? "(closed)";
    }

    private async Task<TcpClient> ConnectAsync()
    {
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(60));
        while (true)
        {
            TcpClient client = new();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, _port + CommandPortOffset, timeout.Token);
                return client;
            }
            catch (SocketException)
            {
                client.Dispose();
                Assert.False(_node.HasEnded, _node.Errors);
                await Task.Delay(50, timeout.Token);
            }
        }
    }
}
