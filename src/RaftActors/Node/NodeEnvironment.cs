using RaftActors.Configuration;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

/// <summary>What the actors of all streams of one actor system share.</summary>
internal sealed record NodeEnvironment(
    RaftSettings Settings,
    IPeerTransport Transport,
    PeerTraffic Traffic,
    RaftClock Clock,
    int MaxFrameBytes,
    string JournalPlugin,
    string SnapshotPlugin)
{
    /// <summary>Where the actors draw from.</summary>
    public RaftRandomness Randomness { get; } = new(Settings.RandomSeed);

    public const string Consensus = "raft-actors.dispatchers.consensus";
    public const string UserCode = "raft-actors.dispatchers.user-code";
    public const string TwoLanes = "raft-actors.mailboxes.two-lanes";
}
