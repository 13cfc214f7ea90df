using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RaftActors.Journal;

namespace RaftActors.Node.Bench;

/// <summary>
/// How long a durable write on a quorum takes with nothing but the system's calls: three processes, one thread each, without Raft, actors, checksums and clients. This process is the leader: it sends to both followers, writes and
/// syncs as the write-ahead log does, and waits until one of them has done the same and answered. No replicated write of a .NET program on this machine goes with fewer steps.
/// </summary>
internal static class QuorumProbe
{
    private const int Followers = 2;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    /// <exception cref="BenchException">A follower did not start or did not stay.</exception>
    public static async Task<QuorumProbeResult> RunAsync(string data, QuorumWrite write, TimeSpan duration, CancellationToken cancellation)
    {
        string folder = Path.Combine(data, $"raftactors-bench-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        List<Process> peers = [];
        List<Socket> sockets = [];
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, 0);
            listener.Start(Followers);
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(StartPatience);
            for (int i = 0; i < Followers; i++)
            {
                peers.Add(StartPeer(((IPEndPoint)listener.LocalEndpoint).Port, folder, write));
            }

            Task ended = Task.WhenAny(peers.Select(p => p.WaitForExitAsync(patience.Token)));
            while (sockets.Count < Followers)
            {
                ValueTask<Socket> accepted = listener.AcceptSocketAsync(patience.Token);
                Task<Socket> accepting = accepted.AsTask();
                if (await Task.WhenAny(accepting, ended).ConfigureAwait(false) == ended)
                {
                    cancellation.ThrowIfCancellationRequested();
                    throw new BenchException("A follower of the bare write to a quorum did not start.");
                }

                Socket socket = await accepting.ConfigureAwait(false);
                socket.NoDelay = true;
                sockets.Add(socket);
            }

            return await Task.Factory.StartNew(
                () => Lead(sockets, folder, write, duration, cancellation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
            foreach (Process peer in peers)
            {
                // They end with their connection; those that have none do not.
                peer.Kill();
                await peer.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
                peer.Dispose();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static Process StartPeer(int port, string folder, QuorumWrite write)
    {
        Process process = new()
        {
            StartInfo = OwnProgram.Start(
            [
                "bench-peer",
                "--port", port.ToString(CultureInfo.InvariantCulture),
                "--data", folder,
                "--wire-bytes", write.WireBytes.ToString(CultureInfo.InvariantCulture),
                "--disk-bytes", write.DiskBytes.ToString(CultureInfo.InvariantCulture),
            ]),
        };

        // What it says goes where this process says it.
        process.StartInfo.RedirectStandardError = false;
        process.Start();
        return process;
    }

    private static QuorumProbeResult Lead(List<Socket> followers, string folder, QuorumWrite write, TimeSpan duration, CancellationToken cancellation)
    {
        using ProbeFile file = new(folder, write.DiskBytes);
        LatencyHistogram latency = new();
        byte[] bytes = new byte[write.WireBytes];
        byte[] answers = new byte[64 * QuorumWrite.AnswerBytes];
        long[] answered = new long[Followers];
        List<Socket> readable = [];
        long round = 0;
        Write(WarmUp);
        latency.Clear();
        return new QuorumProbeResult(latency, Write(duration), file.PastTheCache);

        double Write(TimeSpan time)
        {
            long start = Stopwatch.GetTimestamp();
            long until = start + (long)(time.TotalSeconds * Stopwatch.Frequency);
            long begin = start;
            while (begin < until)
            {
                cancellation.ThrowIfCancellationRequested();
                round++;
                foreach (Socket follower in followers)
                {
                    follower.Send(bytes);
                }

                file.WriteAndSync();
                WaitForOne();
                long end = Stopwatch.GetTimestamp();
                latency.Record(end - begin);
                begin = end;
            }

            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        void WaitForOne()
        {
            while (answered.Max() < round * QuorumWrite.AnswerBytes)
            {
                readable.Clear();
                readable.AddRange(followers);
                Socket.Select(readable, null, null, Timeout.Infinite);
                foreach (Socket follower in readable)
                {
                    int read = follower.Receive(answers);
                    if (read == 0)
                    {
                        throw new BenchException("A follower of the bare write to a quorum ended.");
                    }

                    answered[followers.IndexOf(follower)] += read;
                }
            }
        }
    }
}
