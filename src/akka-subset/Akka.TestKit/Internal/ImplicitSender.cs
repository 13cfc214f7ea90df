using Akka.Actor;
using Akka.Actor.Internal;

namespace Akka.TestKit.Internal;

/// <summary>
/// Makes the test actor the sender of what test code sends without naming one: on the thread of the test, and, through
/// a synchronization context, on every thread that an await of the test continues on.
/// </summary>
internal static class ImplicitSender
{
    // The test leaves its first thread at its first await, and that thread goes on to other work: another test, or code
    // that is no test at all, which must not act in the name of this test's actor. The flow of the test tells when.
    private static readonly AsyncLocal<ActorCell> Flow = new(static change =>
    {
        if (change.ThreadContextChanged && change.CurrentValue is null)
        {
            Forget(change.PreviousValue);
        }
    });

    public static void Set(IActorRef testActor)
    {
        var cell = CellOf(testActor);
        Flow.Value = cell;
        InternalCurrentActorCellKeeper.Current = cell;
        SynchronizationContext.SetSynchronizationContext(new ActorCellKeepingSynchronizationContext(cell));
    }

    public static void Clear(IActorRef testActor)
    {
        var cell = CellOf(testActor);
        Forget(cell);
        if (ReferenceEquals(Flow.Value, cell))
        {
            Flow.Value = null;
        }
    }

    private static void Forget(ActorCell cell)
    {
        if (ReferenceEquals(InternalCurrentActorCellKeeper.Current, cell))
        {
            InternalCurrentActorCellKeeper.Current = null;
        }
    }

    private static ActorCell CellOf(IActorRef testActor) => (ActorCell)((ActorRefWithCell)testActor).Underlying;
}
