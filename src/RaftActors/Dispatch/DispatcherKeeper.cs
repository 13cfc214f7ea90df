using Akka.Actor;

namespace RaftActors.Dispatch;

/// <summary>
/// Does nothing, and lives on a dispatcher meanwhile. A dispatcher whose last actor has gone ends its threads after <c>shutdown-timeout</c> (1 s by default): a stream that pauses longer between two attempts, or is
/// stopped and started again, would find none.
/// </summary>
internal sealed class DispatcherKeeper : UntypedActor
{
    public static Props Props(string dispatcher) => Akka.Actor.Props.Create(() => new DispatcherKeeper()).WithDispatcher(dispatcher);

    protected override void OnReceive(object message) => Unhandled(message);
}
