using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace RaftActors.Node.Bench;

/// <summary>
/// Serves a benchmark node's commands over TCP on loopback: a line in, a line out, one at a time per connection. What is no command is answered with
/// a line that begins with <c>error</c>; a connection that sends no line ends is closed.
/// </summary>
internal sealed class LineServer : IAsyncDisposable
{
    private const int MaxLine = 1024;
    private const int MaxConnections = 256;

    private readonly TcpListener _listener;
    private readonly BenchNode _node;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private int _connections;

    private LineServer(TcpListener listener, BenchNode node)
    {
        _listener = listener;
        _node = node;
        _accepting = AcceptAsync();
    }

    /// <exception cref="SocketException">The port is taken.</exception>
    public static LineServer Start(int port, BenchNode node)
    {
        TcpListener listener = new(IPAddress.Loopback, port);
        listener.Start();
        return new LineServer(listener, node);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                Socket socket = await _listener.AcceptSocketAsync(_end.Token).ConfigureAwait(false);
                if (Interlocked.Increment(ref _connections) > MaxConnections)
                {
                    Interlocked.Decrement(ref _connections);
                    socket.Dispose();
                    continue;
                }

                _ = ServeAsync(socket);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // A connection that was gone before it was taken; or the listener, at the end.
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            socket.NoDelay = true;
            using NetworkStream stream = new(socket, ownsSocket: true);
            using CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            Channel<string> lines = Channel.CreateBounded<string>(16);
            Task reading = ReadAsync(stream, lines.Writer, gone);
            try
            {
                // A client that has sent its last line still gets its answers: it may only have closed its half.
                await foreach (string line in lines.Reader.ReadAllAsync(gone.Token).ConfigureAwait(false))
                {
                    await AnswerAsync(stream, await _node.ExecuteAsync(line, text => AnswerAsync(stream, text), gone.Token).ConfigureAwait(false)).ConfigureAwait(false);
                }
            }
            finally
            {
                await gone.CancelAsync().ConfigureAwait(false);
                await reading.ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or RaftActorsException)
        {
            // The client is gone, or the node is; nobody is left to be told.
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private static async Task ReadAsync(NetworkStream stream, ChannelWriter<string> lines, CancellationTokenSource gone)
    {
        byte[] buffer = new byte[MaxLine];
        int filled = 0;
        try
        {
            while (true)
            {
                int end;
                while ((end = buffer.AsSpan(0, filled).IndexOf((byte)'\n')) >= 0)
                {
                    await lines.WriteAsync(Encoding.UTF8.GetString(buffer, 0, end), gone.Token).ConfigureAwait(false);
                    filled -= end + 1;
                    buffer.AsSpan(end + 1, filled).CopyTo(buffer);
                }

                if (filled == buffer.Length)
                {
                    await lines.WriteAsync("(too-long)", gone.Token).ConfigureAwait(false);
                    break;
                }

                int read = await stream.ReadAsync(buffer.AsMemory(filled), gone.Token).ConfigureAwait(false);
                if (read == 0)
                {
                    break;
                }

                filled += read;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // Reset: nobody waits for anything any more.
            await gone.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The other side of this connection has ended.
        }

        lines.TryComplete();
    }

    private static ValueTask AnswerAsync(NetworkStream stream, string text) => stream.WriteAsync(Encoding.UTF8.GetBytes(text + "\n"));
}
