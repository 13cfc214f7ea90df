using System.Collections.Concurrent;

namespace Akka.Actor.Internal;

/// <summary>Who wants to know that an address is gone: actors that watch, or are watched from, other systems.</summary>
internal sealed class AddressTerminatedTopic
{
    private readonly ConcurrentDictionary<IActorRef, bool> _subscribers = new();

    public void Subscribe(IActorRef subscriber) => _subscribers[subscriber] = true;

    public void Unsubscribe(IActorRef subscriber) => _subscribers.TryRemove(subscriber, out _);

    public void Publish(Address address)
    {
        var message = new AddressTerminated(address);
        foreach (var subscriber in _subscribers.Keys)
            subscriber.Tell(message, ActorRefs.NoSender);
    }
}
