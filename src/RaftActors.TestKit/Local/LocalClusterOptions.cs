using Akka.Configuration;
using RaftActors.TestKit.Simulation;

namespace RaftActors.TestKit;

/// <summary>What a <see cref="LocalCluster"/> is made of.</summary>
public sealed record LocalClusterOptions
{
    /// <summary>Makes an empty state machine for a member; called at each start of that member.</summary>
    public required Func<NodeId, IStateMachine> StateMachine { get; init; }

    /// <summary>How many members, from 1 to 15; their ids are 1, 2, 3...</summary>
    public int Members { get; init; } = 3;

    /// <summary>What each member is at the start; null: all are voters. At least one must be.</summary>
    public Func<NodeId, MemberKind>? Kind { get; init; }

    /// <summary>How much each member is wanted as leader; null: all alike.</summary>
    public Func<NodeId, int>? Priority { get; init; }

    /// <summary>Decides everything that chance decides. Null: the number in the environment variable RAFT_SEED, or a fresh one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>How the network behaves until told otherwise.</summary>
    public LocalNetworkOptions Network { get; init; } = new();

    /// <summary>How the journals behave until told otherwise.</summary>
    public LocalJournalOptions Journal { get; init; } = new();

    /// <summary>Overrides of <c>raft-actors.stream-defaults</c>, such as timeouts; null for none.</summary>
    public Config? Settings { get; init; }

    /// <summary>Records what happens as values, for <see cref="SpaceTimeDiagram"/>; null for the text in <see cref="LocalCluster.Trace"/> alone.</summary>
    public SimulationTrace? Recorder { get; init; }

    /// <summary>How many turns of actors may pass without time moving on before the run counts as caught in a loop.</summary>
    public int MaxStepsPerInstant { get; init; } = 1_000_000;
}

/// <summary>How the network between members behaves. Each frame draws its own delay, so frames overtake each other unless both delays are equal.</summary>
public sealed record LocalNetworkOptions
{
    /// <summary>The shortest time a frame is under way.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(0.2);

    /// <summary>The longest time a frame is under way.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>The share of frames that is lost, from 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>The share of frames that arrives twice, from 0 to 1.</summary>
    public double Duplication { get; init; }
}

/// <summary>How long the journals need.</summary>
public sealed record LocalJournalOptions
{
    /// <summary>The shortest time until a write is on disk.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(0.1);

    /// <summary>The longest time until a write is on disk.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(1);
}
