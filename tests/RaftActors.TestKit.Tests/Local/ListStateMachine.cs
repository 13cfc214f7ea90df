using System.Text;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>Keeps every text in order; answers with how many there are.</summary>
internal sealed class ListStateMachine : IStateMachine
{
    private readonly List<string> _items = [];

    public IReadOnlyList<string> Items => _items;

    public void Apply(CommittedEntries entries)
    {
        foreach (CommittedEntry entry in entries)
        {
            _items.Add(Encoding.UTF8.GetString(entry.Data.Span));
            entry.Reply(BitConverter.GetBytes(_items.Count));
        }
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query) => Encoding.UTF8.GetBytes(string.Join(',', _items));

    public ulong StateHash()
    {
        ulong hash = 17;
        foreach (char c in string.Join('\n', _items))
        {
            hash = (hash * 31) + c;
        }

        return hash;
    }
}
