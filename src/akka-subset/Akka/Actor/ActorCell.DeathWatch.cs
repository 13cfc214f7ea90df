using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.Util;

namespace Akka.Actor;

public partial class ActorCell
{
    // Whom this actor watches, with the message it wants instead of Terminated, if any.
    private Dictionary<IActorRef, object> _watching;
    private HashSet<IActorRef> _watchedBy;

    // Whose Terminated is in this actor's mailbox. Unwatch takes it out again.
    private Dictionary<IActorRef, object> _terminatedQueued;
    private bool _addressSubscribed;

    public IActorRef Watch(IActorRef subject) => WatchFor(subject, null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return WatchFor(subject, message);
    }

    private IActorRef WatchFor(IActorRef subject, object message)
    {
        var target = (IInternalActorRef)subject;
        if (target.Equals(_self))
            return subject;
        if (_watching is not null && _watching.TryGetValue(target, out var known))
        {
            if (!Equals(known, message))
            {
                throw new InvalidOperationException(
                    $"{target} is watched already, with [{known ?? "Terminated"}] as the message: unwatch it first");
            }

            return subject;
        }

        target.SendSystemMessage(new Watch(target, _self));
        (_watching ??= []).Add(target, message);
        SubscribeToAddresses();
        return subject;
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        var target = (IInternalActorRef)subject;
        if (!target.Equals(_self) && _watching is not null && _watching.Remove(target))
        {
            target.SendSystemMessage(new Unwatch(target, _self));
            SubscribeToAddresses();
        }

        _terminatedQueued?.Remove(target);
        return subject;
    }

    protected void ReceivedTerminated(Terminated t)
    {
        if (_terminatedQueued is null || !_terminatedQueued.Remove(t.ActorRef, out var custom))
            return;
        if (custom is null)
        {
            ReceiveMessage(t);
            return;
        }

        _currentMessage = custom;
        ReceiveMessage(custom);
    }

    /// <summary>A watched actor or a child is gone.</summary>
    protected void WatchedActorTerminated(IActorRef actor, bool existenceConfirmed, bool addressTerminated)
    {
        if (RemoveWatched(actor, out var custom))
        {
            SubscribeToAddresses();
            if (!IsTerminating)
            {
                // Through the mailbox: after the messages that the actor sent before it went.
                _self.Tell(new Terminated(actor, existenceConfirmed, addressTerminated), actor);
                TerminatedQueuedFor(actor, custom is null ? Option<object>.None : new Option<object>(custom));
            }
        }

        if (_children.TryGet(actor, out _))
            HandleChildTerminated(actor);
    }

    private bool RemoveWatched(IActorRef actor, out object custom)
    {
        custom = null;
        if (_watching is null)
            return false;
        if (_watching.Remove(actor, out custom))
            return true;

        // Watched by a path that named no incarnation: any will do.
        foreach (var subject in _watching.Keys)
        {
            if (subject.Path.Uid == UndefinedUid && subject.Path.Equals(actor.Path))
                return _watching.Remove(subject, out custom);
        }

        return false;
    }

    public void TerminatedQueuedFor(IActorRef subject, Option<object> customMessage) =>
        (_terminatedQueued ??= []).TryAdd(subject, customMessage.HasValue ? customMessage.Value : null);

    protected void TellWatchersWeDied()
    {
        if (_watchedBy is null)
            return;
        var watchers = _watchedBy.ToArray();
        _watchedBy = null;

        // Remote watchers first: a local one may be waiting for all of them.
        foreach (var watcher in watchers.OrderBy(static watcher => ((IActorRefScope)watcher).IsLocal))
        {
            if (!watcher.Equals(_parent))
                ((IInternalActorRef)watcher).SendSystemMessage(new DeathWatchNotification(_self, existenceConfirmed: true, addressTerminated: false));
        }

        SubscribeToAddresses();
    }

    protected void UnwatchWatchedActors(ActorBase actor)
    {
        if (_watching is not null && _watching.Count > 0)
        {
            var subjects = _watching.Keys.ToArray();
            _watching.Clear();
            foreach (var subject in subjects)
                ((IInternalActorRef)subject).SendSystemMessage(new Unwatch((IInternalActorRef)subject, _self));
        }

        _terminatedQueued = null;
        SubscribeToAddresses();
    }

    protected void AddWatcher(IActorRef watchee, IActorRef watcher)
    {
        var self = watchee.Equals(_self);
        if (self && !watcher.Equals(_self))
        {
            if ((_watchedBy ??= []).Add(watcher))
                SubscribeToAddresses();
        }
        else if (!self && watcher.Equals(_self))
            Watch(watchee);
        else
            Publish(new Warning(_self.Path.ToString(), ActorTypeOrThis, $"{_self} was sent a Watch between {watcher} and {watchee}, neither of which it is"));
    }

    protected void RemWatcher(IActorRef watchee, IActorRef watcher)
    {
        var self = watchee.Equals(_self);
        if (self && !watcher.Equals(_self))
        {
            if (_watchedBy is not null && _watchedBy.Remove(watcher))
                SubscribeToAddresses();
        }
        else if (!self && watcher.Equals(_self))
            Unwatch(watchee);
        else
            Publish(new Warning(_self.Path.ToString(), ActorTypeOrThis, $"{_self} was sent an Unwatch between {watcher} and {watchee}, neither of which it is"));
    }

    protected void AddressTerminated(Address address)
    {
        // Watchers at that address are not there to be told any more.
        _watchedBy?.RemoveWhere(watcher => watcher.Path.Address == address);

        if (_watching is null)
            return;
        foreach (var subject in _watching.Keys.Where(subject => subject.Path.Address == address).ToArray())
        {
            var isChild = _children.TryGet(subject, out _);
            _self.SendSystemMessage(new DeathWatchNotification(subject, existenceConfirmed: isChild, addressTerminated: true));
        }
    }

    // Only who watches, or is watched by, somebody elsewhere has to know of addresses that are gone.
    private void SubscribeToAddresses()
    {
        var wanted = HasRemote(_watching?.Keys) || HasRemote(_watchedBy);
        if (wanted == _addressSubscribed)
            return;
        _addressSubscribed = wanted;
        if (wanted)
            _system.AddressTerminatedTopic.Subscribe(_self);
        else
            _system.AddressTerminatedTopic.Unsubscribe(_self);
    }

    private static bool HasRemote(IEnumerable<IActorRef> refs)
    {
        if (refs is null)
            return false;
        foreach (var actor in refs)
        {
            if (!((IActorRefScope)actor).IsLocal)
                return true;
        }

        return false;
    }
}
