using Akka.Actor;
using RaftActors.Snapshots;

namespace RaftActors.Runtime;

// Snapshots: when to take one, and what to start from. The work is the snapshot actor's and the state machine's.
internal sealed partial class NodeActor
{
    private static readonly object SnapshotKey = new();
    private static readonly object SnapshotRetryKey = new();

    private readonly List<PendingSnapshot> _snapshotRequests = [];

    // What the state machine was told to load and has not: its blocks are read while it loads.
    private readonly Queue<LogIndex> _loading = new();
    private Lazy<SnapshotStorage> _storage = null!;
    private IActorRef _snapshots = ActorRefs.Nobody;
    private LogIndex? _restoredTo;
    private LogIndex _previousSnapshot;
    private LogIndex _keptFrom;
    private LogIndex _snapshotUnderWay;
    private long _snapshotBytes;
    private long _bytesSinceSnapshot;
    private TimeSpan _noSnapshotBefore;
    private SnapshotCaptured? _captured;
    private bool _takingSnapshot;
    private bool _snapshotsUnsupported;
    private bool _newSnapshotNeeded;

    private LogIndex SnapshotIndex => _core.Snapshot?.Last.Index ?? LogIndex.Zero;

    private void MakeSnapshotActor()
    {
        // The store is looked up when it is needed: a stream without snapshots needs none.
        ActorSystem system = Context.System;
        string plugin = _environment.SnapshotPlugin;
        string id = $"{LogActor.PersistenceIdOf(_link.Id, Me)}-snapshots";
        TimeSpan timeout = _link.Settings.SnapshotTimeout;
        Func<IActorRef, object, TimeSpan, Task<object>> ask = _environment.AskSnapshotStore;
        _storage = new Lazy<SnapshotStorage>(() => new SnapshotStorage(Akka.Persistence.Persistence.Instance.Apply(system).SnapshotStoreFor(plugin), id, timeout, ask));
        _snapshots = Context.Watch(Context.ActorOf(SnapshotActor.Props(_link, _environment.Clock, _storage), NodeSupervision.Snapshots));
        if (_link.Settings.SnapshotInterval > TimeSpan.Zero)
        {
            Timers.StartPeriodicTimer(SnapshotKey, SnapshotDue.Instance, _link.Settings.SnapshotInterval);
        }
    }

    private void RunSnapshot(Effect effect)
    {
        switch (effect)
        {
            case Effect.SendSnapshot or Effect.StopSendingSnapshot or Effect.SnapshotAcknowledged or Effect.StoreSnapshotBlock:
                _snapshots.Tell(effect);
                break;
            case Effect.RestoreState restore:
                // What waits to be applied is in the snapshot.
                foreach (ApplyRun run in _toApply)
                {
                    run.Abandon("the entry came with a snapshot, and its result is unknown");
                }

                _toApply.Clear();
                _loading.Enqueue(restore.Snapshot.Last.Index);
                _fsm.Tell(new RestoreSnapshot(_storage.Value, restore.Snapshot.Last.Index));
                break;
            default:
                throw new RaftActorsException($"There is no way to do a {effect.GetType().Name}.");
        }
    }

    private void OnSnapshotReport(ISnapshotReport report)
    {
        switch (report)
        {
            case SnapshotFound found when !_running:
                if (found.WhyNotNewest is { } why)
                {
                    _newSnapshotNeeded = true;
                    LogLines.OlderSnapshot(_log, _link.Id, Me, found.Index, why);
                }

                _fsm.Tell(new RestoreSnapshot(_storage.Value, found.Index));
                break;
            case NoUsableSnapshot none when !_running:
                Fail(none.Reason, none.Cause);
                break;
            case StateRestored restored when !_running:
                _restoredTo = restored.Index;
                _applied = restored.Index;
                StartWhenReady();
                break;
            case StateRestored restored:
                Context.System.EventStream.Publish(new StreamSnapshotInstalled(_link.Id, Me, restored.Index));
                _fsm.Tell(new TellObserver(o => o.OnSnapshotInstalled(restored.Index)));
                LogLines.SnapshotInstalled(_log, _link.Id, Me, restored.Index);
                OnLoaded(restored.Index);
                OnApplied(restored.Index);
                break;
            case SnapshotCaptured captured:
                Finish(captured);
                break;
            case SnapshotOnDisk onDisk:
                Record(onDisk);
                break;
            case SnapshotNotTaken notTaken:
                EndSnapshot(new SnapshotFailed(notTaken.Reason));
                _snapshotsUnsupported |= notTaken.Never;
                _noSnapshotBefore = Now + _link.Settings.SnapshotRetryInterval;
                if (!notTaken.Never)
                {
                    // Nothing need be applied any more that would lead to the next attempt.
                    Timers.StartSingleTimer(SnapshotRetryKey, SnapshotRetry.Instance, _link.Settings.SnapshotRetryInterval);
                    LogLines.SnapshotNotTaken(_log, notTaken.Cause, _link.Id, Me, notTaken.Reason);
                }

                break;
            case CompactionOnDisk onDisk:
                OnCompacted(onDisk.Compaction);
                break;
            case SnapshotDue when _running && _applied > SnapshotIndex:
                TakeSnapshot();
                break;
            case SnapshotRetry when _running:
                _noSnapshotBefore = TimeSpan.Zero;
                SnapshotWhenDue();
                break;
            case SnapshotsRestarted when _running:
                EndSnapshot(new SnapshotFailed("the actor that takes it was restarted"));
                foreach (PeerStatus peer in _core.Peers.Where(p => p.State == PeerState.InstallingSnapshot).ToArray())
                {
                    Step(new RaftInput.SnapshotSendFailed(peer.Id));
                }

                break;
        }
    }

    /// <summary>True when the newest snapshot has to be loaded first; then this is called again when it is.</summary>
    private bool MustRestoreFirst()
    {
        if (_restoredTo is not null || _recovered.Compaction is not { } compaction)
        {
            return false;
        }

        _previousSnapshot = compaction.Snapshot.Last.Index;
        _snapshots.Tell(new FindSnapshot(compaction));
        return true;
    }

    private void Take(PendingSnapshot request)
    {
        if (_snapshotsUnsupported)
        {
            request.Answer(new SnapshotFailed("the state machine does not support snapshots"));
        }
        else if (_stateMachineFailure is { } failure)
        {
            request.Answer(new SnapshotFailed(failure));
        }
        else if (_applied == SnapshotIndex && !_takingSnapshot)
        {
            request.Answer(_applied == LogIndex.Zero ? new SnapshotFailed("nothing is applied yet") : new SnapshotCompleted(_applied));
        }
        else
        {
            _snapshotRequests.Add(request);
            TakeSnapshot();
        }
    }

    private void SnapshotWhenDue()
    {
        int entries = _link.Settings.SnapshotEveryEntries;
        long bytes = _link.Settings.SnapshotEveryBytes;
        long since = _applied - SnapshotIndex;
        bool due = (entries > 0 && since >= entries) || (bytes > 0 && _bytesSinceSnapshot >= bytes) || (_newSnapshotNeeded && since > 0);
        if (due && Now >= _noSnapshotBefore)
        {
            TakeSnapshot();
        }
    }

    private void TakeSnapshot()
    {
        if (_takingSnapshot || _snapshotsUnsupported || _stateMachineFailure is not null)
        {
            return;
        }

        _takingSnapshot = true;
        Lazy<SnapshotStorage> storage = _storage;
        int blockBytes = _link.Settings.SnapshotBlockBytes;
        _fsm.Tell(new CaptureSnapshot(index => new SnapshotWriteStream(storage.Value, index, blockBytes)));
    }

    /// <summary>A leader's state machine may be ahead of its own disk (apply-before-own-disk). What was saved becomes a snapshot when the log is there too.</summary>
    private void FinishWhenOnDisk()
    {
        if (_captured is { } captured)
        {
            Finish(captured);
        }
    }

    private void Finish(SnapshotCaptured captured)
    {
        _captured = null;
        if (_running && captured.Index > SnapshotIndex && captured.Index > _core.DurableIndex)
        {
            _captured = captured;
            return;
        }

        if (!_running || captured.Index <= SnapshotIndex || _core.DescribeSnapshot(captured.Index) is not { } info)
        {
            EndSnapshot(new SnapshotFailed("the leader's snapshot came first"));
            return;
        }

        _bytesSinceSnapshot = 0;
        _snapshots.Tell(new FinishSnapshot(info, captured.Content, captured.Written));
    }

    private void Record(SnapshotOnDisk onDisk)
    {
        if (!_running)
        {
            return;
        }

        _previousSnapshot = SnapshotIndex;
        _snapshotUnderWay = onDisk.Info.Last.Index;
        _snapshotBytes = onDisk.Bytes;
        Step(new RaftInput.SnapshotTaken(onDisk.Info));
        if (_core.Snapshot?.Last != onDisk.Info.Last)
        {
            EndSnapshot(new SnapshotFailed("the leader's snapshot came first"));
        }
    }

    /// <summary>The older snapshot goes only now; it stays when the log still reaches back to it, for the case that the new one turns out to be damaged.</summary>
    private void OnCompacted(LogCompacted compaction)
    {
        LogIndex index = compaction.Snapshot.Last.Index;
        _newSnapshotNeeded = false;
        _keptFrom = _previousSnapshot > LogIndex.Zero && _previousSnapshot >= compaction.Base.Index ? _previousSnapshot : index;
        PruneSnapshots();
        if (index == _snapshotUnderWay)
        {
            LogLines.SnapshotTaken(_log, _link.Id, Me, compaction, _snapshotBytes);
            long bytes = _snapshotBytes;
            Context.System.EventStream.Publish(new StreamSnapshotTaken(_link.Id, Me, index, bytes));
            _fsm.Tell(new TellObserver(o => o.OnSnapshotTaken(index, bytes)));
            EndSnapshot(new SnapshotCompleted(index));

            // Much may have been applied while it was taken.
            SnapshotWhenDue();
        }
    }

    /// <summary>A newer snapshot may come while the state machine is still at an older one, which it must be able to read to the end.</summary>
    private void PruneSnapshots() =>
        _snapshots.Tell(new PruneSnapshots(_loading.TryPeek(out LogIndex loading) ? LogIndex.Min(loading, _keptFrom) : _keptFrom));

    private void OnLoaded(LogIndex index)
    {
        bool heldBack = _loading.TryPeek(out LogIndex oldest) && oldest < _keptFrom;
        while (_loading.TryPeek(out LogIndex loading) && loading <= index)
        {
            _loading.Dequeue();
        }

        if (heldBack)
        {
            PruneSnapshots();
        }
    }

    private void EndSnapshot(SnapshotAnswer answer)
    {
        _takingSnapshot = false;
        _captured = null;
        _snapshotUnderWay = LogIndex.Zero;
        foreach (PendingSnapshot request in _snapshotRequests)
        {
            request.Answer(answer);
        }

        _snapshotRequests.Clear();
    }
}
