using Akka.Actor;

namespace Akka.TestKit;

/// <summary>A message in a test actor's queue, with its sender.</summary>
public abstract class MessageEnvelope
{
    /// <summary>The message; null when there was none.</summary>
    public abstract object Message { get; }

    /// <summary>Who sent it.</summary>
    public abstract IActorRef Sender { get; }
}

/// <summary>A message that was received.</summary>
public class RealMessageEnvelope : MessageEnvelope
{
    private readonly object _message;
    private readonly IActorRef _sender;

    /// <summary>Pairs a message with its sender.</summary>
    public RealMessageEnvelope(object message, IActorRef sender)
    {
        _message = message;
        _sender = sender;
    }

    /// <inheritdoc/>
    public override object Message => _message;

    /// <inheritdoc/>
    public override IActorRef Sender => _sender;

    /// <inheritdoc/>
    public override string ToString() => $"<{_message ?? "null"}> from {(_sender is null ? "nobody" : _sender.Path.ToString())}";
}

/// <summary>The absence of a message.</summary>
public sealed class NullMessageEnvelope : MessageEnvelope
{
    /// <summary>The only instance.</summary>
    public static NullMessageEnvelope Instance = new();

    private NullMessageEnvelope()
    {
    }

    /// <inheritdoc/>
    public override object Message => null;

    /// <inheritdoc/>
    public override IActorRef Sender => ActorRefs.NoSender;

    /// <inheritdoc/>
    public override string ToString() => "<no message>";
}
