using Akka.Actor.Internal;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.Util;

namespace Akka.Actor;

/// <summary>The parent of all actors of one kind: of the users' under /user, of everything under /.</summary>
public class GuardianActor : ActorBase, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    public GuardianActor()
    {
    }

    protected override void PreStart()
    {
    }

    // A guardian does not take its children down when it is restarted.
    protected override void PreRestart(Exception reason, object message)
    {
    }

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated:
                Context.Stop(Self);
                break;
            case StopChild stop:
                Context.Stop(stop.Child);
                break;
            default:
                Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                break;
        }

        return true;
    }
}

/// <summary>Stops after /user, once those who asked to be told have done what they had to do.</summary>
public class SystemGuardianActor : ActorBase, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly IActorRef _userGuardian;
    private readonly HashSet<IActorRef> _hooks = [];

    public SystemGuardianActor(IActorRef userGuardian)
    {
        _userGuardian = userGuardian;
    }

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated terminated when terminated.ActorRef.Equals(_userGuardian):
                Become(Terminating);
                foreach (var hook in _hooks)
                    hook.Tell(TerminationHook.Instance, Self);
                StopWhenAllDone();
                break;
            case Terminated terminated:
                _hooks.Remove(terminated.ActorRef);
                break;
            case RegisterTerminationHook:
                if (!Sender.Equals(Context.System.DeadLetters))
                {
                    _hooks.Add(Sender);
                    Context.Watch(Sender);
                }

                break;
            case StopChild stop:
                Context.Stop(stop.Child);
                break;
            default:
                Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                break;
        }

        return true;
    }

    private bool Terminating(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                _hooks.Remove(terminated.ActorRef);
                StopWhenAllDone();
                break;
            case TerminationHookDone:
                _hooks.Remove(Sender);
                StopWhenAllDone();
                break;
            case StopChild stop:
                Context.Stop(stop.Child);
                break;
            default:
                Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                break;
        }

        return true;
    }

    private void StopWhenAllDone()
    {
        if (_hooks.Count > 0)
            return;

        // The loggers are children of this actor: from here on it is standard output.
        Context.System.EventStream.StopDefaultLoggers(Context.System);
        Context.Stop(Self);
    }

    protected override void PreRestart(Exception reason, object message)
    {
    }
}

/// <summary>/</summary>
public class RootGuardianActorRef : LocalActorRef
{
    private readonly IInternalActorRef _deadLetters;
    private readonly IReadOnlyDictionary<string, IInternalActorRef> _extraNames;
    private IInternalActorRef _tempContainer;

    public RootGuardianActorRef(
        ActorSystemImpl system,
        Props props,
        MessageDispatcher dispatcher,
        MailboxType mailboxType,
        IInternalActorRef supervisor,
        ActorPath path,
        IInternalActorRef deadLetters,
        IReadOnlyDictionary<string, IInternalActorRef> extraNames)
        : base(system, props, dispatcher, mailboxType, supervisor, path)
    {
        _deadLetters = deadLetters;
        _extraNames = extraNames;
    }

    public override IInternalActorRef Parent => this;

    public void SetTempContainer(IInternalActorRef tempContainer) => _tempContainer = tempContainer;

    public override IInternalActorRef GetSingleChild(string name) => name switch
    {
        "temp" => _tempContainer,
        "deadLetters" => _deadLetters,
        _ => _extraNames.TryGetValue(name, out var extra) ? extra : base.GetSingleChild(name),
    };
}

/// <summary>The parent of the root: the system is gone when the root is.</summary>
public class RootGuardianSupervisor : MinimalActorRef
{
    private readonly TaskCompletionSource<Status> _terminationPromise;
    private readonly ILoggingAdapter _log;
    private readonly IActorRefProvider _provider;
    private readonly ActorPath _path;
    private readonly Switch _stopped = new();

    public RootGuardianSupervisor(RootActorPath root, IActorRefProvider provider, TaskCompletionSource<Status> terminationPromise, ILoggingAdapter log)
    {
        _log = log;
        _terminationPromise = terminationPromise;
        _provider = provider;
        _path = root;
    }

    public Exception CauseOfTermination { get; private set; }

    public override ActorPath Path => _path;

    public override IActorRefProvider Provider => _provider;

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (_stopped.IsOff && message is not null)
            _log.Log(LogLevel.ErrorLevel, null, $"The root's parent was sent [{message}]");
    }

    public override void SendSystemMessage(ISystemMessage systemMessage)
    {
        switch (systemMessage)
        {
            case Failed failed:
                CauseOfTermination = failed.Cause;
                _log.Log(LogLevel.ErrorLevel, failed.Cause, $"{failed.Child} failed: the system ends");
                ((IInternalActorRef)failed.Child).Stop();
                break;
            case DeathWatchNotification:
                Stop();
                break;
        }
    }

    public override void Stop() => _stopped.SwitchOn(() =>
        _terminationPromise.TrySetResult(CauseOfTermination is { } cause ? new Status.Failure(cause) : Status.Success.Instance));
}
