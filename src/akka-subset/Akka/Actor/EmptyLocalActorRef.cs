using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>A path at which there is nobody. What is sent there becomes a dead letter.</summary>
public class EmptyLocalActorRef : MinimalActorRef
{
    private readonly IActorRefProvider _provider;
    private readonly ActorPath _path;
    private readonly EventStream _eventStream;

    public EmptyLocalActorRef(IActorRefProvider provider, ActorPath path, EventStream eventStream)
    {
        _provider = provider;
        _path = path;
        _eventStream = eventStream;
    }

    public override ActorPath Path => _path;

    public override IActorRefProvider Provider => _provider;

    public override bool IsTerminated => true;

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is null)
            throw new InvalidMessageException("A message cannot be null");
        if (message is DeadLetter deadLetter)
            SpecialHandle(deadLetter.Message, deadLetter.Sender);
        else if (!SpecialHandle(message, sender))
            _eventStream.Publish(new DeadLetter(message, sender ?? _provider.DeadLetters, this));
    }

    public override void SendSystemMessage(ISystemMessage message) => SpecialHandle(message, _provider.DeadLetters);

    /// <summary>Answers what can be answered without an actor; true when there is nothing left to report.</summary>
    protected virtual bool SpecialHandle(object message, IActorRef sender)
    {
        switch (message)
        {
            case Watch watch:
                if (watch.Watchee.Equals(this) && !watch.Watcher.Equals(this))
                    watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, existenceConfirmed: false, addressTerminated: false));
                return true;
            case Unwatch:
                return true;
            case Identify identify:
                sender?.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
                return true;
            case ActorSelectionMessage selection:
                if (selection.Message is Identify selected)
                {
                    if (!selection.WildCardFanOut)
                        sender?.Tell(new ActorIdentity(selected.MessageId, null), ActorRefs.NoSender);
                }
                else if (selection.Message is IDeadLetterSuppression quiet)
                    PublishSuppressed(quiet, sender);
                else
                    _eventStream.Publish(new DeadLetter(selection.Message, sender ?? _provider.DeadLetters, this));
                return true;
            case IDeadLetterSuppression suppressed:
                PublishSuppressed(suppressed, sender);
                return true;
            default:
                return false;
        }
    }

    private void PublishSuppressed(IDeadLetterSuppression message, IActorRef sender) =>
        _eventStream.Publish(new SuppressedDeadLetter(message, sender ?? _provider.DeadLetters, this));
}

/// <summary>Where messages go whose receiver is gone: they are announced on the event stream.</summary>
public class DeadLetterActorRef : EmptyLocalActorRef
{
    private readonly EventStream _eventStream;

    public DeadLetterActorRef(IActorRefProvider provider, ActorPath path, EventStream eventStream)
        : base(provider, path, eventStream)
    {
        _eventStream = eventStream;
    }

    public override bool IsTerminated => false;

    protected override void TellInternal(object message, IActorRef sender)
    {
        switch (message)
        {
            case null:
                throw new InvalidMessageException("A message cannot be null");
            case Identify identify:
                sender?.Tell(new ActorIdentity(identify.MessageId, this), ActorRefs.NoSender);
                break;
            case DeadLetter letter:
                if (!HandleLetter(letter))
                    _eventStream.Publish(letter);
                break;
            default:
                if (!SpecialHandle(message, sender))
                    _eventStream.Publish(new DeadLetter(message, sender ?? Provider.DeadLetters, this));
                break;
        }
    }

    // The receiver that is gone is named in the letter, so suppressed ones keep naming it.
    private bool HandleLetter(DeadLetter letter)
    {
        if (letter.Message is IDeadLetterSuppression quiet && letter.Message is not ISystemMessage)
        {
            _eventStream.Publish(new SuppressedDeadLetter(quiet, letter.Sender, letter.Recipient));
            return true;
        }

        return SpecialHandle(letter.Message, letter.Sender);
    }

    protected override bool SpecialHandle(object message, IActorRef sender)
    {
        if (message is Watch watch)
        {
            // Sent to an actor that is gone, and so forwarded here.
            if (!watch.Watchee.Equals(this) && !watch.Watcher.Equals(this))
                watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, existenceConfirmed: false, addressTerminated: false));
            return true;
        }

        return base.SpecialHandle(message, sender);
    }
}

/// <summary>Takes everything and does nothing with it.</summary>
internal sealed class IgnoreActorRef : MinimalActorRef
{
    public IgnoreActorRef(IActorRefProvider provider)
    {
        Provider = provider;
        Path = new RootActorPath(new Address("akka", "local")) / "ignore";
    }

    public override ActorPath Path { get; }

    public override IActorRefProvider Provider { get; }
}

/// <summary>A place in the tree that holds references by name, such as /temp.</summary>
internal sealed class VirtualPathContainer : MinimalActorRef
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, IInternalActorRef> _children = new();

    public VirtualPathContainer(IActorRefProvider provider, ActorPath path, IInternalActorRef parent)
    {
        Provider = provider;
        Path = path;
        Parent = parent;
    }

    public override ActorPath Path { get; }

    public override IActorRefProvider Provider { get; }

    public override IInternalActorRef Parent { get; }

    public bool HasChildren => !_children.IsEmpty;

    public void AddChild(string name, IInternalActorRef actor) => _children[name] = actor;

    public void RemoveChild(string name) => _children.TryRemove(name, out _);

    public override IActorRef GetChild(IReadOnlyList<string> name)
    {
        if (name.Count == 0 || name[0].Length == 0)
            return this;
        ActorCell.SplitNameAndUid(name[0], out var child, out _);
        return !_children.TryGetValue(child, out var found) ? ActorRefs.Nobody
            : name.Count == 1 ? found
            : found.GetChild(name.Skip(1).ToArray());
    }
}
