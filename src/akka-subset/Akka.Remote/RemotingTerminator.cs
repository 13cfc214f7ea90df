using Akka.Actor;
using Akka.Dispatch.SysMsg;

namespace Akka.Remote;

/// <summary>Keeps the system guardian waiting until what was told has left and the sockets are closed.</summary>
internal sealed class RemotingTerminator : UntypedActor
{
    private readonly RemoteTransport _transport;
    private readonly IActorRef _systemGuardian;

    public RemotingTerminator(RemoteTransport transport, IActorRef systemGuardian)
    {
        _transport = transport;
        _systemGuardian = systemGuardian;
    }

    protected override void PreStart() => _systemGuardian.Tell(RegisterTerminationHook.Instance, Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case TerminationHook:
                _transport.Shutdown().PipeTo(Self, success: () => ShutDown.Instance, failure: _ => ShutDown.Instance);
                break;
            case ShutDown:
                _systemGuardian.Tell(TerminationHookDone.Instance, Self);
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private sealed class ShutDown
    {
        public static readonly ShutDown Instance = new();
    }
}
