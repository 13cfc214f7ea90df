using BenchmarkDotNet.Attributes;
using RaftActors.Protocol;

namespace RaftActors.Benchmarks;

/// <summary>The batch that goes to the journal, to the peers and into their journals: made once, checked on every member, walked when it is applied.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private ProposedEntry[] _entries = [];
    private EntryBatch _batch = null!;

    [Params(1, 64, 512)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        byte[] data = new byte[128];
        _entries = [.. Enumerable.Range(0, Entries).Select(_ => new ProposedEntry(EntryKind.Normal, data))];
        _batch = EntryBatch.Create(new Term(1), new LogIndex(1), _entries);
    }

    [Benchmark]
    public EntryBatch Encode() => EntryBatch.Create(new Term(1), new LogIndex(1), _entries);

    [Benchmark]
    public bool Decode() => EntryBatch.TryDecode(_batch.Encoded, out _, out _);

    [Benchmark]
    public long Walk()
    {
        long bytes = 0;
        foreach (LogEntry entry in _batch)
        {
            bytes += entry.Data.Length;
        }

        return bytes;
    }
}
