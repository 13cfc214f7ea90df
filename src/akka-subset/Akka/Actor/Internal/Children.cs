using System.Diagnostics.CodeAnalysis;

namespace Akka.Actor.Internal;

/// <summary>Why an actor waits for children to be gone.</summary>
internal enum WaitReason
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>It stopped some of them; nothing else depends on it.</summary>
    UserRequest,
    Creation,
    Recreation,
    Termination,
}

/// <summary>
/// The children of one actor. Changed by the actor itself and, for the guardians, by whoever creates top-level actors;
/// read by anybody who looks up a path. Hence the lock, which is hardly ever contended.
/// </summary>
internal sealed class Children
{
    private readonly object _lock = new();
    private Dictionary<string, IChildStats> _byName;
    private HashSet<IActorRef> _toDie;
    private WaitReason _reason;
    private bool _terminated;

    public Exception RecreationCause { get; private set; }

    public bool IsTerminating
    {
        get
        {
            lock (_lock)
                return _terminated || _reason == WaitReason.Termination;
        }
    }

    /// <summary>Neither about to be recreated nor on the way out.</summary>
    public bool IsNormal
    {
        get
        {
            lock (_lock)
                return !_terminated && _reason is WaitReason.None or WaitReason.UserRequest;
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _byName?.Count ?? 0;
        }
    }

    public void Reserve(string name, ActorPath parent)
    {
        lock (_lock)
        {
            if (_terminated)
                throw new InvalidOperationException($"No child [{name}] can be created: {parent} is gone");
            if (_reason == WaitReason.Termination)
                throw new InvalidOperationException($"No child [{name}] can be created: {parent} is stopping");
            _byName ??= new Dictionary<string, IChildStats>(StringComparer.Ordinal);
            if (!_byName.TryAdd(name, ChildNameReserved.Instance))
                throw new InvalidActorNameException($"The actor name [{name}] is not unique: {parent} has a child of that name");
        }
    }

    public void Unreserve(string name)
    {
        lock (_lock)
        {
            if (_byName is not null && _byName.TryGetValue(name, out var stats) && stats is ChildNameReserved)
                _byName.Remove(name);
        }
    }

    /// <summary>Puts the child in the place that was reserved for it; null when the place is gone.</summary>
    public ChildRestartStats Init(IInternalActorRef child)
    {
        lock (_lock)
        {
            if (_byName is null || !_byName.TryGetValue(child.Path.Name, out var stats))
                return null;
            if (stats is ChildRestartStats known)
                return known;
            var created = new ChildRestartStats(child);
            _byName[child.Path.Name] = created;
            return created;
        }
    }

    public bool TryGet(string name, [NotNullWhen(true)] out ChildRestartStats stats)
    {
        lock (_lock)
        {
            stats = null;
            return _byName is not null && _byName.TryGetValue(name, out var found) && (stats = found as ChildRestartStats) is not null;
        }
    }

    public bool TryGet(IActorRef child, [NotNullWhen(true)] out ChildRestartStats stats) =>
        TryGet(child.Path.Name, out stats) && (stats.Uid == child.Path.Uid || child.Path.Uid == ActorCell.UndefinedUid) && stats.Child.Equals(child);

    /// <summary>The children as they are now.</summary>
    public ChildRestartStats[] Stats()
    {
        lock (_lock)
            return _byName is null || _byName.Count == 0 ? [] : [.. _byName.Values.OfType<ChildRestartStats>()];
    }

    public IInternalActorRef[] Refs()
    {
        lock (_lock)
            return _byName is null || _byName.Count == 0 ? [] : [.. _byName.Values.OfType<ChildRestartStats>().Select(stats => stats.Child)];
    }

    /// <summary>Notes that this child was told to stop.</summary>
    public void ShallDie(IActorRef child)
    {
        lock (_lock)
        {
            if (_terminated || !TryGet(child, out _))
                return;
            (_toDie ??= []).Add(child);
            if (_reason == WaitReason.None)
                _reason = WaitReason.UserRequest;
        }
    }

    /// <summary>From now on wait for the children that are to die, for this reason; false when there are none.</summary>
    public bool SetReason(WaitReason reason, Exception cause)
    {
        lock (_lock)
        {
            if (_toDie is null || _toDie.Count == 0)
                return false;
            _reason = reason;
            RecreationCause = cause;
            return true;
        }
    }

    public void SetTerminated()
    {
        lock (_lock)
            _terminated = true;
    }

    /// <summary>Removes a child that is gone. Tells what the actor was waiting for, if this was the last it waited for.</summary>
    public WaitReason Remove(IActorRef child)
    {
        lock (_lock)
        {
            if (TryGet(child, out _))
                _byName.Remove(child.Path.Name);
            if (_toDie is null || !_toDie.Remove(child) || _toDie.Count > 0)
                return WaitReason.None;
            _toDie = null;
            var reason = _reason;
            _reason = WaitReason.None;
            if (reason == WaitReason.Termination)
                _terminated = true;
            return reason;
        }
    }
}
