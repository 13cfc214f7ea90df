using System.Buffers;
using KvServer.State;

namespace KvServer.Server;

/// <summary>
/// Collects the writes of all connections into log entries. While a few proposals are under way, what arrives meanwhile shares the
/// next one. The order in which writes were added is the order in which they get into the log: a proposal that no leader took is
/// tried again only when nothing behind it has got through.
/// </summary>
internal sealed class WriteBatcher(IReplicatedLog log, ServerOptions options, ServerStatistics statistics)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Batch> _waiting = [];
    private readonly List<Batch> _refused = [];
    private Batch? _open;
    private long _queuedBytes;
    private long _sequence;
    private long _passed;
    private int _inFlight;
    private bool _pausing;
    private string? _stopped;
    private TaskCompletionSource? _idle;

    /// <summary>Bytes of writes that have no outcome yet.</summary>
    public long QueuedBytes => Interlocked.Read(ref _queuedBytes);

    /// <summary>Adds a write behind those added before.</summary>
    /// <returns>False when too much waits already: the write is not executed.</returns>
    public bool TryAdd(ReadOnlySpan<byte> operation, WriteReply reply)
    {
        string? stopped;
        lock (_gate)
        {
            stopped = _stopped;
            if (stopped is null)
            {
                if (_queuedBytes + operation.Length > options.MaxQueuedBytes && _queuedBytes > 0)
                {
                    return false;
                }

                if (_open is null || !_open.HasRoom(operation.Length, options))
                {
                    _open = new Batch(options.Now());
                    _waiting.AddLast(_open);
                }

                _open.Add(operation, reply);
                _queuedBytes += operation.Length;
            }
        }

        if (stopped is not null)
        {
            statistics.Writes(WriteOutcomeKind.Stopping, 1);
            reply.Complete(WriteOutcomeKind.Stopping, 0, default, stopped);
        }

        return true;
    }

    /// <summary>Proposes what waits, as far as the bound on proposals allows.</summary>
    public void Flush()
    {
        while (true)
        {
            Batch batch;
            Task<WriteOutcome> task;
            lock (_gate)
            {
                if (_inFlight >= options.MaxProposals || _pausing || _refused.Count > 0 || _waiting.First is not { } first)
                {
                    return;
                }

                batch = first.Value;
                _waiting.RemoveFirst();
                if (ReferenceEquals(batch, _open))
                {
                    _open = null;
                }

                _inFlight++;
                batch.Sequence = ++_sequence;
                task = Propose(batch); // Inside the lock: the order of the calls is the order in the log.
            }

            _ = CompleteAsync(batch, task);
        }
    }

    /// <summary>Refuses what has not been proposed yet and what comes from now on; completes when nothing is under way.</summary>
    public Task StopAsync(string reason)
    {
        List<Batch> refused;
        Task idle;
        lock (_gate)
        {
            _stopped ??= reason;
            refused = [.. _refused, .. _waiting];
            _refused.Clear();
            _waiting.Clear();
            _open = null;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _inFlight == 0 ? Task.CompletedTask : _idle.Task;
        }

        refused.ForEach(b => Answer(b, WriteOutcome.Not(WriteOutcomeKind.Stopping, reason)));
        return idle;
    }

    private Task<WriteOutcome> Propose(Batch batch)
    {
        statistics.Proposal();
        try
        {
            return log.ProposeAsync(batch.Entry, CancellationToken.None);
        }
        catch (Exception e)
        {
            return Task.FromException<WriteOutcome>(e);
        }
    }

    private async Task CompleteAsync(Batch batch, Task<WriteOutcome> task)
    {
        WriteOutcome outcome;
        try
        {
            outcome = await task.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Nobody knows how far it got.
            outcome = WriteOutcome.Not(WriteOutcomeKind.Unknown, e.Message);
        }

        List<Batch>? given = null;
        bool retry = false;
        bool answer = true;
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            _inFlight--;
            if (outcome.Kind == WriteOutcomeKind.NoLeader && _stopped is null)
            {
                _refused.Add(batch);
                answer = false;
            }
            else if (outcome.Kind is WriteOutcomeKind.Committed or WriteOutcomeKind.Unknown)
            {
                _passed = Math.Max(_passed, batch.Sequence);
            }

            if (_inFlight == 0)
            {
                idle = _idle;
                if (_refused.Count > 0)
                {
                    (given, retry) = SortRefused();
                }
            }
        }

        if (answer)
        {
            Answer(batch, outcome);
        }

        given?.ForEach(b => Answer(b, WriteOutcome.Not(WriteOutcomeKind.NoLeader, outcome.Reason)));
        idle?.TrySetResult();
        if (retry)
        {
            await Task.Delay(options.RetryDelay).ConfigureAwait(false);
            lock (_gate)
            {
                _pausing = false;
            }
        }

        Flush();
    }

    /// <summary>Everything under way has its outcome: what was refused goes back to the front, unless it is too late or too old.</summary>
    private (List<Batch> Given, bool Retry) SortRefused()
    {
        List<Batch> given = [];
        _refused.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
        for (int i = _refused.Count - 1; i >= 0; i--)
        {
            Batch batch = _refused[i];
            if (batch.Sequence < _passed || IsTooOld(batch))
            {
                given.Add(batch);
            }
            else
            {
                _waiting.AddFirst(batch);
            }
        }

        _refused.Clear();
        while (_waiting.First is { } first && IsTooOld(first.Value))
        {
            given.Add(first.Value);
            _waiting.RemoveFirst();
            if (ReferenceEquals(first.Value, _open))
            {
                _open = null;
            }
        }

        _pausing = _waiting.Count > 0;
        return (given, _pausing);
    }

    private bool IsTooOld(Batch batch) => Environment.TickCount64 - batch.Created >= options.LeaderWait.TotalMilliseconds;

    private void Answer(Batch batch, WriteOutcome outcome)
    {
        lock (_gate)
        {
            _queuedBytes -= batch.Bytes;
        }

        statistics.Writes(outcome.Kind, batch.Replies.Count);
        if (outcome.Kind == WriteOutcomeKind.Committed)
        {
            batch.AnswerCommitted(outcome);
            return;
        }

        foreach (WriteReply reply in batch.Replies)
        {
            reply.Complete(outcome.Kind, 0, default, outcome.Reason);
        }
    }

    private sealed class Batch
    {
        private readonly ArrayBufferWriter<byte> _entry = new(256);

        public Batch(long now) => KvWriter.EntryHeader(_entry, now);

        public List<WriteReply> Replies { get; } = [];

        public long Created { get; } = Environment.TickCount64;

        public long Sequence { get; set; }

        public int Bytes { get; private set; }

        public ReadOnlyMemory<byte> Entry => _entry.WrittenMemory;

        public bool HasRoom(int bytes, ServerOptions options) => Replies.Count < options.MaxBatchOperations && Bytes + bytes <= options.MaxBatchBytes;

        public void Add(ReadOnlySpan<byte> operation, WriteReply reply)
        {
            _entry.Write(operation);
            Bytes += operation.Length;
            Replies.Add(reply);
        }

        public void AnswerCommitted(WriteOutcome outcome)
        {
            ReadOnlyMemory<byte> results = outcome.Result;
            KvReader reader = new(results.Span);
            bool readable = reader.TryByte(out byte version) && version == KvFormat.Version;
            foreach (WriteReply reply in Replies)
            {
                int start = results.Length - reader.Left;
                readable = readable && reader.TryResult(out _, out _, out _);
                reply.Complete(WriteOutcomeKind.Committed, outcome.Index, readable ? results[start..(results.Length - reader.Left)] : default, "");
            }
        }
    }
}
