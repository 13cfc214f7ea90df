using Akka.Actor;

namespace Akka.TestKit;

/// <summary>
/// An actor that runs on the thread that sends to it, and whose instance is open to the test through
/// <see cref="TestActorRefBase{TActor}.UnderlyingActor"/>.
/// </summary>
public class TestActorRef<TActor> : TestActorRefBase<TActor>
    where TActor : ActorBase
{
    /// <summary>Creates the actor.</summary>
    public TestActorRef(ActorSystem system, Props actorProps, IActorRef supervisor = null, string name = null)
        : base(system, actorProps, supervisor, name)
    {
    }
}
