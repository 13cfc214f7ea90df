using System.Diagnostics;

namespace RaftActors.Node.Bench;

/// <summary>Closed-loop load inside the process of a node: an operation counts when it is answered, that is after a quorum has it on disk.</summary>
internal sealed class LoadGenerator
{
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromMilliseconds(10);

    private readonly LoadSpec _spec;
    private readonly IReadOnlyList<RaftStream> _streams;
    private readonly CancellationToken _cancellation;
    private readonly ProposeOptions _propose;
    private long _opsLeft;
    private long _until;

    private LoadGenerator(LoadSpec spec, IReadOnlyList<RaftStream> streams, CancellationToken cancellation)
    {
        _spec = spec;
        _propose = new ProposeOptions { ContinueInline = spec.ContinueInline };
        _streams = streams;
        _cancellation = cancellation;
        _opsLeft = spec.MaxOps == 0 ? long.MaxValue : spec.MaxOps;
    }

    /// <summary>Runs the load to its end; every operation that was begun has ended then.</summary>
    public static Task<LoadResult> RunAsync(LoadSpec spec, IReadOnlyList<RaftStream> streams, CancellationToken cancellation) =>
        new LoadGenerator(spec, streams, cancellation).RunAsync();

    private async Task<LoadResult> RunAsync()
    {
        long start = Stopwatch.GetTimestamp();
        _until = start + (long)(_spec.Seconds * Stopwatch.Frequency);
        Client[] clients = [.. Enumerable.Range(0, _spec.Clients).Select(i => new Client(this, i))];
        await Task.WhenAll(clients.Select(c => Task.Run(c.RunAsync, CancellationToken.None))).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        LatencyHistogram latency = new();
        long errors = 0;
        foreach (Client client in clients)
        {
            latency.Add(client.Latency);
            errors += client.Errors;
        }

        return new LoadResult(latency.Count, seconds, latency, errors);
    }

    private bool MayBegin(long now) =>
        now < _until && !_cancellation.IsCancellationRequested && (_spec.MaxOps == 0 || Interlocked.Decrement(ref _opsLeft) >= 0);

    private sealed class Client(LoadGenerator load, int number)
    {
        private readonly byte[] _data = new byte[load._spec.Bytes];
        private readonly RaftStream _stream = load._streams[number % load._streams.Count];

        // No common rhythm, and the same mix in every run.
        private uint _random = ((uint)number * 2654435761) | 1;

        public LatencyHistogram Latency { get; } = new();

        public long Errors { get; private set; }

        public async Task RunAsync()
        {
            long begin = Stopwatch.GetTimestamp();
            while (load.MayBegin(begin))
            {
                // No method in between: its state machine would be one more object for each operation.
                bool done = NextIsRead()
                    ? await _stream.ReadBarrierAsync(ReadConsistency.Linearizable, CancellationToken.None).ConfigureAwait(false) is ReadCompleted
                    : (await _stream.ProposeOutcomeAsync(_data, load._propose).ConfigureAwait(false)).IsCommitted;
                long end = Stopwatch.GetTimestamp();
                if (done)
                {
                    Latency.Record(end - begin);
                    begin = end;
                    continue;
                }

                Errors++;
                await Task.Delay(PauseAfterError, CancellationToken.None).ConfigureAwait(false);
                begin = Stopwatch.GetTimestamp();
            }
        }

        private bool NextIsRead()
        {
            if (load._spec.ReadPercent is 0 or 100)
            {
                return load._spec.ReadPercent == 100;
            }

            _random ^= _random << 13;
            _random ^= _random >> 17;
            _random ^= _random << 5;
            return _random % 100 < load._spec.ReadPercent;
        }
    }
}
