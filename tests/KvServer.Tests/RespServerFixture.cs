using System.Net;
using System.Net.Sockets;
using System.Text;
using KvServer.Client;
using KvServer.Resp;
using KvServer.Server;
using KvServer.State;

namespace KvServer.Tests;

/// <summary>A server on a free port with a log in memory.</summary>
public abstract class RespServerFixture : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _owned = [];

    internal RespServer Server { get; private set; } = null!;

    internal InMemoryLog Log { get; private set; } = null!;

    internal List<string> Warnings { get; } = [];

    internal long? Clock { get; set; }

    public virtual Task InitializeAsync()
    {
        KvDatabase database = new();
        Log = new InMemoryLog(database);
        Server = new RespServer(Configure(new ServerOptions()), Log, database);
        Server.Start();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (IAsyncDisposable owned in _owned)
        {
            await owned.DisposeAsync();
        }

        await Server.DisposeAsync();
    }

    internal virtual ServerOptions Configure(ServerOptions options) => options with
    {
        Limits = new RespLimits { MaxArgument = 1000, MaxRequest = 3000, MaxKey = 100 },
        // Many times what the refused proposals of a test take, so that a busy machine does not end their wait.
        LeaderWait = TimeSpan.FromSeconds(2),
        RetryDelay = TimeSpan.FromMilliseconds(5),
        Now = () => Clock ?? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        Warn = text =>
        {
            lock (Warnings)
            {
                Warnings.Add(text);
            }
        },
    };

    internal async Task<RespClient> ConnectAsync()
    {
        RespClient client = await RespClient.ConnectAsync(Server.Endpoint);
        _owned.Add(client);
        return client;
    }

    /// <summary>Waits for what the server does on its own threads.</summary>
    internal static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(2, patience.Token);
        }
    }

    /// <summary>Sends bytes as they are and returns all that comes back until the server closes.</summary>
    internal async Task<string> TalkAsync(byte[] bytes, bool closeAfter = true)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Server.Endpoint.Port));
        await socket.SendAsync(bytes, SocketFlags.None);
        if (closeAfter)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        StringBuilder answer = new();
        byte[] buffer = new byte[4096];
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(20));
        int received;
        while ((received = await socket.ReceiveAsync(buffer, SocketFlags.None, patience.Token)) > 0)
        {
            answer.Append(Encoding.Latin1.GetString(buffer, 0, received));
        }

        return answer.ToString();
    }
}
