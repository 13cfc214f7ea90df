using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvServer.Client;

/// <summary>
/// One connection. Calls may overlap: commands are sent in the order of the calls, without waiting for answers. Thread-safe. A
/// connection that has failed stays failed; make a new one.
/// </summary>
public sealed class RespClient : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource<RespReply>> _waiting = new();
    private readonly SemaphoreSlim _toSend = new(0);
    private readonly CancellationTokenSource _closing = new();
    private ArrayBufferWriter<byte> _output = new(4096);
    private Task _loops = Task.CompletedTask;
    private Exception? _failure;

    private RespClient(Socket socket) => _socket = socket;

    /// <summary>Commands that have no answer yet.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>True once the connection is of no use any more.</summary>
    public bool IsBroken => Volatile.Read(ref _failure) is not null;

    /// <summary>Connects.</summary>
    /// <param name="endpoint">Where the server is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">Nobody answers there.</exception>
    public static async Task<RespClient> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        Socket socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        RespClient client = new(socket);
        client._loops = Task.WhenAll(client.SendLoopAsync(), client.ReceiveLoopAsync());
        return client;
    }

    /// <summary>Sends a command of words.</summary>
    /// <param name="words">Name and arguments, as UTF-8.</param>
    /// <returns>The reply; an error reply is a reply too.</returns>
    /// <exception cref="ConnectionLostException">The connection broke. Says whether the command can have been executed.</exception>
    public Task<RespReply> SendAsync(params string[] words) => SendAsync(Array.ConvertAll(words, w => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(w)));

    /// <summary>Sends a command of bytes.</summary>
    /// <param name="parts">Name and arguments; copied before the call returns.</param>
    /// <inheritdoc cref="SendAsync(string[])"/>
    public Task<RespReply> SendAsync(params ReadOnlyMemory<byte>[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        TaskCompletionSource<RespReply> waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool wasEmpty;
        lock (_gate)
        {
            if (_failure is { } failure)
            {
                return Task.FromException<RespReply>(new ConnectionLostException(wasSent: false, failure));
            }

            wasEmpty = _output.WrittenCount == 0;
            Header(_output, (byte)'*', parts.Length);
            foreach (ReadOnlyMemory<byte> part in parts)
            {
                Header(_output, (byte)'$', part.Length);
                _output.Write(part.Span);
                _output.Write("\r\n"u8);
            }

            _waiting.Enqueue(waiter);
        }

        if (wasEmpty)
        {
            _toSend.Release();
        }

        return waiter.Task;
    }

    /// <summary>Sends a command and says what may be concluded from what comes back. Never throws.</summary>
    /// <param name="parts">Name and arguments.</param>
    public async Task<Outcome> TryAsync(params ReadOnlyMemory<byte>[] parts)
    {
        try
        {
            return Outcome.Of(await SendAsync(parts).ConfigureAwait(false));
        }
        catch (ConnectionLostException e)
        {
            return e.WasSent ? new Outcome(OutcomeKind.Unknown, null, "UNKNOWN", e.Message) : new Outcome(OutcomeKind.Refused, null, "NOTSENT", e.Message);
        }
    }

    /// <summary>Sends a command of words and says what may be concluded from what comes back. Never throws.</summary>
    /// <param name="words">Name and arguments, as UTF-8.</param>
    public Task<Outcome> TryAsync(params string[] words) => TryAsync(Array.ConvertAll(words, w => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(w)));

    /// <summary>Closes the connection; who still waits is told that it is lost.</summary>
    public async ValueTask DisposeAsync()
    {
        Fail(new ObjectDisposedException(nameof(RespClient)));
        await _loops.ConfigureAwait(false);
        _closing.Dispose();
        _toSend.Dispose();
    }

    private static void Header(ArrayBufferWriter<byte> to, byte mark, int number)
    {
        Span<byte> span = to.GetSpan(16);
        span[0] = mark;
        Utf8Formatter.TryFormat(number, span[1..], out int length);
        span[length + 1] = (byte)'\r';
        span[length + 2] = (byte)'\n';
        to.Advance(length + 3);
    }

    private async Task SendLoopAsync()
    {
        ArrayBufferWriter<byte> sending = new(4096);
        try
        {
            while (true)
            {
                await _toSend.WaitAsync(_closing.Token).ConfigureAwait(false);
                lock (_gate)
                {
                    (_output, sending) = (sending, _output);
                }

                for (ReadOnlyMemory<byte> rest = sending.WrittenMemory; !rest.IsEmpty;)
                {
                    rest = rest[await _socket.SendAsync(rest, SocketFlags.None, _closing.Token).ConfigureAwait(false)..];
                }

                sending.ResetWrittenCount();
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Fail(e);
        }
    }

    private async Task ReceiveLoopAsync()
    {
        RespReplyReader reader = new(_socket);
        try
        {
            while (true)
            {
                RespReply reply = await reader.ReadAsync(_closing.Token).ConfigureAwait(false);
                TaskCompletionSource<RespReply>? waiter;
                lock (_gate)
                {
                    _waiting.TryDequeue(out waiter);
                }

                if (waiter is null)
                {
                    throw new IOException($"The server sent a reply that nobody asked for: {reply}");
                }

                waiter.TrySetResult(reply);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            Fail(e);
        }
    }

    private void Fail(Exception failure)
    {
        TaskCompletionSource<RespReply>[] lost;
        lock (_gate)
        {
            if (_failure is not null)
            {
                return;
            }

            _failure = failure;
            lost = [.. _waiting];
            _waiting.Clear();
        }

        _closing.Cancel();
        _socket.Dispose();
        foreach (TaskCompletionSource<RespReply> waiter in lost)
        {
            waiter.TrySetException(new ConnectionLostException(wasSent: true, failure));
        }
    }
}
