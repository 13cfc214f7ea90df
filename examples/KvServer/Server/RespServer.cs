using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using KvServer.Resp;
using KvServer.State;

namespace KvServer.Server;

/// <summary>Serves the Redis protocol (RESP2) on one port in front of a replicated log.</summary>
internal sealed class RespServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, (RespConnection Connection, Task Running)> _connections = new();
    private readonly Socket _listener;
    private readonly WarningThrottle _protocolWarnings;
    private Task _accepting = Task.CompletedTask;
    private long _lastId;
    private volatile bool _stopping;

    /// <summary>Binds the port.</summary>
    /// <exception cref="SocketException">The port is in use, or the address is not this machine's.</exception>
    public RespServer(ServerOptions options, IReplicatedLog log, KvDatabase database)
    {
        Options = options;
        Log = log;
        Database = database;
        Writes = new WriteBatcher(log, options, Statistics);
        Reads = new ReadService(log, database, Writes, options, Statistics);
        Local = new LocalCommands(this);
        Sessions = new SessionCommands(this);
        Members = new MemberCommands(this);
        _protocolWarnings = new WarningThrottle(options.Warn);
        _listener = new Socket(options.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(options.Endpoint);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
    }

    public ServerOptions Options { get; }

    public IReplicatedLog Log { get; }

    public KvDatabase Database { get; }

    public ServerStatistics Statistics { get; } = new();

    public WriteBatcher Writes { get; }

    public ReadService Reads { get; }

    public LocalCommands Local { get; }

    public SessionCommands Sessions { get; }

    public MemberCommands Members { get; }

    public DateTimeOffset Started { get; } = DateTimeOffset.UtcNow;

    /// <summary>Where it listens.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)_listener.LocalEndPoint!;

    public bool IsStopping => _stopping;

    /// <summary>Starts to accept connections.</summary>
    /// <exception cref="SocketException">The port is in use.</exception>
    public void Start()
    {
        _listener.Listen(1024);
        _accepting = AcceptLoopAsync();
    }

    /// <summary>Counts and reports a client that does not speak the protocol.</summary>
    public void ProtocolBroken(RespConnection connection, string problem)
    {
        Statistics.ProtocolError();
        _protocolWarnings.Warn($"Connection {connection.Id} of {connection.Remote} is closed, it does not speak the protocol: {problem}");
    }

    /// <summary>Accepts nobody any more, answers what is open or refuses it, and closes every connection.</summary>
    public async Task StopAsync(string reason)
    {
        _stopping = true;
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        using CancellationTokenSource grace = new(Options.StopGrace);
        try
        {
            await Writes.StopAsync(reason).WaitAsync(grace.Token).ConfigureAwait(false);
            foreach ((RespConnection connection, _) in _connections.Values)
            {
                connection.StopReceiving();
            }

            await Task.WhenAll(_connections.Values.Select(c => c.Running)).WaitAsync(grace.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Options.Warn($"{_connections.Count} connections were not done within {Options.StopGrace.TotalSeconds:0.#} s; they are closed without an answer.");
        }

        Abort();
    }

    /// <summary>Closes every connection at once: nothing is answered any more.</summary>
    public void Abort()
    {
        _stopping = true;
        _listener.Dispose();
        foreach ((RespConnection connection, _) in _connections.Values)
        {
            connection.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Abort();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_connections.Values.Select(c => c.Running)).ConfigureAwait(false);
    }

    private async Task AcceptLoopAsync()
    {
        while (!_stopping)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                if (_stopping)
                {
                    return;
                }

                // Out of file descriptors, or a client that left again: others must still get in.
                Options.Warn($"A connection could not be accepted: {e.Message}");
                await Task.Delay(100).ConfigureAwait(false);
                continue;
            }

            Admit(socket);
        }
    }

    private void Admit(Socket socket)
    {
        if (Statistics.Connections >= Options.MaxConnections)
        {
            Statistics.ConnectionRejected();
            _ = RejectAsync(socket);
            return;
        }

        try
        {
            socket.NoDelay = true;
        }
        catch (SocketException)
        {
            // Closed by the client already; its connection ends by itself.
        }

        RespConnection connection = new(this, socket, Interlocked.Increment(ref _lastId));
        Statistics.ConnectionOpened();
        TaskCompletionSource registered = new();
        Task running = ServeAsync(connection, registered.Task);
        _connections[connection.Id] = (connection, running);
        registered.SetResult();
        if (_stopping)
        {
            connection.StopReceiving();
        }
    }

    private async Task ServeAsync(RespConnection connection, Task registered)
    {
        await registered.ConfigureAwait(false);
        try
        {
            await connection.RunAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Options.Warn($"Connection {connection.Id} of {connection.Remote} failed: {e}");
        }
        finally
        {
            _connections.TryRemove(connection.Id, out _);
            Statistics.ConnectionClosed();
        }
    }

    private static async Task RejectAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                await socket.SendAsync(Replies.Error("ERR", "max number of clients reached"), SocketFlags.None).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // It did not wait for the answer.
            }
        }
    }
}
