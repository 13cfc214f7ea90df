using KvServer.Commands;
using KvServer.Resp;
using KvServer.State;

namespace KvServer.Server;

/// <summary>
/// Reads of all connections. A barrier serves every read that was asked for before it began, so its cost does not grow with the
/// number of connections. Expiry happens in the log only: a reader that finds a key overdue by its own clock puts the time into the
/// log first, so that no replica can show the key again.
/// </summary>
internal sealed class ReadService(IReplicatedLog log, KvDatabase database, WriteBatcher writes, ServerOptions options, ServerStatistics statistics)
{
    private static readonly Task<ReadOutcome> Passed = Task.FromResult(new ReadOutcome(true, false, ""));

    private readonly Rounds _linearizable = new(log, ReadLevel.Linearizable, options, statistics);
    private readonly Rounds _lease = new(log, ReadLevel.Lease, options, statistics);
    private readonly Lock _gate = new();
    private Task<string?>? _expiring;

    public KvDatabase Database => database;

    /// <summary>Completes when a read that is asked for now may be executed.</summary>
    public Task<ReadOutcome> EnterAsync(ReadLevel level) => level switch
    {
        ReadLevel.Stale => Passed,
        ReadLevel.Lease => _lease.JoinAsync(),
        _ => _linearizable.JoinAsync(),
    };

    public bool HasOverdue() => database.HasOverdue(options.Now());

    /// <summary>Executes a read; false when the state was built anew since <paramref name="generation"/>.</summary>
    public bool TryExecute(int generation, CommandKind kind, byte[][] arguments, RespOutput output) =>
        database.Read((Service: this, generation, kind, arguments, output), static (store, call) =>
        {
            if (call.Service.Database.Generation != call.generation)
            {
                return false;
            }

            StateReader.Execute(store, call.kind, call.arguments, call.Service.Now(), call.output);
            return true;
        });

    /// <summary>Puts the time into the log and waits until it is applied here.</summary>
    /// <returns>Null, or why it could not be done.</returns>
    public async Task<string?> ExpireAsync(CancellationToken cancellation)
    {
        Task<string?> running;
        lock (_gate)
        {
            if (_expiring is null || _expiring.IsCompleted)
            {
                _expiring = TickAsync();
            }

            running = _expiring;
        }

        return await running.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private long Now() => options.Now();

    private async Task<string?> TickAsync()
    {
        WriteReply tick = new(0);
        if (!writes.TryAdd([(byte)KvOperation.Tick], tick))
        {
            return "too many writes wait";
        }

        writes.Flush();
        await tick.CompletionAsync().ConfigureAwait(false);
        if (tick.Outcome != WriteOutcomeKind.Committed)
        {
            return $"a key has expired and the log does not take the time: {tick.Outcome}";
        }

        await database.WaitAppliedAsync(tick.Index, CancellationToken.None).ConfigureAwait(false);
        return null;
    }

    /// <summary>One barrier after the other; each serves those who joined before it began.</summary>
    private sealed class Rounds(IReplicatedLog log, ReadLevel level, ServerOptions options, ServerStatistics statistics)
    {
        private readonly Lock _gate = new();
        private TaskCompletionSource<ReadOutcome>? _next;
        private bool _running;

        public Task<ReadOutcome> JoinAsync()
        {
            TaskCompletionSource<ReadOutcome> round;
            lock (_gate)
            {
                round = _next ??= new TaskCompletionSource<ReadOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_running)
                {
                    return round.Task;
                }

                _running = true;
            }

            // Started on the pool: what the connection has still in its buffer joins before the round begins.
            ThreadPool.UnsafeQueueUserWorkItem(static self => _ = self.RunAsync(), this, preferLocal: false);
            return round.Task;
        }

        private async Task RunAsync()
        {
            while (true)
            {
                TaskCompletionSource<ReadOutcome> round;
                lock (_gate)
                {
                    if (_next is null)
                    {
                        _running = false;
                        return;
                    }

                    round = _next;
                    _next = null;
                }

                round.TrySetResult(await PassAsync().ConfigureAwait(false));
            }
        }

        private async Task<ReadOutcome> PassAsync()
        {
            long begun = Environment.TickCount64;
            while (true)
            {
                ReadOutcome outcome;
                try
                {
                    statistics.ReadBarrier();
                    outcome = await log.ReadBarrierAsync(level, CancellationToken.None).ConfigureAwait(false);
                }
                catch (Exception e)
                {
                    // Whatever it was, those who wait are told; a read has no effect.
                    outcome = new ReadOutcome(false, false, e.Message);
                }

                if (outcome.Succeeded || !outcome.MayRetry || Environment.TickCount64 - begun >= options.LeaderWait.TotalMilliseconds)
                {
                    return outcome;
                }

                await Task.Delay(options.RetryDelay).ConfigureAwait(false);
            }
        }
    }
}
