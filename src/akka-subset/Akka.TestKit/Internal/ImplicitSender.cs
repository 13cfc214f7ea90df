using Akka.Actor;
using Akka.Actor.Internal;

namespace Akka.TestKit.Internal;

/// <summary>
/// Makes the test actor the sender of what test code sends without naming one: on the thread of the test, and, through
/// a synchronization context, on every thread that an await of the test continues on.
/// </summary>
internal static class ImplicitSender
{
    public static void Set(IActorRef testActor)
    {
        var cell = (ActorCell)((ActorRefWithCell)testActor).Underlying;
        InternalCurrentActorCellKeeper.Current = cell;
        SynchronizationContext.SetSynchronizationContext(new ActorCellKeepingSynchronizationContext(cell));
    }

    public static void Clear() => InternalCurrentActorCellKeeper.Current = null;
}
