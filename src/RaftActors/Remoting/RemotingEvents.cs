using Akka.Actor;
using Akka.Remote;

namespace RaftActors.Remoting;

/// <summary>What Akka.Remote tells of its connections.</summary>
internal static class RemotingEvents
{
    public static void Subscribe(ActorSystem system, IActorRef subscriber) => system.EventStream.Subscribe(subscriber, typeof(RemotingLifecycleEvent));

    public static void Unsubscribe(ActorSystem system, IActorRef subscriber) => system.EventStream.Unsubscribe(subscriber);

    /// <summary>What an event means for the way to one node.</summary>
    public static PeerConnectionChange Interpret(object message, Address address) => message switch
    {
        AssociatedEvent e when e.RemoteAddress == address => PeerConnectionChange.Open,
        DisassociatedEvent e when e.RemoteAddress == address => PeerConnectionChange.Lost,
        AssociationErrorEvent e when e.RemoteAddress == address => PeerConnectionChange.Lost,
        QuarantinedEvent e when e.Address == address => PeerConnectionChange.Lost,
        _ => PeerConnectionChange.None,
    };
}
