using System.Text;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>Counts how often each text was applied; answers with the number of entries so far. Twice the same text is what sessions must prevent.</summary>
internal sealed class TallyStateMachine : IStateMachine
{
    private readonly SortedDictionary<string, int> _tally = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, int> Tally => _tally;

    public int Entries => _tally.Values.Sum();

    public int Loads { get; private set; }

    public bool SupportsSnapshots => true;

    public void Apply(CommittedEntries entries)
    {
        foreach (CommittedEntry entry in entries)
        {
            string text = Encoding.UTF8.GetString(entry.Data.Span);
            _tally[text] = _tally.GetValueOrDefault(text) + 1;
            entry.Reply(BitConverter.GetBytes(Entries));
        }
    }

    public ulong StateHash() => _tally.Aggregate(17UL, (hash, pair) => pair.Key.Aggregate((hash * 31) + (ulong)pair.Value, (h, c) => (h * 31) + c));

    public Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken)
    {
        using BinaryWriter writer = new(destination, Encoding.UTF8, leaveOpen: true);
        writer.Write(_tally.Count);
        foreach ((string text, int count) in _tally)
        {
            writer.Write(text);
            writer.Write(count);
        }

        return Task.CompletedTask;
    }

    public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken)
    {
        using MemoryStream copy = new();
        await source.CopyToAsync(copy, cancellationToken);
        copy.Position = 0;
        using BinaryReader reader = new(copy);
        _tally.Clear();
        Loads++;
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            string text = reader.ReadString();
            _tally.Add(text, reader.ReadInt32());
        }
    }
}
