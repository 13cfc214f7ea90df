using Akka.Actor;
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

    /// <summary>How snapshot stores are asked. A simulation, in which nothing may wait on another thread, puts its own way here.</summary>
    public Func<IActorRef, object, TimeSpan, Task<object>> AskSnapshotStore { get; set; } = static (store, request, timeout) => store.Ask<object>(request, timeout);

    /// <summary>Who looks at the cores; null, as in production, for nobody.</summary>
    public ICoreWatcher? Watcher { get; set; }

    public const string Consensus = "raft-actors.dispatchers.consensus";
    public const string UserCode = "raft-actors.dispatchers.user-code";
    public const string TwoLanes = "raft-actors.mailboxes.two-lanes";
}
