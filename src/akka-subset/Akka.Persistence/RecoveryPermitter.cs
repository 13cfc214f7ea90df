using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

internal sealed class RequestRecoveryPermit : INoSerializationVerificationNeeded
{
    public static readonly RequestRecoveryPermit Instance = new();

    private RequestRecoveryPermit()
    {
    }
}

internal sealed class RecoveryPermitGranted : INoSerializationVerificationNeeded
{
    public static readonly RecoveryPermitGranted Instance = new();

    private RecoveryPermitGranted()
    {
    }
}

internal sealed class ReturnRecoveryPermit : INoSerializationVerificationNeeded
{
    public static readonly ReturnRecoveryPermit Instance = new();

    private ReturnRecoveryPermit()
    {
    }
}

/// <summary>
/// Lets only so many persistent actors recover at once, so that a start with thousands of them does not
/// drown the journal.
/// </summary>
internal sealed class RecoveryPermitter : UntypedActor
{
    private readonly int _maxPermits;
    private readonly HashSet<IActorRef> _holders = [];
    private readonly LinkedList<IActorRef> _waiting = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private int _mostWaiting;

    public RecoveryPermitter(int maxPermits) => _maxPermits = maxPermits;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RequestRecoveryPermit:
                Context.Watch(Sender);
                if (_holders.Count < _maxPermits)
                {
                    Grant(Sender);
                }
                else
                {
                    _waiting.AddLast(Sender);
                    _mostWaiting = Math.Max(_mostWaiting, _waiting.Count);
                }

                break;

            case ReturnRecoveryPermit:
                Release(Sender);
                break;

            case Terminated terminated:
                while (_waiting.Remove(terminated.ActorRef))
                {
                }

                if (_holders.Contains(terminated.ActorRef))
                    Release(terminated.ActorRef);
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    private void Grant(IActorRef actor)
    {
        _holders.Add(actor);
        actor.Tell(RecoveryPermitGranted.Instance);
    }

    private void Release(IActorRef actor)
    {
        // A restarted actor may ask again while its old incarnation's permit is still out: one permit per actor.
        if (!_holders.Remove(actor))
            return;
        if (!_waiting.Contains(actor))
            Context.Unwatch(actor);

        if (_waiting.First is { } next)
        {
            _waiting.RemoveFirst();
            Grant(next.Value);
        }

        if (_waiting.Count == 0 && _mostWaiting > 0)
        {
            _log.Debug("All {0} recoveries that waited for one of {1} permits have started.", _mostWaiting, _maxPermits);
            _mostWaiting = 0;
        }
    }
}
