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
    /// Every member, this one included, the same on all of them. An address is <c>host:port</c> of an actor system with the same name as this one, or a full
    /// <c>akka.tcp://system@host:port</c>.
    /// </summary>
    public required ImmutableArray<Member> Members { get; init; }

    /// <summary>Makes an empty state machine; called at each start of the stream's node.</summary>
    public required Func<IStateMachine> StateMachine { get; init; }

    /// <summary>A name for people; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>Overrides of <c>raft-actors.stream-defaults</c> for this stream; null for none.</summary>
    public Config? Settings { get; init; }

    /// <summary>Hears what happens to the stream here; null for nobody.</summary>
    public IStreamObserver? Observer { get; init; }
}
