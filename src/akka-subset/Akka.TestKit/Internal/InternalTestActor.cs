using Akka.Actor;
using Akka.Event;

namespace Akka.TestKit.Internal;

/// <summary>The actor behind TestActor and every probe: everything it gets goes into the inbox that the test reads.</summary>
internal sealed class InternalTestActor : ActorBase
{
    private readonly MessageInbox _inbox;
    private AutoPilot _autoPilot = NoAutoPilot.Instance;
    private Func<object, bool> _ignore;

    public InternalTestActor(MessageInbox inbox)
    {
        _inbox = inbox;
    }

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case SetAutoPilot set:
                _autoPilot = set.AutoPilot;
                return true;
            case SetIgnore set:
                _ignore = set.Ignore;
                return true;
            case Watch watch:
                Context.Watch(watch.Actor);
                return true;
            case Unwatch unwatch:
                Context.Unwatch(unwatch.Actor);
                return true;
            case Spawn spawn:
                Sender.Tell(spawn.Name is null ? Context.ActorOf(spawn.Props) : Context.ActorOf(spawn.Props, spawn.Name), Self);
                return true;
        }

        var sender = Sender;
        var next = _autoPilot.Run(sender, message);
        if (next is not KeepRunning)
        {
            _autoPilot = next;
        }

        if (_ignore is null || !_ignore(message))
        {
            _inbox.Add(new RealMessageEnvelope(message, sender));
        }

        return true;
    }

    protected override void PostStop()
    {
        // What the test never looked at would otherwise vanish without a trace.
        var self = Self;
        while (_inbox.NextAsync(async: false, take: true, TimeSpan.Zero, CancellationToken.None).Result is { } left)
        {
            Context.System.DeadLetters.Tell(new DeadLetter(left.Message, left.Sender ?? ActorRefs.NoSender, self), self);
        }
    }

    internal sealed record SetAutoPilot(AutoPilot AutoPilot) : INoSerializationVerificationNeeded;

    internal sealed record SetIgnore(Func<object, bool> Ignore) : INoSerializationVerificationNeeded;

    internal sealed record Watch(IActorRef Actor) : INoSerializationVerificationNeeded;

    internal sealed record Unwatch(IActorRef Actor) : INoSerializationVerificationNeeded;

    internal sealed record Spawn(Props Props, string Name) : INoSerializationVerificationNeeded;
}
