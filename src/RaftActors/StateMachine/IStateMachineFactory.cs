using Akka.Actor;

namespace RaftActors;

/// <summary>
/// Makes the state machines of streams that HOCON configures (<c>state-machine = "Type, Assembly"</c>). A class named there may also be an
/// <see cref="IStateMachine"/> itself, with a constructor that takes nothing or the stream's <see cref="Akka.Configuration.Config"/>.
/// </summary>
public interface IStateMachineFactory
{
    /// <summary>Makes a fresh, empty state machine; called at each start of the stream's node.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="system">The actor system that hosts it.</param>
    IStateMachine Create(StreamId stream, ExtendedActorSystem system);
}
