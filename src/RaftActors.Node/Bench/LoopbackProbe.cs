using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RaftActors.Node.Bench;

/// <summary>How long a message and its answer take over loopback between two threads that do nothing else: what no replicated write can be faster than.</summary>
internal static class LoopbackProbe
{
    public const int Bytes = 128;

    public static async Task<LatencyHistogram> RunAsync(TimeSpan duration, CancellationToken cancellation)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start(1);
        using Socket client = BlockingSocket.Connect(listener.LocalEndpoint);
        using Socket server = await listener.AcceptSocketAsync(cancellation).ConfigureAwait(false);
        server.NoDelay = true;
        Task echo = Task.Factory.StartNew(() => Echo(server), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        LatencyHistogram latency = await Task.Factory.StartNew(() => Ask(client, duration, cancellation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        await echo.ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return latency;
    }

    private static void Echo(Socket socket)
    {
        byte[] bytes = new byte[Bytes];
        while (BlockingSocket.Fill(socket, bytes))
        {
            socket.Send(bytes);
        }
    }

    private static LatencyHistogram Ask(Socket socket, TimeSpan duration, CancellationToken cancellation)
    {
        LatencyHistogram latency = new();
        byte[] bytes = new byte[Bytes];
        long begin = Stopwatch.GetTimestamp();
        long until = begin + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        while (begin < until && !cancellation.IsCancellationRequested)
        {
            socket.Send(bytes);
            BlockingSocket.Fill(socket, bytes);
            long end = Stopwatch.GetTimestamp();
            latency.Record(end - begin);
            begin = end;
        }

        socket.Shutdown(SocketShutdown.Send);
        return latency;
    }
}
