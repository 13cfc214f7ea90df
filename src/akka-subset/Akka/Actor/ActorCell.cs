using System.Globalization;
using System.Runtime.CompilerServices;
using Akka.Actor.Internal;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>
/// One actor from the runtime's side: its mailbox, behaviours, children and watchers across all incarnations of the
/// instance. Everything but sending is done by the thread that runs the mailbox.
/// </summary>
public partial class ActorCell : IUntypedActorContext, ICell
{
    public const int UndefinedUid = 0;

    private readonly ActorSystemImpl _system;
    private readonly IInternalActorRef _self;
    private readonly IInternalActorRef _parent;
    private readonly Props _props;
    private MessageDispatcher _dispatcher;
    private Mailbox _mailbox;
    private ActorBase _actor;
    private Receive _behavior;
    private Stack<Receive> _behaviorStack;
    private object _currentMessage;
    private IActorRef _sender;
    private int _currentEnvelopeId;
    private Type _plainMessageType;
    private ActorTaskScheduler _taskScheduler;
    private ActorBase _disposed;

    public ActorCell(ActorSystemImpl system, IInternalActorRef self, Props props, MessageDispatcher dispatcher, IInternalActorRef parent)
    {
        _system = system;
        _self = self;
        _props = props;
        _dispatcher = dispatcher;
        _parent = parent;
    }

    public IActorRef Self => _self;

    public Props Props => _props;

    public ActorSystem System => _system;

    public ActorSystemImpl SystemImpl => _system;

    public IInternalActorRef Parent => _parent;

    IActorRef IActorContext.Parent => _parent;

    public MessageDispatcher Dispatcher => _dispatcher;

    public Mailbox Mailbox
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _mailbox);
    }

    public bool IsLocal => true;

    public bool HasMessages => Mailbox.HasMessages;

    public int NumberOfMessages => Mailbox.NumberOfMessages;

    public bool IsTerminated => Mailbox.IsClosed;

    public object CurrentMessage => _currentMessage;

    /// <summary>Counts messages, so that the same message is not taken for another equal one.</summary>
    public int CurrentEnvelopeId => _currentEnvelopeId;

    public IActorRef Sender => _sender ?? _system.DeadLetters;

    internal Mailboxes Mailboxes => _dispatcher.Mailboxes;

    internal ActorBase CurrentActor => _actor;

    internal bool HasActor => _actor is not null;

    internal Envelope CurrentEnvelope => new(_currentMessage, _sender);

    public virtual ActorTaskScheduler TaskScheduler => _taskScheduler ??= new ActorTaskScheduler(this);

    internal SupervisorStrategy SupervisorStrategy => _props.SupervisorStrategy ?? _actor.SupervisorStrategyInternal;

    public static IActorRef GetCurrentSelfOrNoSender() => InternalCurrentActorCellKeeper.Current?._self;

    public static IActorRef GetCurrentSenderOrNoSender() => InternalCurrentActorCellKeeper.Current?._sender;

    internal Mailbox SwapMailbox(Mailbox mailbox) => Interlocked.Exchange(ref _mailbox, mailbox);

    /// <summary>Gives the cell its mailbox. The actor is created by the mailbox's first run, after <see cref="Start"/>.</summary>
    public void Init(bool sendSupervise, MailboxType mailboxType)
    {
        var mailbox = new Mailbox(mailboxType.Create(_self, _system));
        mailbox.SetActor(this);
        Volatile.Write(ref _mailbox, mailbox);
        mailbox.SystemEnqueue(new Create());
    }

    public virtual void Start() => _dispatcher.Attach(this);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public virtual void SendMessage(IActorRef sender, object message)
    {
        if (message is null)
            throw new InvalidMessageException("A message cannot be null");
        _dispatcher.Dispatch(this, new Envelope(_system.SerializeAllMessages ? SerializeAndDeserialize(message) : message, sender));
    }

    public virtual void SendMessage(Envelope message) => SendMessage(message.Sender, message.Message);

    public virtual void SendSystemMessage(ISystemMessage systemMessage) =>
        _dispatcher.SystemDispatch(this, (SystemMessage)systemMessage);

    // akka.actor.serialize-messages = on: finds messages that would not survive the network.
    private object SerializeAndDeserialize(object message)
    {
        if (WrappedMessage.Unwrap(message) is INoSerializationVerificationNeeded || message is INoSerializationVerificationNeeded)
            return message;
        var serialization = _system.Serialization;
        var serializer = serialization.FindSerializerFor(message);
        return serialization.Deserialize(
            serializer.ToBinary(message), serializer.Identifier, Serialization.Serialization.ManifestFor(serializer, message));
    }

    public void Suspend() => SendSystemMessage(new Suspend());

    public void Resume(Exception causedByFailure) => SendSystemMessage(new Resume(causedByFailure));

    public void Restart(Exception cause) => SendSystemMessage(new Recreate(cause));

    public void Stop() => SendSystemMessage(new Terminate());

    // ---- running ----

    /// <summary>Processes one message as if it came out of the mailbox.</summary>
    public void Invoke(Envelope envelope)
    {
        var previous = InternalCurrentActorCellKeeper.Current;
        InternalCurrentActorCellKeeper.Current = this;
        try
        {
            InvokeUser(in envelope);
        }
        finally
        {
            InternalCurrentActorCellKeeper.Current = previous;
        }
    }

    internal void InvokeUser(in Envelope envelope)
    {
        var message = envelope.Message;
        _currentMessage = message;
        _sender = envelope.Sender;
        _currentEnvelopeId++;
        try
        {
            // Most messages are of the type of the one before: then the question is answered already.
            if (message.GetType() == _plainMessageType)
                ReceiveMessage(message);
            else if (message is IAutoReceivedMessage)
                AutoReceiveMessage(envelope);
            else
            {
                _plainMessageType = message.GetType();
                ReceiveMessage(message);
            }

            _currentMessage = null;
            _sender = null;
            if (_receiveTimeout is not null)
                CheckReceiveTimeout(message is not INotInfluenceReceiveTimeout);
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause);
            if (_receiveTimeout is not null)
                CheckReceiveTimeout(message is not INotInfluenceReceiveTimeout);
        }
    }

    protected virtual void ReceiveMessage(object message) => _actor.InvokeReceive(_behavior, message);

    public void ReceiveMessageForTest(Envelope envelope)
    {
        _currentMessage = envelope.Message;
        _sender = envelope.Sender;
        _currentEnvelopeId++;
        ReceiveMessage(envelope.Message);
    }

    protected virtual void AutoReceiveMessage(Envelope envelope)
    {
        var message = envelope.Message;
        if (_system.Settings.DebugAutoReceive)
            Publish(new Debug(_self.Path.ToString(), ActorTypeOrThis, $"received AutoReceiveMessage {message}"));
        switch (message)
        {
            case Terminated terminated:
                ReceivedTerminated(terminated);
                break;
            case TimerMessage timer:
                ReceivedTimer(timer);
                break;
            case Kill:
                throw new ActorKilledException("Kill");
            case PoisonPill:
                Stop(_self);
                break;
            case AddressTerminated address:
                AddressTerminated(address.Address);
                break;
            case ActorSelectionMessage selection:
                Akka.Actor.ActorSelection.Deliver(_self, envelope.Sender, selection);
                break;
            case Identify identify:
                Sender.Tell(new ActorIdentity(identify.MessageId, _self), _self);
                break;
            default:
                ReceiveMessage(message);
                break;
        }
    }

    // Seen by the actor, and by its stash, as the message itself.
    private void ReceivedTimer(TimerMessage timer)
    {
        if (!timer.Owner.TryClaim(timer))
            return;
        _currentMessage = timer.Payload;
        if (timer.Payload is IAutoReceivedMessage)
            AutoReceiveMessage(new Envelope(timer.Payload, _sender));
        else
            ReceiveMessage(timer.Payload);
    }

    internal void SystemInvoke(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case ActorTask task:
                    TaskScheduler.Run(task.Task);
                    break;
                case DeathWatchNotification notification:
                    WatchedActorTerminated(notification.Actor, notification.ExistenceConfirmed, notification.AddressTerminated);
                    break;
                case Watch watch:
                    AddWatcher(watch.Watchee, watch.Watcher);
                    break;
                case Unwatch unwatch:
                    RemWatcher(unwatch.Watchee, unwatch.Watcher);
                    break;
                case Failed failed:
                    HandleFailed(failed);
                    break;
                case Create create:
                    CreateActor(create.Failure);
                    break;
                case Recreate recreate:
                    FaultRecreate(recreate.Cause);
                    break;
                case Dispatch.SysMsg.Suspend:
                    FaultSuspend();
                    break;
                case Resume resume:
                    FaultResume(resume.CausedByFailure);
                    break;
                case Terminate or Dispatch.SysMsg.Stop:
                    TerminateActor();
                    break;
                case Escalate escalate:
                    throw escalate.Reason;
                case Supervise supervise:
                    _children.Init((IInternalActorRef)supervise.Child);
                    break;
            }
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause, null, (message as Failed)?.Child);
        }
    }

    /// <summary>Runs code of a test with this cell as the context.</summary>
    public void UseThreadContext(Action action)
    {
        var previous = InternalCurrentActorCellKeeper.Current;
        InternalCurrentActorCellKeeper.Current = this;
        try
        {
            action();
        }
        finally
        {
            InternalCurrentActorCellKeeper.Current = previous;
        }
    }

    // An asynchronous handler goes on: what it was called with is current again.
    internal void RestoreMessage(object message, IActorRef sender)
    {
        _currentMessage = message;
        _sender = sender;
    }

    // ---- behaviours ----

    public void Become(Receive receive)
    {
        // Replaces the top; those below it stay.
        _behavior = receive;
    }

    public void BecomeStacked(Receive receive)
    {
        (_behaviorStack ??= new Stack<Receive>(2)).Push(_behavior);
        _behavior = receive;
    }

    public void UnbecomeStacked()
    {
        // Null stands for the actor's own Receive, which does not exist yet while the constructor runs.
        _behavior = _behaviorStack is { Count: > 0 } ? _behaviorStack.Pop() : null;
        if (_behavior is null && _actor is not null)
            _behavior = _actor.ReceiveDelegate;
    }

    void IUntypedActorContext.Become(UntypedReceive receive) => Become(Wrap(receive));

    void IUntypedActorContext.BecomeStacked(UntypedReceive receive) => BecomeStacked(Wrap(receive));

    internal static Receive Wrap(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };

    // ---- instances ----

    protected virtual ActorBase CreateNewActorInstance() => _props.NewActor();

    internal ActorBase NewActor()
    {
        PrepareForNewActor();
        var instance = CreateNewActorInstance()
            ?? throw new ActorInitializationException(_self, "The producer of the actor returned null");
        _actor = instance;
        if (_behavior is null)
            _behavior = instance.ReceiveDelegate;
        if (instance is IInitializableActor initializable)
            initializable.Init();
        if (instance is IWithTimers { Timers: null } withTimers)
            withTimers.Timers = new TimerScheduler(this);
        _system.ActorPipelineResolver.ResolvePipeline(instance.GetType())?.AfterActorIncarnated(instance, this);
        return instance;
    }

    protected void PrepareForNewActor()
    {
        _behaviorStack = null;
        _behavior = null;
    }

    /// <summary>Lets go of an instance: its timers end, what it stashed goes back to the mailbox.</summary>
    protected void ClearActor(ActorBase actor)
    {
        if (actor is not null)
        {
            if (actor is IWithTimers { Timers: TimerScheduler timers })
                timers.Close();
            try
            {
                _system.ActorPipelineResolver.ResolvePipeline(actor.GetType())?.BeforeActorIncarnated(actor, this);
            }
            catch (Exception e)
            {
                Publish(new Error(e, _self.Path.ToString(), actor.GetType(), "An actor producer plugin failed"));
            }

            if (actor is IDisposable disposable && !ReferenceEquals(actor, _disposed))
            {
                _disposed = actor;
                try
                {
                    disposable.Dispose();
                }
                catch (Exception e)
                {
                    Publish(new Error(e, _self.Path.ToString(), actor.GetType(), $"Dispose of {actor.GetType()} failed: {e.Message}"));
                }
            }

            _props.Release(actor);
        }

        _actor = null;
        _currentMessage = null;
        _sender = null;
        PrepareForNewActor();
    }

    private Type ActorTypeOrThis => _actor?.GetType() ?? _props.Type;

    internal void Publish(LogEvent entry)
    {
        try
        {
            _system.EventStream.Publish(entry);
        }
        catch (Exception)
        {
            // A logger that throws must not decide over the life of this actor.
        }
    }

    // "name#uid" as it stands in a serialized path.
    internal static void SplitNameAndUid(string text, out string name, out long uid)
    {
        var hash = text.IndexOf('#');
        if (hash >= 0 && long.TryParse(text.AsSpan(hash + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out uid))
        {
            name = text[..hash];
            return;
        }

        name = text;
        uid = UndefinedUid;
    }

    // ---- selections ----

    public ActorSelection ActorSelection(string path) => ActorRefFactoryShared.ActorSelection(path, _system, _self);

    public ActorSelection ActorSelection(ActorPath path) => ActorRefFactoryShared.ActorSelection(path, _system);
}
