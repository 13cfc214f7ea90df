using System.Buffers;
using KvServer.Server;
using KvServer.State;
using RaftActors.Protocol;

namespace KvServer.Tests;

/// <summary>A log of one member without a disk: applies at once, or does what a test tells it.</summary>
internal sealed partial class InMemoryLog : IReplicatedLog
{
    private readonly Lock _gate = new();
    private readonly int _generation;
    private readonly SessionTable _sessions = new();
    private readonly Dictionary<(ulong Session, ulong Serial), WriteOutcome> _first = [];
    private long _sessionEntries;
    private long _index;

    public InMemoryLog(KvDatabase database)
    {
        Database = database;
        _generation = database.Reset();
    }

    public KvDatabase Database { get; }

    /// <summary>Entries proposed, in order.</summary>
    public List<byte[]> Entries { get; } = [];

    /// <summary>Decides about the n-th proposal (from 1); null: commit it.</summary>
    public Func<int, WriteOutcome?> OnPropose { get; set; } = _ => null;

    /// <summary>Decides about a barrier; null: passed.</summary>
    public Func<ReadOutcome?> OnBarrier { get; set; } = () => null;

    /// <summary>While set, proposals wait for it before they are committed.</summary>
    public Task Hold { get; set; } = Task.CompletedTask;

    /// <summary>Barriers wait for it.</summary>
    public Task HoldBarrier { get; set; } = Task.CompletedTask;

    public int Barriers { get; private set; }

    public async Task<WriteOutcome> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken cancellation)
    {
        byte[] copy = entry.ToArray();
        int number;
        lock (_gate)
        {
            Entries.Add(copy);
            number = Entries.Count;
        }

        WriteOutcome? decided = OnPropose(number);
        Task hold = Hold;
        if (decided is { } outcome)
        {
            await hold;
            return outcome;
        }

        if (hold.IsCompleted)
        {
            return Commit(copy);
        }

        await hold;
        return Commit(copy);
    }

    public async Task<WriteOutcome> ProposeOnceAsync(ReadOnlyMemory<byte> entry, ulong session, ulong serial, CancellationToken cancellation)
    {
        SessionVerdict verdict = _sessions.Begin(new EntryId(new Term(1), new LogIndex(++_sessionEntries)), session, serial);
        switch (verdict.Decision)
        {
            case SessionDecision.Apply:
                WriteOutcome outcome = await ProposeAsync(entry, cancellation);
                _sessions.Complete(verdict.Result!, outcome.Result);
                _first[(session, serial)] = outcome;
                return outcome;
            case SessionDecision.Duplicate when verdict.Result!.IsForgotten:
                return WriteOutcome.Not(WriteOutcomeKind.Forgotten, "too large");
            case SessionDecision.Duplicate:
                return _first[(session, serial)];
            default:
                return WriteOutcome.Not(WriteOutcomeKind.NoSession, verdict.Decision.ToString());
        }
    }

    public Task<WriteOutcome> SessionAsync(ulong session, bool close, TimeSpan? timeout, CancellationToken cancellation)
    {
        SessionControl control = session == 0 ? SessionControl.Open(new SessionLimits(timeout ?? TimeSpan.FromMinutes(1), 10, 10, 100)) : close ? SessionControl.Close(session) : SessionControl.KeepAlive(session);
        LogIndex index = new(++_sessionEntries);
        return Task.FromResult(_sessions.Control(index, control).Decision == SessionDecision.Done
            ? WriteOutcome.Committed(index.Value, default)
            : WriteOutcome.Not(WriteOutcomeKind.NoSession, "gone"));
    }

    public async Task<ReadOutcome> ReadBarrierAsync(ReadLevel level, CancellationToken cancellation)
    {
        Barriers++;
        await Task.Yield();
        await HoldBarrier;
        return OnBarrier() ?? new ReadOutcome(true, false, "");
    }

    public Task<string> GetStatusAsync(CancellationToken cancellation) => Task.FromResult($"{{\"applied\":{Database.AppliedIndex}}}");

    public Task<(long Index, string? Reason)> TakeSnapshotAsync(CancellationToken cancellation) =>
        Task.FromResult(Database.AppliedIndex > 0 ? (Database.AppliedIndex, (string?)null) : (0, "nothing is applied yet"));

    public Task<(int Id, string Address)> GetLeaderAsync(CancellationToken cancellation) => Task.FromResult((1, "127.0.0.1:4001"));

    private WriteOutcome Commit(byte[] entry)
    {
        ArrayBufferWriter<byte> results = new();
        lock (_gate)
        {
            Database.Apply(_generation, ++_index, entry, results);
            return WriteOutcome.Committed(_index, results.WrittenMemory);
        }
    }
}
