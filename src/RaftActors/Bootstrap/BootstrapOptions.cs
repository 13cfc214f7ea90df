using System.Collections.Immutable;
using Akka.Configuration;

namespace RaftActors;

/// <summary>What <see cref="RaftBootstrap"/> writes into a member's empty storage.</summary>
public sealed record BootstrapOptions
{
    /// <summary>The stream.</summary>
    public required StreamId Id { get; init; }

    /// <summary>The member whose storage is prepared.</summary>
    public required NodeId NodeId { get; init; }

    /// <summary>Everybody who belongs to the stream at its beginning; the same for all members that are prepared. At least one of them is a voter.</summary>
    public required ImmutableArray<Member> Members { get; init; }

    /// <summary>How many members decide, the same for all members that are prepared; see <see cref="StreamDefinition.Quorum"/>.</summary>
    public QuorumRule Quorum { get; init; } = QuorumRule.Majority;

    /// <summary>
    /// How many entries the state of <see cref="StateMachine"/> stands for: the log begins behind them. 0, the default, for an empty state machine.
    /// </summary>
    public LogIndex LastLogIndex { get; init; }

    /// <summary>
    /// Makes the state machine whose state becomes the first snapshot; only asked when <see cref="LastLogIndex"/> is above 0, and then it must be given and support snapshots. Members that are
    /// prepared with the same index must be given the same state. <see cref="IStateMachine.OnShutdown"/> is called at the end.
    /// </summary>
    public Func<IStateMachine>? StateMachine { get; init; }

    /// <summary>Overrides of <c>raft-actors.stream-defaults</c>, of which <c>snapshot-block-bytes</c> and <c>snapshot-timeout</c> matter here; null for none.</summary>
    public Config? Settings { get; init; }
}
