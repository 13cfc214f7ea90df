using Akka.Actor;

namespace RaftActors.Runtime;

/// <summary>
/// What becomes of a node's children that throw. Timers and channels can be rebuilt and are restarted. The journal and the state machine cannot: they stop, and the node
/// draws the consequence.
/// </summary>
internal sealed class NodeSupervision() : OneForOneStrategy(MaxRestarts, (int)WithinMinute.TotalMilliseconds, static _ => Directive.Restart)
{
    public const string StateMachine = "fsm-caller";
    public const string Journal = "log";
    public const string Snapshots = "snapshots";

    private const int MaxRestarts = 10;
    private static readonly TimeSpan WithinMinute = TimeSpan.FromMinutes(1);

    protected override Directive Handle(IActorRef child, Exception exception) =>
        child.Path.Name is StateMachine or Journal || exception is ActorInitializationException
            ? Directive.Stop
            : base.Handle(child, exception);
}
