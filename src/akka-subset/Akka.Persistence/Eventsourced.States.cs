using Akka.Actor;

namespace Akka.Persistence;

public abstract partial class Eventsourced
{
    private State _state;
    private Receive _receiveRecover;
    private bool _replaying;
    private bool _eventSeen;
    private bool _unstashedInMailbox;
    private TimeSpan _recoveryTimeout;
    private ICancelable _recoveryTimer;

    private enum State
    {
        /// <summary>Too many recoveries may be running: commands wait.</summary>
        WaitingForPermit,

        /// <summary>The snapshot store is asked: commands wait.</summary>
        WaitingForSnapshot,

        /// <summary>The journal replays: commands wait.</summary>
        Replaying,

        /// <summary>Commands are processed as they come.</summary>
        Processing,

        /// <summary>At least one event is on its way that commands have to wait for.</summary>
        Persisting,
    }

    protected override bool AroundReceive(Receive receive, object message)
    {
        switch (_state)
        {
            case State.Processing:
                if (!HandleJournalReply(message))
                    HandleCommand(receive, message);
                break;
            case State.Persisting:
                if (!HandleJournalReply(message))
                    StashInternally(message);
                break;
            case State.Replaying:
                HandleWhileReplaying(message);
                break;
            case State.WaitingForSnapshot:
                HandleWhileWaitingForSnapshot(message);
                break;
            default:
                if (message is RecoveryPermitGranted)
                    StartRecovery();
                else
                    StashDuringRecovery(message);
                break;
        }

        return true;
    }

    private void StartRecovery()
    {
        var recovery = Recovery;
        _recoveryTimeout = Extension.JournalConfigFor(JournalPluginId).GetTimeSpan("recovery-event-timeout", TimeSpan.FromSeconds(30), false);
        _state = State.WaitingForSnapshot;
        _recoveryTimer = Context.System.Scheduler.ScheduleTellOnceCancelable(_recoveryTimeout, Self, new RecoveryTick(snapshot: true), Self);
        LoadSnapshot(SnapshotterId, recovery.FromSnapshot, recovery.ToSequenceNr);
    }

    private void HandleWhileWaitingForSnapshot(object message)
    {
        switch (message)
        {
            case LoadSnapshotResult result:
                CancelRecoveryTimer();
                if (result.Snapshot is { } selected)
                {
                    LastSequenceNr = selected.Metadata.SequenceNr;
                    var offer = new SnapshotOffer(selected.Metadata, selected.Snapshot);
                    try
                    {
                        base.AroundReceive(ReceiveRecover, offer);
                    }
                    catch (Exception cause)
                    {
                        FailRecovery(cause, offer);
                        return;
                    }
                }

                StartReplay();
                break;

            case LoadSnapshotFailed failed:
                FailRecovery(failed.Cause);
                break;

            case RecoveryTick { Snapshot: true }:
                FailRecovery(new RecoveryTimedOutException(
                    $"No snapshot, and no answer that there is none, within {_recoveryTimeout.TotalSeconds} s for persistence id [{PersistenceId}]."));
                break;

            default:
                StashDuringRecovery(message);
                break;
        }
    }

    private void StartReplay()
    {
        var recovery = Recovery;
        _state = State.Replaying;
        _replaying = true;
        _eventSeen = false;
        _recoveryTimer = Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(
            _recoveryTimeout, _recoveryTimeout, Self, new RecoveryTick(snapshot: false), Self);
        Journal.Tell(new ReplayMessages(LastSequenceNr + 1, recovery.ToSequenceNr, recovery.ReplayMax, PersistenceId, Self), Self);
    }

    private void HandleWhileReplaying(object message)
    {
        switch (message)
        {
            case ReplayedMessage replayed:
                _eventSeen = true;
                LastSequenceNr = Math.Max(LastSequenceNr, replayed.Persistent.SequenceNr);
                try
                {
                    base.AroundReceive(_receiveRecover ??= ReceiveRecover, replayed.Persistent.Payload);
                }
                catch (Exception cause)
                {
                    FailRecovery(cause, replayed.Persistent.Payload);
                }

                break;

            case RecoverySuccess success:
                CancelRecoveryTimer();
                OnReplaySuccess();
                // A snapshot may be newer than anything the journal still holds.
                _sequenceNr = LastSequenceNr = Math.Max(success.HighestSequenceNr, LastSequenceNr);
                _replaying = false;
                try
                {
                    base.AroundReceive(ReceiveRecover, RecoveryCompleted.Instance);
                }
                finally
                {
                    BeginProcessing();
                    ReturnPermit();
                }

                break;

            case ReplayMessagesFailure failure:
                FailRecovery(failure.Cause);
                break;

            case RecoveryTick { Snapshot: false }:
                if (_eventSeen)
                {
                    _eventSeen = false;
                }
                else
                {
                    FailRecovery(new RecoveryTimedOutException(
                        $"No event for {_recoveryTimeout.TotalSeconds} s while persistence id [{PersistenceId}] was replayed; the last sequence number seen is [{LastSequenceNr}]."));
                }

                break;

            case RecoveryTick:
                break;

            default:
                StashDuringRecovery(message);
                break;
        }
    }

    private void FailRecovery(Exception cause, object message = null)
    {
        CancelRecoveryTimer();
        try
        {
            OnRecoveryFailure(cause, message);
        }
        finally
        {
            Context.Stop(Self);
            ReturnPermit();
        }
    }

    private void BeginProcessing()
    {
        _state = State.Processing;
        if (!_asyncTaskRunning)
            FlushBatch();
        if (_pendingStashing > 0)
            _state = State.Persisting;
        else
            UnstashInternally(all: true);
    }

    private void HandleCommand(Receive receive, object message)
    {
        _unstashedInMailbox = false;
        var failed = true;
        try
        {
            base.AroundReceive(receive, message);
            failed = false;
        }
        finally
        {
            CommandDone(failed);
        }
    }

    private void CommandDone(bool failed)
    {
        if (_asyncTaskRunning)
            return;
        FlushBatch();
        if (_pendingStashing > 0)
            _state = State.Persisting;
        else
            UnstashInternally(all: failed);
    }

    private bool HandleJournalReply(object message)
    {
        switch (message)
        {
            case WriteMessageSuccess success:
                if (success.ActorInstanceId == _instanceId)
                {
                    LastSequenceNr = Math.Max(LastSequenceNr, success.Persistent.SequenceNr);
                    RunHandler(success.Persistent.Payload);
                }

                return true;

            case LoopMessageSuccess loop:
                if (loop.ActorInstanceId == _instanceId)
                    RunHandler(loop.Message);
                return true;

            case WriteMessagesSuccessful:
                _writeInProgress = false;
                FlushJournalBatch();
                return true;

            case WriteMessageRejected rejected:
                if (rejected.ActorInstanceId == _instanceId)
                {
                    LastSequenceNr = Math.Max(LastSequenceNr, rejected.Persistent.SequenceNr);
                    HandlerDone(failed: false);
                    OnPersistRejected(rejected.Cause, rejected.Persistent.Payload, rejected.Persistent.SequenceNr);
                }

                return true;

            case WriteMessagesFailed failed:
                _writeInProgress = false;
                // With events in the batch, the first WriteMessageFailure stops the actor; with deferred messages
                // only, nothing failed that matters.
                if (failed.WriteCount == 0)
                    FlushJournalBatch();
                return true;

            case WriteMessageFailure failure:
                if (failure.ActorInstanceId == _instanceId)
                {
                    try
                    {
                        OnPersistFailure(failure.Cause, failure.Persistent.Payload, failure.Persistent.SequenceNr);
                    }
                    finally
                    {
                        Context.Stop(Self);
                    }
                }

                return true;

            case RecoveryTick:
            case RecoveryPermitGranted:
                return true;

            default:
                return false;
        }
    }

    private void RunHandler(object payload)
    {
        var failed = true;
        try
        {
            ApplyHandler(payload);
            failed = false;
        }
        finally
        {
            HandlerDone(failed);
        }
    }

    private void HandlerDone(bool failed)
    {
        if (_pendingHandlers.Dequeue().Stashing)
            _pendingStashing--;

        if (_pendingStashing > 0)
        {
            _state = State.Persisting;
            return;
        }

        _state = State.Processing;
        if (!_asyncTaskRunning)
            UnstashInternally(all: failed);
    }

    private void StashDuringRecovery(object message)
    {
        // Replies to writes of an earlier incarnation: nobody waits for them.
        if (message is WriteMessageSuccess or WriteMessageFailure or WriteMessageRejected or LoopMessageSuccess
            or WriteMessagesSuccessful or WriteMessagesFailed or RecoveryPermitGranted)
        {
            return;
        }

        StashInternally(message);
    }

    private void StashInternally(object message)
    {
        _unstashedInMailbox = false;
        try
        {
            _internalStash.Stash();
        }
        catch (StashOverflowException)
        {
            switch (InternalStashOverflowStrategy)
            {
                case DiscardToDeadLetterStrategy:
                    Context.System.DeadLetters.Tell(new Akka.Event.DeadLetter(message, Sender, Self), Sender);
                    break;
                case ReplyToStrategy reply:
                    Sender.Tell(reply.Response);
                    break;
                default:
                    throw;
            }
        }
    }

    // One at a time: most commands persist something, and what came back too early would only be stashed again.
    // The next one goes out when the one that is at the head of the mailbox has been taken, never before, or
    // the two would change places.
    private void UnstashInternally(bool all)
    {
        if (all)
        {
            _internalStash.UnstashAll();
            _unstashedInMailbox = false;
        }
        else if (!_unstashedInMailbox && _internalStash.NonEmpty)
        {
            _unstashedInMailbox = true;
            _internalStash.Unstash();
        }
    }

    private void CancelRecoveryTimer()
    {
        _recoveryTimer?.Cancel();
        _recoveryTimer = null;
    }
}
