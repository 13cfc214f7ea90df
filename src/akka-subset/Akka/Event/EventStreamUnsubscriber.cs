using Akka.Actor;

namespace Akka.Event;

/// <summary>Watches the subscribers of an event stream, so that the stream does not keep sending to the dead.</summary>
internal sealed class EventStreamUnsubscriber : ActorBase
{
    private readonly EventStream _stream;
    private readonly bool _debug;

    public EventStreamUnsubscriber(EventStream stream, bool debug)
    {
        _stream = stream;
        _debug = debug;
    }

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Register register:
                Context.Watch(register.Subscriber);
                return true;
            case Terminated terminated:
                if (_debug)
                    _stream.Publish(new Debug(nameof(EventStreamUnsubscriber), GetType(), $"unsubscribing {terminated.ActorRef}: it has terminated"));
                _stream.Unsubscribe(terminated.ActorRef);
                return true;
            default:
                return false;
        }
    }

    internal sealed record Register(IActorRef Subscriber) : INoSerializationVerificationNeeded;
}
