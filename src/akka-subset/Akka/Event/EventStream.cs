using Akka.Actor;
using Akka.Actor.Internal;

namespace Akka.Event;

/// <summary>The bus of an actor system: events by their type, base types and interfaces included.</summary>
public class EventStream : LoggingBus
{
    private readonly bool _debug;
    private volatile IActorRef _unsubscriber;

    public EventStream(bool debug)
    {
        _debug = debug;
    }

    /// <summary>From now on, subscribers that terminate are unsubscribed.</summary>
    public void StartUnsubscriber(ActorSystemImpl system)
    {
        if (_unsubscriber is not null)
            return;
        _unsubscriber = system.SystemActorOf(
            Props.Create(() => new EventStreamUnsubscriber(this, _debug)).WithDispatcher("akka.actor.internal-dispatcher"),
            "event-stream-unsubscriber");
    }

    public override bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(channel);
        if (_debug)
            Publish(new Debug(SimpleName(this), GetType(), $"subscribing {subscriber} to channel {channel}"));
        var changed = base.Subscribe(subscriber, channel);
        if (changed && subscriber is not MinimalActorRef)
            _unsubscriber?.Tell(new EventStreamUnsubscriber.Register(subscriber), ActorRefs.NoSender);
        return changed;
    }

    public override bool Unsubscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(channel);
        var changed = base.Unsubscribe(subscriber, channel);
        if (_debug)
            Publish(new Debug(SimpleName(this), GetType(), $"unsubscribing {subscriber} from channel {channel}"));
        return changed;
    }

    public override bool Unsubscribe(IActorRef subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        var changed = base.Unsubscribe(subscriber);
        if (_debug)
            Publish(new Debug(SimpleName(this), GetType(), $"unsubscribing {subscriber} from all channels"));
        return changed;
    }
}
