using Akka.Actor;
using Akka.Event;

namespace RaftActors.Runtime;

/// <summary>
/// Supervises one stream: makes its node, makes it anew after a crash, with growing waits, and leaves it alone for good when going on could break a promise. Answers
/// clients while there is no node. A full disk is no reason to give up: the stream has failed as long as it is full, and begins anew from what the journal holds.
/// </summary>
internal sealed partial class StreamActor : UntypedActor, IWithTimers
{
    private static readonly object RestartKey = new();

    private readonly StreamLink _link;
    private readonly NodeEnvironment _environment;
    private readonly Dictionary<(IActorRef Sender, ulong Id), ActorProposal> _cancellable = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private StreamHealth _health = StreamHealth.Starting;
    private string? _failure;
    private IActorRef? _node;
    private TimeSpan _wait;
    private TimeSpan _startedAt;
    private Exception? _crash;
    private bool _hasRun;
    private bool _waitsForSpace;
    private bool _stopping;

    public StreamActor(StreamLink link, NodeEnvironment environment)
    {
        _link = link;
        _environment = environment;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _environment.Clock.Now;

    public static Props Props(StreamLink link, NodeEnvironment environment) =>
        Akka.Actor.Props.Create(() => new StreamActor(link, environment))
            .WithDispatcher(NodeEnvironment.Consensus)
            .WithMailbox(NodeEnvironment.TwoLanes);

    // Never resumed, never restarted in place: a new node must begin with a new core, and its clients must know.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(cause =>
    {
        _crash = cause;
        return Directive.Stop;
    });

    protected override void PreStart() => MakeNode();

    protected override void PostStop() =>
        _link.End(_failure ?? "the stream has stopped", _failure is null ? RefusalCode.Stopping : RefusalCode.StreamFailed);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Propose propose:
                Take(propose);
                break;
            case Query query:
                _link.Submit(new ActorRead(query, Sender, Self) { Deadline = Now + (query.Timeout ?? _link.Settings.ClientTimeout) });
                break;
            case PendingSession session:
                Open(session);
                break;
            case SessionRequest session:
                Take(session);
                break;
            case CancelProposal cancel:
                if (_cancellable.TryGetValue((Sender, cancel.CancellationId), out ActorProposal? open))
                {
                    open.Cancel();
                }

                break;
            case ProposalDone { Proposal: var done }:
                if (_cancellable.TryGetValue((done.ReplyTo, done.CancellationId), out ActorProposal? kept) && ReferenceEquals(kept, done))
                {
                    _cancellable.Remove((done.ReplyTo, done.CancellationId));
                }

                break;
            case ClientRequest request:
                Answer(request);
                break;
            case NodeStarted:
                _health = StreamHealth.Healthy;
                _hasRun = true;
                _failure = null;
                _startedAt = Now;
                Context.Parent.Tell(new StreamUp(_link.Id, null));
                Context.System.EventStream.Publish(new StreamStarted(_link.Id, _link.Self));
                break;
            case NodeFailed failed:
                Fail(failed.Reason, failed.Cause);
                break;
            case StateMachineFailed failed:
                Context.System.EventStream.Publish(new StreamFailed(_link.Id, _link.Self, failed.Reason, failed.Cause));
                break;
            case NodeDrained:
                _stopping = true;
                break;
            case StopStream:
                Stop();
                break;
            case RestartNode:
                MakeNode();
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_node):
                NodeEnded();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void MakeNode()
    {
        _startedAt = Now;
        _node = Context.Watch(Context.ActorOf(NodeActor.Props(_link, _environment), "node"));
    }

    private void Take(Propose propose)
    {
        if (ProposalCheck.Refusal(propose.Data.Length, propose.ExpectedTerm, propose.Timeout, _link.Settings, propose.Session) is { } refusal)
        {
            Sender.Tell(refusal);
            return;
        }

        ActorProposal proposal = new(propose, Sender, Self) { Session = propose.Session, Deadline = Now + (propose.Timeout ?? _link.Settings.ClientTimeout) };
        if (propose.CancellationId != 0)
        {
            _cancellable[(Sender, propose.CancellationId)] = proposal;
        }

        _link.Submit(proposal);
    }

    private void Answer(ClientRequest request)
    {
        switch (request)
        {
            case PendingStatus status:
                status.Answer(_health, _failure);
                break;
            case PendingReadOnlyMode mode:
                if (mode.IsChange)
                {
                    LogLines.ReadOnlyMode(_log, _link.Id, _link.Self, mode.IsReadOnly);
                }

                mode.Done();
                break;
            case PendingTuning tuning:
                tuning.Done();
                break;
            case PendingProposal proposal when _failure is null && !_stopping:
                proposal.Answer(new NotLeader(NodeId.None, null));
                break;
            default:
                request.Abandon(
                    _failure is null ? "the stream's node is not running" : $"the stream has failed here: {_failure}",
                    _failure is null ? RefusalCode.Stopping : RefusalCode.StreamFailed);
                break;
        }
    }

    private void Fail(string reason, Exception? cause)
    {
        _health = StreamHealth.Failed;
        _failure = reason;
        _waitsForSpace = _hasRun && DiskSpace.IsMissing(cause);
        LogLines.NodeFailed(_log, cause, _link.Id, _link.Self, reason);
        Context.Parent.Tell(new StreamUp(_link.Id, new StreamStartException(_link.Id, reason, cause)));
        Context.System.EventStream.Publish(new StreamFailed(_link.Id, _link.Self, reason, cause));
    }

    private void Stop()
    {
        _stopping = true;
        Timers.Cancel(RestartKey);
        if (_node is null)
        {
            End();
        }
        else
        {
            _node.Tell(StopNode.Instance);
        }
    }

    private void NodeEnded()
    {
        // Usually the node has done so itself; when it could not even be made, nobody else will.
        _link.Close(_node!, "the node has ended", RefusalCode.Stopping);
        _node = null;
        if (_stopping)
        {
            End();
            return;
        }

        if (_failure is not null && !_waitsForSpace)
        {
            return;
        }

        if (!_hasRun)
        {
            Fail($"the node crashed while it started: {_crash?.Message ?? "it was stopped"}", _crash);
            return;
        }

        // Having run for long enough forgives earlier crashes.
        bool first = _wait == TimeSpan.Zero || Now - _startedAt > _link.Settings.RestartBackoffMax * 2;
        _wait = first ? _link.Settings.RestartBackoffMin : TimeSpan.FromTicks(Math.Min(_wait.Ticks * 2, _link.Settings.RestartBackoffMax.Ticks));
        if (_failure is null)
        {
            _health = StreamHealth.Starting;
            LogLines.NodeCrashed(_log, _link.Id, _link.Self, _wait);
        }

        Timers.StartSingleTimer(RestartKey, RestartNode.Instance, _wait);
    }

    private void End()
    {
        LogLines.Stopped(_log, _link.Id, _link.Self);
        Context.System.EventStream.Publish(new StreamStopped(_link.Id, _link.Self));
        Context.Stop(Self);
    }
}
