namespace RaftActors.TestKit;

/// <summary>Messages between members that are dropped, until <see cref="LocalCluster.Heal()"/> or <see cref="Dispose"/>.</summary>
public sealed class MessageDrop : IDisposable
{
    private readonly Func<NodeId, NodeId, PeerMessage, bool> _takes;
    private readonly Action<MessageDrop> _end;

    internal MessageDrop(Func<NodeId, NodeId, PeerMessage, bool> takes, Action<MessageDrop> end)
    {
        _takes = takes;
        _end = end;
    }

    /// <summary>How many have been dropped.</summary>
    public int Count { get; internal set; }

    /// <summary>From now on they get through.</summary>
    public void Dispose() => _end(this);

    internal bool Takes(NodeId from, NodeId to, PeerMessage message) => _takes(from, to, message);
}
