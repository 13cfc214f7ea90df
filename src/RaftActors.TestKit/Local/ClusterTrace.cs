using System.Globalization;

namespace RaftActors.TestKit;

/// <summary>What happened in a <see cref="LocalCluster"/>, in order: one line an event, each with the virtual time, the number of actor turns so far and the member.</summary>
public sealed class ClusterTrace
{
    private const int Capacity = 200_000;
    private readonly Queue<string> _lines = new();
    private ulong _hash = 14695981039346656037;

    internal ClusterTrace()
    {
    }

    /// <summary>How many events there were.</summary>
    public long Count { get; private set; }

    /// <summary>A digest of all events since the start. Two runs with the same digest did the same.</summary>
    public ulong Hash => _hash;

    /// <summary>The newest 200,000 events.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>The newest events as text.</summary>
    /// <param name="count">How many.</param>
    public string Tail(int count) => string.Join(Environment.NewLine, _lines.Skip(Math.Max(0, _lines.Count - count)));

    internal void Add(TimeSpan time, long step, NodeId member, string text)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds,12:0.0000}ms #{step,-7} {(member == NodeId.None ? "--" : "n" + member)} {text}");
        foreach (char c in line)
        {
            _hash = (_hash ^ c) * 1099511628211;
        }

        Count++;
        _lines.Enqueue(line);
        if (_lines.Count > Capacity)
        {
            _lines.Dequeue();
        }
    }
}
