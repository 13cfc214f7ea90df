using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace RaftActors.Node.Bench;

/// <summary>
/// Writes that tell outside what was acknowledged, while it happens: lines <c>a client:serial client:serial ...</c>. What stands in such a line may never be lost, whatever
/// happens to the process afterwards.
/// </summary>
internal static class RecordedWrites
{
    private const int AcksPerLine = 500;

    /// <summary>Goes on until cancelled, or until a line can no longer be delivered.</summary>
    public static async Task<long> RunAsync(RaftStream stream, int clients, int bytes, Func<string, ValueTask> progress, CancellationToken cancellation)
    {
        ConcurrentQueue<(int Client, long Serial)> acknowledged = new();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

        // Serial numbers of a later run must not repeat those of an earlier one.
        long first = DateTime.UtcNow.Ticks;
        Task writing = Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => WriteAsync(stream, client, bytes, first, acknowledged, end.Token), CancellationToken.None)));
        long told = 0;
        try
        {
            while (!end.IsCancellationRequested)
            {
                if (acknowledged.IsEmpty)
                {
                    await Task.Delay(1, end.Token).ConfigureAwait(false);
                    continue;
                }

                StringBuilder line = new("a");
                for (int i = 0; i < AcksPerLine && acknowledged.TryDequeue(out (int Client, long Serial) write); i++)
                {
                    line.Append(CultureInfo.InvariantCulture, $" {write.Client}:{write.Serial}");
                    told++;
                }

                await progress(line.ToString()).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The end that was asked for.
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await writing.ConfigureAwait(false);
        }

        return told;
    }

    private static async Task WriteAsync(
        RaftStream stream, int client, int bytes, long first, ConcurrentQueue<(int Client, long Serial)> acknowledged, CancellationToken cancellation)
    {
        byte[] data = new byte[Math.Max(BenchStateMachine.RecordSize, bytes)];
        for (long serial = first; !cancellation.IsCancellationRequested; serial++)
        {
            BenchStateMachine.WriteRecord(data, client, serial);
            if (await stream.ProposeAsync(data, null, CancellationToken.None).ConfigureAwait(false) is ProposalCommitted)
            {
                acknowledged.Enqueue((client, serial));
            }
            else
            {
                await Task.Delay(10, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
