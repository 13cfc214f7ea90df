using Akka.Actor;
using Akka.Event;
using RaftActors.Dispatch;

namespace RaftActors.Runtime;

/// <summary>
/// The only caller of a stream's user code, in order, one call at a time, on its own dispatcher. An exception from the state machine puts it into an error state: from
/// then on nothing is applied and whoever waits is told so, but the node goes on voting and keeping the log.
/// </summary>
internal sealed partial class FsmCallerActor : UntypedActor
{
    private readonly StreamDefinition _definition;
    private readonly bool _publishCommits;
    private readonly ICoreWatcher? _watcher;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<RunReads> _held = [];
    private IStateMachine? _machine;
    private Exception? _failure;
    private LogIndex _applied;
    private RoleNotice _role = new(Role.Follower, Term.Zero, NodeId.None, string.Empty);
    private Term? _leading;
    private (NodeId Leader, Term Term)? _following;
    private LogIndex? _rolledBackTo;
    private bool _shutDown;

    public FsmCallerActor(StreamDefinition definition, bool publishCommits, ICoreWatcher? watcher = null)
    {
        _watcher = watcher;
        _definition = definition;
        _publishCommits = publishCommits;
    }

    public static Props Props(StreamDefinition definition, bool publishCommits, string dispatcher, ICoreWatcher? watcher = null) =>
        Akka.Actor.Props.Create(() => new FsmCallerActor(definition, publishCommits, watcher)).WithDispatcher(dispatcher);

    protected override void PreStart()
    {
        try
        {
            _machine = _definition.StateMachine() ?? throw new InvalidOperationException("StreamDefinition.StateMachine returned null.");
            Context.Parent.Tell(StateMachineReady.Instance);
        }
        catch (Exception e)
        {
            Fail("the state machine could not be made", e);
        }
    }

    protected override void PostStop() => Shutdown("the stream stops", null);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ApplyRuns apply:
                Apply(apply.Runs);
                break;
            case RunReads reads:
                if (_applied >= reads.Index || _failure is not null)
                {
                    Run(reads.Reads);
                }
                else
                {
                    _held.Add(reads);
                }

                break;
            case CompleteStatus status:
                Complete(status.Request);
                break;
            case CaptureSnapshot capture:
                Capture(capture);
                break;
            case RestoreSnapshot restore:
                RunTask(() => RestoreAsync(restore));
                break;
            case RoleNotice notice:
                Notice(notice);
                break;
            case UserMessageReceived received:
                CallObserver(o => o.OnMessage(received.From, received.Data));
                received.Room.Release(received.Data.Length);
                Context.System.EventStream.Publish(new StreamMessageReceived(_definition.Id, _definition.NodeId, received.From, received.Data));
                break;
            case TellObserver tell:
                CallObserver(tell.Call);
                break;
            case ShutdownStateMachine shutdown:
                Shutdown(shutdown.Reason, shutdown.Failure);
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Apply(IReadOnlyList<ApplyRun> runs)
    {
        LogIndex before = _applied;
        for (int i = 0; i < runs.Count; i++)
        {
            ApplyRun run = runs[i];
            if (_failure is null)
            {
                Apply(run);
            }

            if (_failure is not null)
            {
                run.Abandon("the entry is committed, but the state machine failed and its result is unknown", _rolledBackTo);
            }
        }

        if (_applied == before)
        {
            return;
        }

        if (_sessionsChanged)
        {
            TellSessions();
        }

        // Nothing is left to apply but what the node answers to this.
        ThreadLoan.Offer();
        Context.Parent.Tell(new AppliedReport(_applied));
        ThreadLoan.Withdraw();
        if (_publishCommits)
        {
            Context.System.EventStream.Publish(new StreamEntriesCommitted(_definition.Id, _definition.NodeId, before.Next, _applied));
        }

        RunHeld();
    }

    private void Apply(ApplyRun run)
    {
        (int users, bool protocol, bool sessions) = Count(run);
        if (!TryPassSessions(run, sessions, out SessionPass? pass))
        {
            return;
        }

        CommittedEntries? entries = EntriesOf(run, users, pass);
        try
        {
            if (entries is not null)
            {
                _machine!.Apply(entries);
                entries.IsOver = true;
                if (entries.RolledBackFrom is not null)
                {
                    RollBack(run, entries, pass);
                    return;
                }
            }

            if (protocol && _role is { Role: Role.Leader, TakesCare: false } && run.Batch.Term == _role.Term && _leading is null)
            {
                _leading = _role.Term;
                _machine!.OnLeaderStart(_role.Term);
            }

            TellMembership(run);
        }
        catch (Exception) when (entries?.RolledBackFrom is not null)
        {
            // It has said what does not count, and then thrown.
            RollBack(run, entries, pass);
            return;
        }
        catch (Exception e)
        {
            Fail($"applying the entries {run.From} to {run.To} failed", e);
            return;
        }

        Applied(run, entries, pass);
    }

    private void Applied(ApplyRun run, CommittedEntries? entries, SessionPass? pass)
    {
        _applied = run.To;
        CompleteSessions(pass, run);
        if (entries is not null)
        {
            Observe(entries, run);
            entries.IsAnswered = true;
        }

        if (run.Waiters is { } waiters)
        {
            for (LogIndex index = run.From; index <= run.To; index = index.Next)
            {
                waiters[index - run.Batch.FirstIndex].Commit(index, run.Batch.Term);
            }
        }
    }

    private void TellMembership(ApplyRun run)
    {
        if (!run.Batch.IsMembership || !MembershipCodec.TryDecode(run.Batch[run.From].Data.Span, out StreamMembership? membership))
        {
            return;
        }

        _machine!.OnMembershipCommitted(membership, run.From);
        CallObserver(o => o.OnMembershipCommitted(membership, run.From));
        Context.System.EventStream.Publish(new StreamMembershipCommitted(_definition.Id, _definition.NodeId, membership, run.From));
    }

    private static (int Users, bool Protocol, bool Sessions) Count(ApplyRun run)
    {
        int users = 0;
        bool protocol = false;
        bool sessions = false;
        foreach (LogEntry entry in run.Batch)
        {
            if (entry.Id.Index >= run.From && entry.Id.Index <= run.To)
            {
                users += entry.Kind == EntryKind.Normal ? 1 : 0;
                protocol |= entry.Kind == EntryKind.NoOp;
                sessions |= SessionPass.Concerns(entry);
            }
        }

        return (users, protocol, sessions);
    }

    private void Observe(CommittedEntries entries, ApplyRun run)
    {
        if (_definition.Observer is not { } observer)
        {
            return;
        }

        bool own = _role.Role == Role.Leader && run.Batch.Term == _role.Term;
        foreach (CommittedEntry entry in entries)
        {
            try
            {
                if (own)
                {
                    observer.OnLeaderWriteCompleted(entry);
                }
                else
                {
                    observer.OnFollowerCommitted(entry);
                }
            }
            catch (Exception e)
            {
                LogLines.ObserverFailed(_log, e, _definition.Id, _definition.NodeId);
            }
        }
    }

    private void RunHeld()
    {
        for (int i = 0; i < _held.Count;)
        {
            if (_applied >= _held[i].Index || _failure is not null)
            {
                Run(_held[i].Reads);
                _held.RemoveAt(i);
            }
            else
            {
                i++;
            }
        }
    }

    private void Run(IReadOnlyList<PendingRead> reads)
    {
        foreach (PendingRead read in reads)
        {
            if (read.IsAnswered)
            {
                continue;
            }

            if (_failure is not null || _machine is null)
            {
                read.Abandon("the state machine has failed", RefusalCode.StateMachineFailed);
                continue;
            }

            try
            {
                read.Answer(new ReadCompleted(read.IsBarrier ? default : _machine.Query(read.Request), _applied));
            }
            catch (Exception e)
            {
                // A query changes nothing, so its failure concerns only whoever asked.
                read.Answer(new ReadFailed($"the query failed: {e.Message}", _role.Leader, CanRetry: false));
            }
        }
    }

    private void Complete(PendingStatus request)
    {
        ulong hash = 0;
        if (_failure is null && _machine is not null)
        {
            try
            {
                hash = _machine.StateHash();
            }
            catch (Exception e)
            {
                Fail("the state hash failed", e);
            }
        }

        if (request.SoFar is { } status)
        {
            request.Answer(status with { AppliedIndex = _applied, StateHash = hash, Sessions = _sessions.Count });
        }
    }

    private void Notice(RoleNotice notice)
    {
        RoleNotice before = _role;
        _role = notice;
        CallMachine(() =>
        {
            if (_leading is { } led && (notice.Role != Role.Leader || notice.Term != led))
            {
                _leading = null;
                _machine!.OnLeaderStop(led, notice.Reason);
            }

            (NodeId, Term)? follows = notice.Role == Role.Follower && !notice.Leader.IsNone && notice.Leader != _definition.NodeId
                ? (notice.Leader, notice.Term)
                : null;
            if (_following is { } old && old != follows)
            {
                _following = null;
                _machine!.OnStopFollowing(old.Leader, old.Term, notice.Reason);
            }

            if (follows is { } next && _following is null)
            {
                _following = next;
                _machine!.OnStartFollowing(next.Item1, next.Item2);
            }
        });

        if (before.Role != notice.Role)
        {
            CallObserver(o => o.OnRoleChanged(before.Role, notice.Role, notice.Term));
        }

        if (before.Leader != notice.Leader)
        {
            CallObserver(o => o.OnLeaderChanged(notice.Leader, notice.Term));
        }
    }

    private void Shutdown(string reason, Exception? failure)
    {
        if (_shutDown)
        {
            return;
        }

        _shutDown = true;
        _ending.Cancel();
        if (failure is not null)
        {
            CallObserver(o => o.OnException(failure));
        }

        EndOffices(reason);
        try
        {
            _machine?.OnShutdown();
        }
        catch (Exception e)
        {
            LogLines.ShutdownFailed(_log, e, _definition.Id, _definition.NodeId);
        }

        foreach (RunReads held in _held)
        {
            foreach (PendingRead read in held.Reads)
            {
                read.Abandon("the stream has stopped", RefusalCode.Stopping);
            }
        }
    }

    /// <summary>What was told to begin is told to end, whatever became of the state machine meanwhile.</summary>
    private void EndOffices(string reason)
    {
        if (_leading is { } led)
        {
            _leading = null;
            LastCall(machine => machine.OnLeaderStop(led, reason));
        }

        if (_following is { } old)
        {
            _following = null;
            LastCall(machine => machine.OnStopFollowing(old.Leader, old.Term, reason));
        }
    }

    private void LastCall(Action<IStateMachine> call)
    {
        if (_machine is not { } machine)
        {
            return;
        }

        try
        {
            call(machine);
        }
        catch (Exception e)
        {
            LogLines.ErrorCallbackFailed(_log, e, _definition.Id, _definition.NodeId);
        }
    }

    private void CallMachine(Action call)
    {
        if (_failure is not null || _machine is null)
        {
            return;
        }

        try
        {
            call();
        }
        catch (Exception e)
        {
            Fail("a callback of the state machine failed", e);
        }
    }

    private void CallObserver(Action<IStreamObserver> call)
    {
        if (_definition.Observer is not { } observer)
        {
            return;
        }

        try
        {
            call(observer);
        }
        catch (Exception e)
        {
            LogLines.ObserverFailed(_log, e, _definition.Id, _definition.NodeId);
        }
    }

    private void Fail(string reason, Exception cause)
    {
        if (_failure is not null)
        {
            return;
        }

        _failure = cause;
        string why = $"{reason}: {cause.Message}";
        LastCall(machine => machine.OnError(cause));
        EndOffices(why);
        CallObserver(o => o.OnException(cause));
        RunHeld();
        Context.Parent.Tell(new ApplyFailed(why, cause, _applied, _rolledBackTo is not null));
    }
}
