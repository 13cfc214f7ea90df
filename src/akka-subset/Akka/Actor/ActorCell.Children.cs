using System.Runtime.ExceptionServices;
using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;

namespace Akka.Actor;

public partial class ActorCell
{
    private const string NameSymbols = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";

    private readonly Children _children = new();
    private long _nextName;

    protected bool IsNormal => _children.IsNormal;

    protected bool IsTerminating => _children.IsTerminating;

    public virtual IActorRef ActorOf(Props props, string name = null) => MakeChild(props, name, systemService: false, async: false);

    public virtual IActorRef AttachChild(Props props, bool isSystemService, string name = null) =>
        MakeChild(props, name, isSystemService, async: true);

    private IInternalActorRef MakeChild(Props props, string name, bool systemService, bool async)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is null)
            name = GenerateName(Interlocked.Increment(ref _nextName) - 1);
        else
            CheckName(name);
        if (_system.Settings.SerializeAllCreators && !systemService && props.Deploy.Scope is not LocalScope)
            VerifySerializable(props);

        _children.Reserve(name, _self.Path);
        IInternalActorRef child;
        try
        {
            var path = new ChildActorPath(_self.Path, name, NewUid());
            child = _system.Provider.ActorOf(_system, props, _self, path, systemService, null, true, async);
        }
        catch
        {
            _children.Unreserve(name);
            throw;
        }

        // A child made by a suspended parent, in PreRestart say, is resumed with its siblings.
        if (_mailbox is { SuspendCount: > 0 } mailbox)
        {
            for (var i = mailbox.SuspendCount - (_taskScheduler?.Awaiting ?? 0); i > 0; i--)
                child.Suspend();
        }

        _children.Init(child);
        child.Start();
        return child;
    }

    private void VerifySerializable(Props props)
    {
        var serialization = _system.Serialization;
        foreach (var argument in props.Arguments)
        {
            if (argument is null or INoSerializationVerificationNeeded)
                continue;
            var serializer = serialization.FindSerializerFor(argument);
            serialization.Deserialize(
                serializer.ToBinary(argument), serializer.Identifier, Serialization.Serialization.ManifestFor(serializer, argument));
        }
    }

    private static void CheckName(string name)
    {
        if (name.Length == 0)
            throw new InvalidActorNameException("Actor name must not be empty");
        if (!ActorPath.IsValidPathElement(name))
        {
            throw new InvalidActorNameException(
                $"Illegal actor name [{name}]: it must not start with '$', and consist of letters, digits, %-escapes and any of {ActorPath.ValidSymbols}");
        }
    }

    internal static string GenerateName(long number, string prefix = "$")
    {
        Span<char> text = stackalloc char[16];
        var length = 0;
        do
        {
            text[length++] = NameSymbols[(int)(number & 63)];
            number >>>= 6;
        }
        while (number != 0);
        return string.Concat(prefix, text[..length]);
    }

    private static long NewUid()
    {
        while (true)
        {
            // Fits an int: peers and logs show it.
            long uid = Random.Shared.Next(int.MinValue, int.MaxValue);
            if (uid != UndefinedUid)
                return uid;
        }
    }

    public void ReserveChild(string name) => _children.Reserve(name, _self.Path);

    protected void UnreserveChild(string name) => _children.Unreserve(name);

    public ChildRestartStats InitChild(IInternalActorRef actor) => _children.Init(actor);

    public bool TryGetChildStatsByName(string name, out IChildStats child)
    {
        var found = _children.TryGet(name, out var stats);
        child = stats;
        return found;
    }

    protected bool TryGetChildStatsByRef(IActorRef actor, out ChildRestartStats child) => _children.TryGet(actor, out child);

    /// <summary>The child of this name, or nobody. "name#uid" finds that incarnation only.</summary>
    public IInternalActorRef GetSingleChild(string name)
    {
        SplitNameAndUid(name, out var childName, out var uid);
        if (_children.TryGet(childName, out var stats) && (uid == UndefinedUid || uid == stats.Uid))
            return stats.Child;
        return ActorRefs.Nobody;
    }

    public IInternalActorRef GetChildByName(string name) => _children.TryGet(name, out var stats) ? stats.Child : ActorRefs.Nobody;

    public IEnumerable<IInternalActorRef> GetChildren() => _children.Refs();

    IActorRef IActorContext.Child(string name) => _children.TryGet(name, out var stats) ? stats.Child : ActorRefs.Nobody;

    IEnumerable<IActorRef> IActorContext.GetChildren() => _children.Refs();

    public void Stop(IActorRef child)
    {
        if (_children.TryGet(child, out _))
            _children.ShallDie(child);
        ((IInternalActorRef)child).Stop();
    }

    private void SuspendChildren(IActorRef except)
    {
        foreach (var child in _children.Refs())
        {
            if (!child.Equals(except))
                child.Suspend();
        }
    }

    private void ResumeChildren(Exception causedByFailure, IActorRef perpetrator)
    {
        foreach (var child in _children.Refs())
            child.Resume(child.Equals(perpetrator) ? causedByFailure : null);
    }

    private void HandleChildTerminated(IActorRef child)
    {
        var waitedFor = _children.Remove(child);
        if (_actor is not null)
        {
            try
            {
                SupervisorStrategy.HandleChildTerminated(this, child, LazyChildren());
            }
            catch (Exception e)
            {
                HandleInvokeFailure(e);
            }
        }

        switch (waitedFor)
        {
            case WaitReason.Recreation:
                FinishRecreate(_children.RecreationCause);
                break;
            case WaitReason.Creation:
                FinishCreate();
                break;
            case WaitReason.Termination:
                FinishTerminate();
                break;
        }
    }

    // Copied when somebody looks: hardly any strategy does, and there may be many children.
    private IEnumerable<IInternalActorRef> LazyChildren()
    {
        foreach (var child in _children.Refs())
            yield return child;
    }

    private void HandleFailed(Failed failed)
    {
        // Messages sent by a previous incarnation of the child are of no concern.
        if (!_children.TryGet(failed.Child.Path.Name, out var stats) || stats.Uid != failed.Uid)
            return;
        if (_actor is null)
            return;
        if (!SupervisorStrategy.HandleFailure(this, stats.Child, failed.Cause, stats, _children.Stats()))
            ExceptionDispatchInfo.Throw(failed.Cause);
    }
}
