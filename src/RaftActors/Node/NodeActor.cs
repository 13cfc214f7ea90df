using System.Collections.Frozen;
using Akka.Actor;
using Akka.Event;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

/// <summary>
/// Owns the protocol core of this member. Everything that happens becomes an input of the core, and this is the one place where the core's effects become messages to the
/// actors below. Never blocks, never asks, never awaits.
/// </summary>
/// <remarks>
/// A crash of this actor ends it: what it knew is rebuilt from the journal by a new one, and whoever waited is told that the outcome is unknown. Its children die with it, so
/// nothing of an earlier run can reach a later one.
/// </remarks>
internal sealed partial class NodeActor : UntypedActor, IWithTimers
{
    private static readonly object SweepKey = new();
    private static readonly object EndKey = new();

    private readonly StreamLink _link;
    private readonly NodeEnvironment _environment;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Queue<RaftInput> _inputs = new();
    private readonly HashSet<NodeId> _unreachable = [];

    private RaftCore _core = null!;
    private IActorRef _journal = ActorRefs.Nobody;
    private IActorRef _election = ActorRefs.Nobody;
    private IActorRef _fsm = ActorRefs.Nobody;
    private FrozenDictionary<NodeId, IActorRef> _channels = FrozenDictionary<NodeId, IActorRef>.Empty;
    private bool _stateMachineReady;
    private bool _journalRead;
    private bool _running;
    private bool _stepping;
    private bool _ending;
    private bool _fsmEnded;

    public NodeActor(StreamLink link, NodeEnvironment environment)
    {
        _link = link;
        _environment = environment;
        _recovered = NothingRecovered();
        _token = environment.Randomness.Next();
        _timeOutWhenDue = TimeOutWhenDue;
        _sweepEvery = TimeSpan.FromMilliseconds(Math.Clamp(link.Settings.ClientTimeout.TotalMilliseconds / 50, 10, 100));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _environment.Clock.Now;

    private NodeId Me => _link.Self;

    public static Props Props(StreamLink link, NodeEnvironment environment) =>
        Akka.Actor.Props.Create(() => new NodeActor(link, environment))
            .WithDispatcher(NodeEnvironment.Consensus)
            .WithMailbox(NodeEnvironment.TwoLanes);

    protected override SupervisorStrategy SupervisorStrategy() => new NodeSupervision();

    protected override void PreStart()
    {
        foreach (Member peer in _link.Definition.Members)
        {
            _link.Peer(peer.Id).RenewIncoming();
        }

        StreamDefinition definition = _link.Definition;
        _fsm = Context.Watch(Context.ActorOf(
            FsmCallerActor.Props(definition, _environment.Settings.PublishCommits, _link.Settings.StateMachineDispatcher, _environment.Watcher), NodeSupervision.StateMachine));
        _journal = Context.Watch(Context.ActorOf(LogActor.Props(_link.Id, Me, _environment, _link.Settings), NodeSupervision.Journal));
        foreach (Member peer in definition.Members.Where(m => m.Id != Me))
        {
            Open(peer, isMember: true);
        }

        _channels = _peers.ToFrozenDictionary(p => p.Key, p => p.Value.Actor);
        MakeSnapshotActor();
        _election = Context.Watch(Context.ActorOf(ElectionActor.Props(_link.Settings, _environment.Clock, _channels), "election"));
    }

    protected override void PostStop()
    {
        (string reason, RefusalCode code) = StreamLink.Closed;
        _link.Close(Self, reason, code);
        AbandonOpen(reason, code);
    }

    protected override void OnReceive(object message)
    {
        if (_ending)
        {
            OnEnding(message);
            return;
        }

        switch (message)
        {
            case ClientRequest request when _running:
                Take(request);
                break;
            case FlushRequests when _running:
                Flush();
                break;
            case CommitsTellable when _running:
                TellCommits();
                break;
            case RaftInput.Received received when _running:
                OnReceived(received);
                break;
            case RaftInput input when _running:
                OnInput(input);
                break;
            case AppliedReport applied when _running:
                OnApplied(applied.Index);
                break;
            case SessionsReport sessions:
                OnSessions(sessions);
                break;
            case ClockDue when _running:
                TellTime();
                break;
            case JournalRead read when _running:
                OnJournalRead(read);
                break;
            case JournalReadFailed failed when _running:
                OnJournalReadFailed(failed);
                break;
            case ForwardedAnswers answers when _running:
                OnForwardedAnswers(answers);
                break;
            case UserMessageReceived userMessage:
                OnUserMessage(userMessage);
                break;
            case StrangerFrame stranger when _running:
                OnStranger(stranger);
                break;
            case RetireChannel retire when _running:
                OnRetire(retire.Peer);
                break;
            case SweepRequests when _running:
                Sweep();
                break;
            case ISnapshotReport report:
                OnSnapshotReport(report);
                break;
            case PeerReachability reachability:
                OnReachability(reachability);
                break;
            case ElectionRestarted:
                TellElectionAgain();
                break;
            case ApplyFailed failed:
                OnApplyFailed(failed);
                break;
            case JournalFailed failed:
                Fail(failed.Reason, failed.Cause);
                break;
            case StopNode:
                OnStop();
                break;
            case Terminated terminated:
                OnChildEnded(terminated.ActorRef);
                break;
            default:
                OnStarting(message);
                break;
        }
    }

    private void OnStarting(object message)
    {
        switch (message)
        {
            case RecoveredEvents events:
                foreach (RaftEvent fact in events.Events)
                {
                    _recovered.Add(fact);
                }

                break;
            case RecoveryFinished:
                _journalRead = true;
                StartWhenReady();
                break;
            case StateMachineReady:
                _stateMachineReady = true;
                StartWhenReady();
                break;
            case ClientRequest request:
                request.Abandon("the stream's node is starting", RefusalCode.Stopping);
                break;
            case RaftInput or JournalRead or JournalReadFailed or FlushRequests or CommitsTellable or SweepRequests or AppliedReport or ForwardedAnswers or StrangerFrame or RetireChannel:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void StartWhenReady()
    {
        if (!_journalRead || !_stateMachineReady || MustRestoreFirst())
        {
            return;
        }

        RaftOptions options = _link.Settings.ToOptions(Me, _link.Definition.Join ? StreamMembership.Empty : _link.Definition.InitialMembership, _environment.Randomness.Next()) with { Incarnation = _environment.Randomness.Next() | 1, BatchRoom = PeerBody.RoomOfAppend };
        options = _link.Tuning.ApplyTo(options);
        try
        {
            _core = new RaftCore(options, _recovered.Events, _restoredTo);
        }
        catch (MemberFencedException e)
        {
            Fail(e.Message, e);
            return;
        }
        catch (InvalidOperationException e)
        {
            Fail($"the journal of '{LogActor.PersistenceIdOf(_link.Id, Me)}' contradicts itself: {e.Message}", e);
            return;
        }

        LogLines.Recovered(_log, _link.Id, Me, _recovered.Count, _core);
        _recovered = NothingRecovered();
        _running = true;
        _link.Identity = _link.Identity with { Incarnation = _core.Incarnation };
        AdoptGeneration();
        AdoptMembership();
        _environment.Watcher?.OnStarted(_core);
        Step(new RaftInput.Start());
        _link.Open(Self, _channels);
        Context.Parent.Tell(NodeStarted.Instance);
    }

    private void OnReceived(RaftInput.Received received)
    {
        if (received.Message is TimeoutNow && _stateMachineFailure is not null)
        {
            // It could only give the office up again; and two members like that would do nothing else.
            return;
        }

        if (received.Message is RequestVoteReply reply)
        {
            _election.Tell(new VoteAnswered(received.From, reply.RequestTerm, reply.PreVote));
        }

        Step(received);
    }

    private void OnInput(RaftInput input)
    {
        if (input is RaftInput.Durable durable)
        {
            OnDurable(durable.Mark);
            Step(input);
            FinishWhenOnDisk();
            return;
        }

        if (input is RaftInput.TimerElapsed elapsed && _armed.TryGetValue(elapsed.Timer, out (long Generation, TimeSpan Deadline) armed) && armed.Generation == elapsed.Generation)
        {
            _timerLag.Note(Now, armed.Deadline);
        }

        Step(input);
    }

    /// <summary>The only way to change the core. Effects may lead to further inputs; those wait until the effects of this one are done.</summary>
    private void Step(RaftInput input)
    {
        _inputs.Enqueue(input);
        if (_stepping)
        {
            return;
        }

        _stepping = true;
        while (_inputs.TryDequeue(out RaftInput? next))
        {
            _environment.Watcher?.OnInput(_core, next);
            IReadOnlyList<Effect> effects = _core.Step(Now, next);
            for (int i = 0; i < effects.Count; i++)
            {
                _environment.Watcher?.OnEffect(_core, effects[i]);
                Run(effects[i]);
            }

            _environment.Watcher?.OnStepped(_core);
        }

        _stepping = false;
    }

    private void OnUserMessage(UserMessageReceived message)
    {
        if (_running && !_fsmEnded)
        {
            _fsm.Tell(message);
        }
        else
        {
            message.Room.Release(message.Data.Length);
            _environment.Traffic.DroppedUserMessage();
        }
    }

    private void OnReachability(PeerReachability reachability)
    {
        if (reachability.Reachable)
        {
            _unreachable.Remove(reachability.Peer);
            return;
        }

        _unreachable.Add(reachability.Peer);
        if (_running)
        {
            HurryForwarded(reachability.Peer);
            Step(new RaftInput.PeerUnreachable(reachability.Peer));
        }
    }

    private void OnChildEnded(IActorRef child)
    {
        if (child.Equals(_journal))
        {
            Fail("the actor of the journal ended unexpectedly", null);
        }
        else if (child.Equals(_fsm))
        {
            _fsmEnded = true;

            // What was in its mailbox is gone, and with it the word that its room is free.
            foreach (NodeId peer in _channels.Keys)
            {
                _link.Peer(peer).RenewIncoming();
            }

            RaftActorsException cause = new("The state machine's actor ended unexpectedly.");
            AbandonWhatNeedsState(cause.Message);
            OnApplyFailed(new ApplyFailed(cause.Message, cause, _applied));
        }
        else
        {
            // It was restarted too often: let the stream begin anew, with a growing wait.
            throw new RaftActorsException($"{child.Path.Name} of stream {_link.Id} was restarted too often.");
        }
    }
}
