namespace Akka.Persistence;

/// <summary>A persistent actor with <c>ReceiveRecover</c> and <c>ReceiveCommand</c> of its own.</summary>
public abstract class PersistentActor : Eventsourced
{
    protected PersistentActor()
    {
    }

    protected override bool Receive(object message) => ReceiveCommand(message);
}
