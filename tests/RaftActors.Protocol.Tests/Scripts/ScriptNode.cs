using RaftActors.TestKit.Simulation;

namespace RaftActors.Protocol.Tests.Scripts;

/// <summary>One member in a script: its core, its disk, its timers, its snapshots, what its clients wait for.</summary>
internal sealed class ScriptNode(NodeId id, RaftOptions options)
{
    private readonly List<(JournalMark Mark, RaftEvent Event)> _unconfirmed = [];
    private readonly List<RaftEvent> _durable = [];

    public NodeId Id { get; } = id;

    public RaftOptions Options { get; set; } = options;

    /// <summary>Null while it is down.</summary>
    public RaftCore? Core { get; set; }

    /// <summary>Whether the disk confirms only when the script says so.</summary>
    public bool DiskWaits { get; set; }

    public Dictionary<RaftTimer, (long Generation, TimeSpan Due)> Timers { get; } = [];

    /// <summary>The state machine: the texts applied so far, by index; empty for entries of the protocol.</summary>
    public List<string> State { get; } = [];

    public Dictionary<EntryId, byte[]> Snapshots { get; } = [];

    public Dictionary<NodeId, SnapshotInfo> Sending { get; } = [];

    public (EntryId Last, List<byte> Bytes)? Incoming { get; set; }

    public bool HasUnconfirmed => _unconfirmed.Count > 0;

    public IReadOnlyList<RaftEvent> Durable => _durable;

    public void Write(JournalMark mark, RaftEvent fact) => _unconfirmed.Add((mark, fact));

    public JournalMark Confirm()
    {
        JournalMark newest = _unconfirmed[^1].Mark;
        _durable.AddRange(_unconfirmed.Select(u => u.Event));
        _unconfirmed.Clear();
        return newest;
    }

    /// <summary>Of what was not confirmed, the first few writes are on disk all the same.</summary>
    public void Crash(int kept)
    {
        _durable.AddRange(_unconfirmed.Take(kept).Select(u => u.Event));
        _unconfirmed.Clear();
        Core = null;
        Timers.Clear();
        State.Clear();
        Sending.Clear();
        Incoming = null;
    }

    public void Wipe()
    {
        _durable.Clear();
        Snapshots.Clear();
    }
}
