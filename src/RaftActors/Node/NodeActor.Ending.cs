using Akka.Actor;

namespace RaftActors.Runtime;

// How a node ends: drained as asked, or at once because going on could break a promise.
internal sealed partial class NodeActor
{
    // With stop-timeout it must fit into the 5 seconds that Akka's coordinated shutdown gives to a phase.
    private static readonly TimeSpan LastCalls = TimeSpan.FromSeconds(1);

    private TimeSpan _stopBy;
    private bool _isHandingOver;

    private void OnStop()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        _stopBy = Now + _link.Settings.StopTimeout;
        if (_running)
        {
            // What came before the stop still counts; what would have to wait for a leader does not.
            Flush();
        }

        while (_parked.TryDequeue(out PendingProposal? parked))
        {
            parked.Abandon("the stream is being stopped", RefusalCode.Stopping);
        }

        EndWhenDrained();
    }

    private void EndWhenDrained()
    {
        if (!_stopping || _ending)
        {
            return;
        }

        _open.ForgetAnswered();
        if (_running && (!_open.IsEmpty || _buffer.Count > 0) && Now < _stopBy)
        {
            EnsureSweep();
            return;
        }

        if (_running && _core.Role == Role.Leader)
        {
            // A handover takes a round trip, an election without one several; but a stop does not wait for members that do not answer.
            if (!_isHandingOver)
            {
                _isHandingOver = true;
                Step(new RaftInput.TransferLeadership(0, NodeId.None, _link.Settings.ElectionTimeoutMin));
            }

            if (_core.Role == Role.Leader && !_core.TransferTarget.IsNone && Now < _stopBy)
            {
                EnsureSweep();
                return;
            }

            // Nobody is left to whom the timers and transfers of what comes next would matter; told to actors that are being stopped, they would show as dead letters.
            EndTimersAndTransfers();
            Step(new RaftInput.StepDown());
        }

        Context.Parent.Tell(NodeDrained.Instance);
        End("the stream has been stopped", RefusalCode.Stopping, null);
    }

    /// <summary>Nothing more is acknowledged, sent or written from here on.</summary>
    private void Fail(string reason, Exception? cause)
    {
        Context.Parent.Tell(new NodeFailed(reason, cause));
        End($"the stream has failed here: {reason}", RefusalCode.StreamFailed, cause ?? new RaftActorsException(reason));
    }

    private void End(string reason, RefusalCode code, Exception? cause)
    {
        _ending = true;
        _running = false;
        _inputs.Clear();
        _link.Close(Self, reason, code);
        AbandonOpen(reason, code);
        Timers.Cancel(SweepKey);
        EndTimersAndTransfers();
        foreach (IActorRef child in _channels.Values.Append(_journal))
        {
            Context.Stop(child);
        }

        if (_fsmEnded)
        {
            Context.Stop(Self);
            return;
        }

        // The state machine gets its last calls in order, before it is stopped with everything else.
        _fsm.Tell(new ShutdownStateMachine(reason, cause));
        Timers.StartSingleTimer(EndKey, EndTimedOut.Instance, LastCalls);
    }

    private void EndTimersAndTransfers()
    {
        if (_election.IsNobody())
        {
            return;
        }

        Context.Stop(_election);
        Context.Stop(_snapshots);
        _election = ActorRefs.Nobody;
        _snapshots = ActorRefs.Nobody;
    }

    private void OnEnding(object message)
    {
        switch (message)
        {
            case ClientRequest request:
                request.AbandonUnserved();
                break;
            case EndTimedOut:
                Context.Stop(Self);
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_fsm):
                Context.Stop(Self);
                break;
        }
    }
}
