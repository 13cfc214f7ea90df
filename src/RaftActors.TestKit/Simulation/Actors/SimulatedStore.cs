using System.Text;
using System.Text.Json;

namespace RaftActors.TestKit.Simulation;

/// <summary>The state machine of the simulated actors: texts by key. Commands and queries are texts too, words apart by a blank.</summary>
internal sealed class SimulatedStore : IStateMachine
{
    private const int Filling = 2500;
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    public bool SupportsSnapshots => true;

    public static byte[] Set(string key, string value) => Encoding.UTF8.GetBytes($"set {key} {value}");

    public static byte[] CompareAndSet(string key, string? expected, string value) => Encoding.UTF8.GetBytes($"cas {key} {expected ?? "-"} {value}");

    public static byte[] Get(string key) => Encoding.UTF8.GetBytes(key);

    public void Apply(CommittedEntries entries)
    {
        foreach (CommittedEntry entry in entries)
        {
            string[] words = Encoding.UTF8.GetString(entry.Data.Span).Split(' ');
            bool isDone = words[0] == "set" || _values.GetValueOrDefault(words[1], "-") == words[2];
            if (isDone)
            {
                _values[words[1]] = words[^1];
            }

            entry.Reply(Encoding.UTF8.GetBytes(isDone ? "1" : "0"));
        }
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query) =>
        Encoding.UTF8.GetBytes(_values.GetValueOrDefault(Encoding.UTF8.GetString(query.Span), string.Empty));

    public ulong StateHash()
    {
        ulong hash = 14695981039346656037;
        foreach ((string key, string value) in _values)
        {
            foreach (char c in $"{key}={value};")
            {
                hash = (hash ^ c) * 1099511628211;
            }
        }

        return hash;
    }

    public async Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken)
    {
        // The copy is taken in turn with Apply; the waits for the disk are not. The filling makes several blocks of it.
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(_values), .. Enumerable.Repeat((byte)' ', Filling)];
        for (int at = 0; at < bytes.Length; at += 700)
        {
            await destination.WriteAsync(bytes.AsMemory(at, Math.Min(700, bytes.Length - at)), cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken)
    {
        using MemoryStream bytes = new();
        await source.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
        _values.Clear();
        foreach ((string key, string value) in JsonSerializer.Deserialize<Dictionary<string, string>>(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length))!)
        {
            _values.Add(key, value);
        }
    }
}
