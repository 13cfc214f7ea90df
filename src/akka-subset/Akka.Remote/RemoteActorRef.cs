using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Transport;

namespace Akka.Remote;

/// <summary>Marks a reference to an actor of another system.</summary>
public interface IRemoteRef : IActorRefScope
{
}

/// <summary>An actor of another system. A tell enqueues at the association with that system and returns.</summary>
public class RemoteActorRef : InternalActorRefBase, IRemoteRef
{
    private readonly Props _props;
    private readonly Deploy _deploy;
    private readonly ActorPath _path;
    private readonly IInternalActorRef _parent;

    public RemoteActorRef(RemoteTransport remote, Address localAddressToUse, ActorPath path, IInternalActorRef parent, Props props, Deploy deploy)
    {
        Remote = remote;
        LocalAddressToUse = localAddressToUse;
        _path = path;
        _parent = parent;
        _props = props;
        _deploy = deploy;
        IsTemporary = path.Depth > 0 && path.Elements[0] == "temp";
    }

    internal RemoteTransport Remote { get; }

    /// <summary>Where tells go; looked up once.</summary>
    internal Association? Association { get; set; }

    /// <summary>The reply address of an ask: used once, not worth remembering.</summary>
    internal bool IsTemporary { get; }

    public Address LocalAddressToUse { get; }

    public override ActorPath Path => _path;

    public override IInternalActorRef Parent => _parent;

    public override IActorRefProvider Provider => Remote.Provider;

    public override bool IsTerminated => false;

    public override bool IsLocal => false;

    public override IActorRef GetChild(IReadOnlyList<string> name)
    {
        if (name.Count == 0 || name.All(string.IsNullOrEmpty))
            return this;
        var path = _path;
        foreach (var element in name)
        {
            if (element == "..")
                path = path.Parent;
            else if (element.Length > 0)
                path /= element;
        }

        return new RemoteActorRef(Remote, LocalAddressToUse, path, Nobody.Instance, Props.None, Deploy.None);
    }

    public override void Start()
    {
        // Remote deployment would begin here; a reference that was looked up has an actor already.
        if (_props != null && _deploy != null && !ReferenceEquals(_props, Props.None))
            ((IRemoteActorRefProvider)Provider).UseActorOnNode(this, _props, _deploy, _parent);
    }

    public override void Stop() => SendSystemMessage(new Terminate());

    public override void Suspend() => SendSystemMessage(new Suspend());

    public override void Resume(Exception causedByFailure = null) => SendSystemMessage(new Resume(causedByFailure));

    public override void Restart(Exception cause) => SendSystemMessage(new Recreate(cause));

    public override void SendSystemMessage(ISystemMessage message)
    {
        switch (message)
        {
            case Watch watch when IsWatchIntercepted(watch.Watchee, watch.Watcher):
                Remote.Provider.RemoteWatcher.Tell(new RemoteWatcher.WatchRemote(watch.Watchee, watch.Watcher), ActorRefs.NoSender);
                break;
            case Unwatch unwatch when IsWatchIntercepted(unwatch.Watchee, unwatch.Watcher):
                Remote.Provider.RemoteWatcher.Tell(new RemoteWatcher.UnwatchRemote(unwatch.Watchee, unwatch.Watcher), ActorRefs.NoSender);
                break;
            default:
                Send(message, null);
                break;
        }
    }

    /// <summary>Watches of local actors go to the local remote watcher, which alone watches over the network.</summary>
    public bool IsWatchIntercepted(IActorRef watchee, IActorRef watcher) =>
        !watcher.Equals(Remote.Provider.RemoteWatcher) && watchee.Equals(this);

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message == null)
            throw new InvalidMessageException("Message is null.");
        Send(message, sender);
    }

    private void Send(object message, IActorRef? sender)
    {
        try
        {
            Remote.Send(message, sender, this);
        }
        catch (Exception e)
        {
            Remote.System.EventStream.Publish(new Event.Error(e, _path.ToString(), GetType(), "Sending a message failed."));
        }
    }
}
