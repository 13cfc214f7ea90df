using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using RaftActors.Protocol;

namespace RaftActors.Node.Bench;

/// <summary>
/// What the benchmark replicates: it counts, and remembers which of the recorded writes (client and serial number) it has seen. Costs next to nothing per entry, so
/// that the figures are those of the runtime.
/// </summary>
internal sealed class BenchStateMachine : IStateMachine
{
    /// <summary>Bytes that a recorded write needs at least.</summary>
    public const int RecordSize = 20;

    private const ulong RecordMark = 0x5245_434F_5244_4544;

    private readonly SortedDictionary<int, List<(long First, long Last)>> _recorded = [];
    private TaskCompletionSource _leads = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _entries;
    private ulong _hash;

    /// <summary>Completes when this member leads and an entry of its term is committed and applied.</summary>
    public Task Leads => Volatile.Read(ref _leads).Task;

    /// <summary>A write that <see cref="RecordedJson"/> will tell of.</summary>
    public static void WriteRecord(Span<byte> data, int client, long serial)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(data, RecordMark);
        BinaryPrimitives.WriteInt32LittleEndian(data[8..], client);
        BinaryPrimitives.WriteInt64LittleEndian(data[12..], serial);
    }

    /// <summary>How many entries were applied since the start, and when the first and the last of them.</summary>
    public long Entries => Volatile.Read(ref _entries);

    public long FirstApplied { get; private set; }

    public long LastApplied { get; private set; }

    public void Apply(CommittedEntries entries)
    {
        long count = _entries;
        foreach (CommittedEntry entry in entries)
        {
            ReadOnlySpan<byte> data = entry.Data.Span;
            count++;
            _hash = (_hash ^ ((ulong)entry.Index.Value + (ulong)data.Length)) * 0x9E37_79B9_7F4A_7C15;
            if (data.Length >= RecordSize && BinaryPrimitives.ReadUInt64LittleEndian(data) == RecordMark)
            {
                Record(BinaryPrimitives.ReadInt32LittleEndian(data[8..]), BinaryPrimitives.ReadInt64LittleEndian(data[12..]));
            }
        }

        LastApplied = Stopwatch.GetTimestamp();
        FirstApplied = _entries == 0 ? LastApplied : FirstApplied;
        Volatile.Write(ref _entries, count);
    }

    /// <summary>Which writes are in the state, as JSON: client to ranges of serial numbers.</summary>
    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query) => query.IsEmpty ? default : Encoding.UTF8.GetBytes(RecordedJson());

    public ulong StateHash() => _hash;

    public bool SupportsSnapshots => true;

    public async Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken)
    {
        byte[] state = Encoding.UTF8.GetBytes($"{_entries} {_hash} {RecordedJson()}");
        await destination.WriteAsync(state, cancellationToken).ConfigureAwait(false);
    }

    public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken)
    {
        using StreamReader reader = new(source, Encoding.UTF8);
        string[] parts = (await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false)).Split(' ', 3);
        _entries = long.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture);
        _hash = ulong.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
        _recorded.Clear();
        foreach ((int client, List<(long, long)> ranges) in ParseRecorded(parts[2]))
        {
            _recorded[client] = ranges;
        }
    }

    public void OnLeaderStart(Term term) => Volatile.Read(ref _leads).TrySetResult();

    public void OnLeaderStop(Term term, string reason)
    {
        if (_leads.Task.IsCompleted)
        {
            Volatile.Write(ref _leads, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    public static Dictionary<int, List<(long First, long Last)>> ParseRecorded(string json)
    {
        Dictionary<int, List<(long, long)>> recorded = [];
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonProperty client in document.RootElement.EnumerateObject())
        {
            recorded[int.Parse(client.Name, System.Globalization.CultureInfo.InvariantCulture)] =
                [.. client.Value.EnumerateArray().Select(range => (range[0].GetInt64(), range[1].GetInt64()))];
        }

        return recorded;
    }

    private void Record(int client, long serial)
    {
        if (!_recorded.TryGetValue(client, out List<(long First, long Last)>? ranges))
        {
            _recorded[client] = ranges = [];
        }

        if (ranges.Count > 0 && ranges[^1].Last == serial - 1)
        {
            ranges[^1] = (ranges[^1].First, serial);
        }
        else
        {
            ranges.Add((serial, serial));
        }
    }

    private string RecordedJson()
    {
        StringBuilder json = new("{");
        foreach ((int client, List<(long First, long Last)> ranges) in _recorded)
        {
            json.Append(json.Length > 1 ? "," : "").Append('"').Append(client).Append("\":[");
            json.AppendJoin(',', ranges.Select(r => $"[{r.First},{r.Last}]")).Append(']');
        }

        return json.Append('}').ToString();
    }
}
