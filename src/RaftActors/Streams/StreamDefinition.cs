using System.Collections.Immutable;
using Akka.Configuration;

namespace RaftActors;

/// <summary>What a member needs to know to take part in a stream.</summary>
public sealed record StreamDefinition
{
    /// <summary>The stream.</summary>
    public required StreamId Id { get; init; }

    /// <summary>This member. One of <see cref="Members"/>.</summary>
    public required NodeId NodeId { get; init; }

    /// <summary>
    /// True for a member that is added to a stream that exists: it waits until the leader tells it of its membership, and neither votes nor stands for election before.
    /// <see cref="Members"/> may then be empty, or name members that exist. Also how a member comes back that was removed because its journal was lost.
    /// Once the journal says more, this no longer matters.
    /// </summary>
    public bool Join { get; init; }

    /// <summary>
    /// Every member at the first start of the stream, this one included, the same on all of them. An address is <c>host:port</c> of an actor system with the same name as this one, or a full
    /// <c>akka.tcp://system@host:port</c>.
    /// </summary>
    public required ImmutableArray<Member> Members { get; init; }

    /// <summary>
    /// How many members decide at the first start of the stream, the same on all members; later the membership says it (<see cref="RaftStream.ChangeQuorumAsync"/>). Sizes have to fit the voters, see
    /// <see cref="QuorumRule"/>.
    /// </summary>
    public QuorumRule Quorum { get; init; } = QuorumRule.Majority;

    /// <summary>What the stream begins with.</summary>
    internal StreamMembership InitialMembership => new(Members, default, Quorum);

    /// <summary>Makes an empty state machine; called at each start of the stream's node.</summary>
    public required Func<IStateMachine> StateMachine { get; init; }

    /// <summary>A name for people; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>Overrides of <c>raft-actors.stream-defaults</c> for this stream; null for none.</summary>
    public Config? Settings { get; init; }

    /// <summary>Hears what happens to the stream here; null for nobody.</summary>
    public IStreamObserver? Observer { get; init; }
}
