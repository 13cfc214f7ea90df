using BenchmarkDotNet.Attributes;
using RaftActors.Protocol;

namespace RaftActors.Benchmarks;

/// <summary>A follower's core: an append that comes in, goes to the disk and is acknowledged; and the recovery of a log.</summary>
[MemoryDiagnoser]
public class LogBenchmarks
{
    private const int Batches = 1000;

    private EntryBatch[] _batches = [];
    private RaftEvent[] _journal = [];

    [Params(64)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        ProposedEntry[] entries = [.. Enumerable.Range(0, Entries).Select(_ => new ProposedEntry(EntryKind.Normal, new byte[128]))];
        _batches = [.. Enumerable.Range(0, Batches).Select(i => EntryBatch.Create(new Term(1), new LogIndex(1 + ((long)i * Entries)), entries))];
        _journal = [new TermState(new Term(1), new NodeId(2)), .. _batches.Select(b => new EntriesAppended(b))];
    }

    [Benchmark(OperationsPerInvoke = Batches)]
    public LogIndex Append()
    {
        RaftCore core = new(Options(), []);
        core.Step(TimeSpan.FromSeconds(1), new RaftInput.Start());
        EntryId previous = EntryId.Zero;
        ulong token = 0;
        JournalMark mark = JournalMark.Zero;
        foreach (EntryBatch batch in _batches)
        {
            AppendEntries append = new(new Term(1), ++token, previous, previous.Index, [batch]);
            foreach (Effect effect in core.Step(TimeSpan.FromSeconds(1), new RaftInput.Received(new NodeId(2), append)))
            {
                mark = effect is Effect.Persist persist ? persist.Mark : mark;
            }

            core.Step(TimeSpan.FromSeconds(1), new RaftInput.Durable(mark));
            previous = batch.LastId;
        }

        return core.LastEntry.Index;
    }

    [Benchmark(OperationsPerInvoke = Batches)]
    public LogIndex Recover() => new RaftCore(Options(), _journal).LastEntry.Index;

    private static RaftOptions Options() => new()
    {
        Self = new NodeId(1),
        Membership = new StreamMembership([.. Enumerable.Range(1, 3).Select(i => new Member(new NodeId((uint)i), MemberKind.Voter, $"host:{i}"))]),
        ElectionTimeoutMin = TimeSpan.FromSeconds(1),
        ElectionTimeoutMax = TimeSpan.FromSeconds(2),
        HeartbeatInterval = TimeSpan.FromMilliseconds(100),
        RandomSeed = 7,
    };
}
