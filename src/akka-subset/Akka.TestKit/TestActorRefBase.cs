using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Util;

namespace Akka.TestKit;

/// <summary>The reference behind <see cref="TestActorRef{TActor}"/>.</summary>
public abstract class TestActorRefBase<TActor> : IInternalActorRef
    where TActor : ActorBase
{
    private readonly IInternalActorRef _inner;

    /// <summary>Creates the actor.</summary>
    protected TestActorRefBase(ActorSystem system, Props actorProps, IActorRef supervisor = null, string name = null)
    {
        var props = string.IsNullOrEmpty(actorProps.Deploy.Dispatcher) ? actorProps.WithDispatcher(CallingThreadDispatcher.Id) : actorProps;
        var parent = supervisor ?? ((ExtendedActorSystem)system).Guardian;
        _inner = (IInternalActorRef)CellOf(Unwrap(parent)).AttachChild(props, isSystemService: false, name);
    }

    /// <summary>The actor's reference without the test functions.</summary>
    public IActorRef Ref => _inner;

    /// <summary>The actor's path.</summary>
    public ActorPath Path => _inner.Path;

    /// <summary>The actor instance.</summary>
    public TActor UnderlyingActor => (TActor)Cell.CurrentActor;

    IInternalActorRef IInternalActorRef.Parent => _inner.Parent;

    IActorRefProvider IInternalActorRef.Provider => _inner.Provider;

    bool IInternalActorRef.IsTerminated => _inner.IsTerminated;

    bool IActorRefScope.IsLocal => _inner.IsLocal;

    private ActorCell Cell => CellOf(_inner);

    /// <summary>Equal when they denote the same actor.</summary>
    public static bool operator ==(TestActorRefBase<TActor> testActorRef, IActorRef actorRef) =>
        testActorRef is null ? actorRef is null : testActorRef.Equals(actorRef);

    /// <summary>Unequal when they denote different actors.</summary>
    public static bool operator !=(TestActorRefBase<TActor> testActorRef, IActorRef actorRef) => !(testActorRef == actorRef);

    /// <summary>Equal when they denote the same actor.</summary>
    public static bool operator ==(IActorRef actorRef, TestActorRefBase<TActor> testActorRef) => testActorRef == actorRef;

    /// <summary>Unequal when they denote different actors.</summary>
    public static bool operator !=(IActorRef actorRef, TestActorRefBase<TActor> testActorRef) => !(testActorRef == actorRef);

    /// <summary>Runs the actor's handler for <paramref name="message"/> here and now; what it throws, the test gets.</summary>
    public void Receive(object message, IActorRef sender = null) =>
        Cell.ReceiveMessageForTest(new Envelope(message, sender ?? ActorRefs.NoSender));

    /// <summary>Sends a message without a sender.</summary>
    public void Tell(object message) => _inner.Tell(message, ActorCell.GetCurrentSelfOrNoSender());

    /// <summary>Sends a message.</summary>
    public void Tell(object message, IActorRef sender) => _inner.Tell(message, sender);

    /// <summary>Has the actor watch <paramref name="subject"/>.</summary>
    public void Watch(IActorRef subject) => Cell.Watch(subject);

    /// <summary>Ends <see cref="Watch"/>.</summary>
    public void Unwatch(IActorRef subject) => Cell.Unwatch(subject);

    /// <inheritdoc/>
    public void SendSystemMessage(ISystemMessage message) => _inner.SendSystemMessage(message);

    /// <inheritdoc/>
    public void SendSystemMessage(ISystemMessage message, IActorRef sender) => _inner.SendSystemMessage(message);

    /// <inheritdoc/>
    public int CompareTo(object obj) => _inner.CompareTo(obj);

    /// <inheritdoc/>
    public bool Equals(IActorRef other) => _inner.Equals(other is TestActorRefBase<TActor> test ? test._inner : other);

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is IActorRef other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _inner.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => _inner.ToString();

    int IComparable<IActorRef>.CompareTo(IActorRef other) => _inner.CompareTo(other);

    ISurrogate ISurrogated.ToSurrogate(ActorSystem system) => _inner.ToSurrogate(system);

    IActorRef IInternalActorRef.GetChild(IReadOnlyList<string> name) => _inner.GetChild(name);

    void IInternalActorRef.Start() => _inner.Start();

    void IInternalActorRef.Resume(Exception causedByFailure) => _inner.Resume(causedByFailure);

    void IInternalActorRef.Stop() => _inner.Stop();

    void IInternalActorRef.Restart(Exception cause) => _inner.Restart(cause);

    void IInternalActorRef.Suspend() => _inner.Suspend();

    private static ActorCell CellOf(IActorRef actor) => (ActorCell)((ActorRefWithCell)actor).Underlying;

    private static IActorRef Unwrap(IActorRef actor) => actor switch
    {
        TestProbe probe => probe.Ref,
        TestActorRefBase<TActor> test => test.Ref,
        _ => actor,
    };
}
