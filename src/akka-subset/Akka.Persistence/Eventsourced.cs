using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

public interface IPersistentIdentity
{
    string PersistenceId { get; }

    /// <summary>Configuration path of the journal plugin; empty for the default one.</summary>
    string JournalPluginId { get; }

    /// <summary>Configuration path of the snapshot store plugin; empty for the default one.</summary>
    string SnapshotPluginId { get; }
}

public interface IPersistenceRecovery
{
    Recovery Recovery { get; }
}

public interface IPersistenceStash : IWithUnboundedStash
{
    IStashOverflowStrategy InternalStashOverflowStrategy { get; }
}

/// <summary>
/// What all persistent actors share. Its parts: this file, identity and lifecycle; <c>.Persisting</c>, writes and
/// snapshots; <c>.States</c>, what a message means during recovery, between and during writes.
/// </summary>
public abstract partial class Eventsourced : ActorBase, IPersistentIdentity, IPersistenceStash, IPersistenceRecovery
{
    /// <summary>Keeps journal replies to an earlier incarnation out of the mailbox when stashed messages go back to it.</summary>
    public static readonly Func<Envelope, bool> UnstashFilterPredicate =
        envelope => envelope.Message is not (WriteMessageSuccess or ReplayedMessage);

    private static int s_lastInstanceId;

    private readonly int _instanceId = Interlocked.Increment(ref s_lastInstanceId);
    private readonly string _writerGuid = Guid.NewGuid().ToString("N");
    private readonly IStash _internalStash;
    private IActorRef _journal;
    private IActorRef _snapshotStore;
    private ILoggingAdapter _log;

    protected Eventsourced()
    {
        Extension = Akka.Persistence.Persistence.Instance.Apply(Context.System);
        JournalPluginId = string.Empty;
        SnapshotPluginId = string.Empty;
        _internalStash = StashFactory.CreateStash(Context, this);
        _state = State.WaitingForPermit;
    }

    public abstract string PersistenceId { get; }

    public string JournalPluginId { get; protected set; }

    public string SnapshotPluginId { get; protected set; }

    public virtual Recovery Recovery => Recovery.Default;

    public virtual IStashOverflowStrategy InternalStashOverflowStrategy => Extension.DefaultInternalStashOverflowStrategy;

    /// <summary>The stash of user code. Commands that wait for a write or for the recovery are kept elsewhere.</summary>
    public IStash Stash { get; set; }

    public string SnapshotterId => PersistenceId;

    public IActorRef Journal => _journal ??= Extension.JournalFor(JournalPluginId);

    public IActorRef SnapshotStore => _snapshotStore ??= Extension.SnapshotStoreFor(SnapshotPluginId);

    /// <summary>Sequence number of the event that was applied last.</summary>
    public long LastSequenceNr { get; private set; }

    public long SnapshotSequenceNr => LastSequenceNr;

    public bool IsRecovering => _state is State.WaitingForPermit or State.WaitingForSnapshot || (_state == State.Replaying && _replaying);

    public bool IsRecoveryFinished => !IsRecovering;

    protected PersistenceExtension Extension { get; }

    protected virtual ILoggingAdapter Log => _log ??= Context.GetLogger();

    public override void AroundPreStart()
    {
        if (string.IsNullOrEmpty(PersistenceId))
            throw new ArgumentNullException(nameof(PersistenceId), $"The PersistenceId of persistent actor [{Self.Path}] is null or empty.");

        // A plugin that is missing or broken is reported before anything else happens.
        _ = Journal;
        _ = SnapshotStore;
        RequestPermit();
        base.AroundPreStart();
    }

    public override void AroundPreRestart(Exception cause, object message)
    {
        try
        {
            CancelRecoveryTimer();
            _internalStash.UnstashAll();
            Stash.UnstashAll(UnstashFilterPredicate);
        }
        finally
        {
            // User code sees what it was handling, not the journal's envelope around it.
            var inner = message switch
            {
                WriteMessageSuccess success => success.Persistent.Payload,
                LoopMessageSuccess loop => loop.Message,
                ReplayedMessage replayed => replayed.Persistent.Payload,
                _ => message,
            };
            base.AroundPreRestart(cause, inner);
        }
    }

    public override void AroundPostRestart(Exception reason, object message)
    {
        RequestPermit();
        base.AroundPostRestart(reason, message);
    }

    public override void AroundPostStop()
    {
        try
        {
            CancelRecoveryTimer();
            _internalStash.UnstashAll();
            Stash.UnstashAll(UnstashFilterPredicate);
        }
        finally
        {
            base.AroundPostStop();
        }
    }

    protected abstract bool ReceiveRecover(object message);

    protected abstract bool ReceiveCommand(object message);

    /// <summary>The actor failed to recover; it is stopped afterwards, whatever this method does.</summary>
    protected virtual void OnRecoveryFailure(Exception reason, object message = null)
    {
        if (message is not null)
        {
            Log.Error(reason, "Recovery of persistence id [{0}] failed on a message of type [{1}] at sequence number [{2}].",
                PersistenceId, message.GetType(), LastSequenceNr);
        }
        else
        {
            Log.Error(reason, "Recovery of persistence id [{0}] failed; the last sequence number seen is [{1}].", PersistenceId, LastSequenceNr);
        }
    }

    protected virtual void OnReplaySuccess()
    {
    }

    /// <summary>
    /// The journal could not store an event, or cannot say whether it did; the actor is stopped afterwards,
    /// whatever this method does.
    /// </summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "The journal failed to store an event of type [{0}] with sequence number [{1}] for persistence id [{2}].",
            @event.GetType(), sequenceNr, PersistenceId);

    /// <summary>The journal refused an event and stored nothing of it; its handler does not run and the actor goes on.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "The journal rejected an event of type [{0}] with sequence number [{1}] for persistence id [{2}]: {3}",
            @event.GetType(), sequenceNr, PersistenceId, cause.Message);

    protected override void Unhandled(object message)
    {
        switch (message)
        {
            case RecoveryCompleted:
                return;
            case SaveSnapshotFailure failure:
                Log.Warning("Saving snapshot [{0}] failed: {1}", failure.Metadata, failure.Cause.Message);
                return;
            case DeleteSnapshotFailure failure:
                Log.Warning("Deleting snapshot [{0}] failed: {1}", failure.Metadata, failure.Cause.Message);
                return;
            case DeleteSnapshotsFailure failure:
                Log.Warning("Deleting snapshots [{0}] failed: {1}", failure.Criteria, failure.Cause.Message);
                return;
            case DeleteMessagesFailure failure:
                Log.Warning("Deleting the messages of [{0}] up to [{1}] failed: {2}", PersistenceId, failure.ToSequenceNr, failure.Cause.Message);
                return;
            default:
                base.Unhandled(message);
                return;
        }
    }

    private void RequestPermit()
    {
        _state = State.WaitingForPermit;
        Extension.RecoveryPermitter.Tell(RequestRecoveryPermit.Instance, Self);
    }

    private void ReturnPermit() => Extension.RecoveryPermitter.Tell(ReturnRecoveryPermit.Instance, Self);
}
