using System.Runtime.InteropServices;
using Akka.Dispatch;

namespace Akka.Persistence;

public abstract partial class Eventsourced
{
    // Handlers in the order of their events. The journal answers in that order, deferred messages included.
    private readonly Queue<PendingHandler> _pendingHandlers = new();

    // What the current message asked for, and what waits for the write in flight: one WriteMessages at a time,
    // so everything that piles up meanwhile is the next batch.
    private readonly List<IPersistentEnvelope> _eventBatch = [];
    private readonly List<IPersistentEnvelope> _journalBatch = [];
    private bool _writeInProgress;
    private bool _asyncTaskRunning;
    private int _pendingStashing;
    private long _sequenceNr;

    private readonly record struct PendingHandler(Action<object> Handler, bool Stashing);

    /// <summary>Stores an event; commands wait until its handler has run.</summary>
    public void Persist<TEvent>(TEvent @event, Action<TEvent> handler) => Enqueue(@event, handler, stashing: true);

    /// <summary>Stores events as one atomic write; commands wait until the last handler has run.</summary>
    public void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) => EnqueueAll(events, handler, stashing: true);

    /// <summary>Stores an event while commands go on.</summary>
    public void PersistAsync<TEvent>(TEvent @event, Action<TEvent> handler) => Enqueue(@event, handler, stashing: false);

    /// <summary>Stores events as one atomic write while commands go on.</summary>
    public void PersistAllAsync<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) => EnqueueAll(events, handler, stashing: false);

    /// <summary>Runs a handler after those of all earlier events, without storing anything.</summary>
    public void DeferAsync<TEvent>(TEvent evt, Action<TEvent> handler)
    {
        RefuseDuringReplay();
        if (_pendingHandlers.Count == 0)
        {
            handler(evt);
            return;
        }

        _pendingHandlers.Enqueue(new PendingHandler(o => handler((TEvent)o), Stashing: false));
        _eventBatch.Add(new NonPersistentMessage(evt, Sender));
    }

    public void LoadSnapshot(string persistenceId, SnapshotSelectionCriteria criteria, long toSequenceNr) =>
        SnapshotStore.Tell(new LoadSnapshot(persistenceId, criteria, toSequenceNr), Self);

    public void SaveSnapshot(object snapshot) =>
        SnapshotStore.Tell(new SaveSnapshot(new SnapshotMetadata(SnapshotterId, SnapshotSequenceNr, DateTime.MinValue), snapshot), Self);

    public void DeleteSnapshot(long sequenceNr) =>
        SnapshotStore.Tell(new DeleteSnapshot(new SnapshotMetadata(SnapshotterId, sequenceNr, DateTime.MinValue)), Self);

    public void DeleteSnapshots(SnapshotSelectionCriteria criteria) =>
        SnapshotStore.Tell(new DeleteSnapshots(SnapshotterId, criteria), Self);

    public void DeleteMessages(long toSequenceNr) =>
        Journal.Tell(new DeleteMessagesTo(PersistenceId, toSequenceNr, Self), Self);

    /// <summary>Runs a task as part of the current message; the actor takes no other message before it is done.</summary>
    protected void RunTask(Func<Task> action)
    {
        if (_asyncTaskRunning)
            throw new NotSupportedException("RunTask cannot be nested.");

        ActorTaskScheduler.RunTask(async () =>
        {
            var task = action();
            if (task.IsCompleted)
            {
                await task;
                return;
            }

            // The events of the part after the first await belong to the same message: they are flushed, and the
            // next command taken, when the task is over.
            _asyncTaskRunning = true;
            var failed = true;
            try
            {
                await task;
                failed = false;
            }
            finally
            {
                _asyncTaskRunning = false;
                CommandDone(failed);
            }
        });
    }

    private void Enqueue<TEvent>(TEvent @event, Action<TEvent> handler, bool stashing)
    {
        RefuseDuringReplay();
        _pendingHandlers.Enqueue(new PendingHandler(o => handler((TEvent)o), stashing));
        if (stashing)
            _pendingStashing++;
        _eventBatch.Add(new AtomicWrite([Represent(@event, DateTime.UtcNow.Ticks)], PersistenceId, _sequenceNr));
    }

    private void EnqueueAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler, bool stashing)
    {
        RefuseDuringReplay();
        if (events is null)
            return;

        var all = events is List<TEvent> list ? CollectionsMarshal.AsSpan(list) : events.ToArray();
        if (all.Length == 0)
            return;
        var invocation = new PendingHandler(o => handler((TEvent)o), stashing);
        var represented = new IPersistentRepresentation[all.Length];
        var first = _sequenceNr + 1;
        var ticks = DateTime.UtcNow.Ticks;
        for (var i = 0; i < all.Length; i++)
        {
            represented[i] = Represent(all[i], ticks);
            _pendingHandlers.Enqueue(invocation);
        }

        if (stashing)
            _pendingStashing += represented.Length;
        _eventBatch.Add(new AtomicWrite(represented, PersistenceId, first));
    }

    private Persistent Represent(object @event, long ticks) =>
        new(@event, ++_sequenceNr, PersistenceId, sender: Sender, writerGuid: _writerGuid, timestamp: ticks);

    private void RefuseDuringReplay()
    {
        if (IsRecovering)
        {
            throw new InvalidOperationException(
                "Nothing can be persisted during a replay; the first moment for it is the RecoveryCompleted message.");
        }
    }

    private void FlushBatch()
    {
        if (_eventBatch.Count > 0)
        {
            if (!_writeInProgress && _journalBatch.Count == 0)
            {
                Write(_eventBatch);
                return;
            }

            _journalBatch.AddRange(_eventBatch);
            _eventBatch.Clear();
        }

        FlushJournalBatch();
    }

    private void FlushJournalBatch()
    {
        if (!_writeInProgress && _journalBatch.Count > 0)
            Write(_journalBatch);
    }

    private void Write(List<IPersistentEnvelope> batch)
    {
        var self = Self;
        Journal.Tell(new WriteMessages(batch.ToArray(), self, _instanceId), self);
        batch.Clear();
        _writeInProgress = true;
    }

    private void ApplyHandler(object payload)
    {
        try
        {
            _pendingHandlers.Peek().Handler(payload);
        }
        finally
        {
            if (!_asyncTaskRunning)
                FlushBatch();
        }
    }
}
