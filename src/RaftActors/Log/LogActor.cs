using System.Globalization;
using Akka.Actor;
using Akka.Persistence;
using RaftActors.Configuration;
using RaftActors.Persistence;

namespace RaftActors.Runtime;

/// <summary>
/// The member's journal: recovers it, and writes what the core asks for. One write is under way at a time, and everything that waits meanwhile becomes the next, so
/// nothing can be in the journal behind a write that was rejected. After a failure or rejection it takes nothing more.
/// </summary>
internal sealed class LogActor : UntypedPersistentActor
{
    private const string NoSnapshotStore = "akka.persistence.no-snapshot-store";
    private const int RecoveryChunk = 512;

    private readonly int _maxWriteBytes;
    private readonly Queue<WriteJournal> _waiting = new();
    private List<RaftEvent> _recovered = [];
    private int _confirmationsDue;
    private JournalMark _newest;
    private bool _writing;
    private bool _flushQueued;
    private bool _failed;
    private int _sinceHandOver;
    private long _lastRecovered;
    private readonly BatchJoiner _joiner;
    private readonly StreamSettings _settings;
    private readonly JournalIndex _index = new();
    private readonly Action<JournaledEvent> _onWritten;

    public LogActor(StreamId stream, NodeId node, string journalPlugin, string snapshotPlugin, StreamSettings settings)
    {
        _settings = settings;
        _joiner = BatchJoiner.For(settings);
        _onWritten = OnWritten;
        PersistenceId = PersistenceIdOf(stream, node);
        JournalPluginId = journalPlugin;

        // Without a plugin of its own this actor takes no snapshots, and the default store would make a folder for nothing.
        SnapshotPluginId = snapshotPlugin.Length > 0 ? snapshotPlugin : NoSnapshotStore;
        _maxWriteBytes = settings.MaxJournalWriteBytes;
    }

    public override string PersistenceId { get; }

    public override Recovery Recovery => new(SnapshotSelectionCriteria.None);

    public static string PersistenceIdOf(StreamId stream, NodeId node) => $"raft-stream-{stream}-node-{node}";

    /// <summary>The node in a persistence id; none when it is not one of these.</summary>
    public static NodeId NodeOf(string persistenceId) =>
        persistenceId.Split('-') is ["raft", "stream", var stream, "node", var node] && uint.TryParse(stream, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && uint.TryParse(node, NumberStyles.None, CultureInfo.InvariantCulture, out uint id)
            ? new NodeId(id)
            : NodeId.None;

    public static Props Props(StreamId stream, NodeId node, NodeEnvironment environment, StreamSettings settings) =>
        Akka.Actor.Props.Create(() => new LogActor(stream, node, environment.JournalPlugin, environment.SnapshotPlugin, settings))
            .WithDispatcher(NodeEnvironment.Consensus);

    protected override void OnRecover(object message)
    {
        if (message is not RecoveryCompleted)
        {
            CheckThatNothingIsMissing();
        }

        switch (message)
        {
            case JournaledEntries entries:
                Recovered(entries.Entries);
                break;
            case JournaledTermState state:
                Recovered(state.State);
                break;
            case JournaledIncarnation incarnation:
                Recovered(incarnation.Event);
                break;
            case JournaledCompaction compaction:
                Recovered(compaction.Compaction);
                break;
            case JournaledRecovery recovery:
                Recovered(recovery.Event);
                break;
            case RecoveryCompleted:
                TakeJoined();
                HandOver();
                DeletePrefix();
                Context.Parent.Tell(RecoveryFinished.Instance);
                break;
            case UnreadableEvent unreadable:
                throw new JournalCorruptException(PersistenceId, LastSequenceNr, unreadable.Error);
            default:
                throw new JournalCorruptException(PersistenceId, LastSequenceNr, $"it holds a {message.GetType().Name}, which is no event of this library");
        }
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        string where = reason is JournalCorruptException
            ? reason.Message
            : $"the journal of '{PersistenceId}' could not be read behind sequence number {LastSequenceNr}: {reason.Message}";
        Fail(where, reason);
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case WriteJournal when _failed:
                break;
            case WriteJournal write:
                _waiting.Enqueue(write);
                if (!_writing && !_flushQueued)
                {
                    // Behind the writes that are in the mailbox already: they become one.
                    _flushQueued = true;
                    Self.Tell(FlushRequests.Instance);
                }

                break;
            case FlushRequests:
                _flushQueued = false;
                WriteNext();
                break;
            case ReadJournal read:
                Read(read);
                break;
            case DeleteMessagesSuccess:
                break;
            case DeleteMessagesFailure failure:
                // It only takes up room; the next compaction, or the next start, tries again.
                LogLines.DeleteFailed(Log, failure.Cause, PersistenceId, failure.ToSequenceNr);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Fail($"the journal failed to write '{PersistenceId}' at sequence number {sequenceNr}: {cause.Message}", cause);

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        Fail($"the journal rejected a write of '{PersistenceId}' at sequence number {sequenceNr}: {cause.Message}", cause);
        Context.Stop(Self);
    }

    /// <summary>Events are deleted from the front only, so the numbers of those that are left have no gap. A vote that is missing would not show in any other way.</summary>
    private void CheckThatNothingIsMissing()
    {
        if (_lastRecovered != 0 && LastSequenceNr != _lastRecovered + 1)
        {
            throw new JournalCorruptException(PersistenceId, LastSequenceNr, $"the event before it is missing: {_lastRecovered} stands there");
        }

        _lastRecovered = LastSequenceNr;
    }

    private void WriteNext()
    {
        if (_writing || _failed || !_waiting.TryDequeue(out WriteJournal? first))
        {
            return;
        }

        _writing = true;
        _newest = first.Mark;
        JournaledEvent written = JournaledEvent.For(first.Event);
        if (_waiting.Count == 0)
        {
            _confirmationsDue = 1;
            PersistAsync(written, _onWritten);
            return;
        }

        List<JournaledEvent> events = [written];
        long bytes = SizeOf(first);
        while (_waiting.TryPeek(out WriteJournal? next))
        {
            int size = SizeOf(next);
            if (bytes + size > _maxWriteBytes)
            {
                break;
            }

            _waiting.Dequeue();
            bytes += size;
            events.Add(JournaledEvent.For(next.Event));
            _newest = next.Mark;
        }

        _confirmationsDue = events.Count;
        PersistAllAsync(events, _onWritten);
    }

    private static int SizeOf(WriteJournal write) => write.Event is EntriesAppended entries ? entries.Batch.Encoded.Length : 0;

    private void OnWritten(JournaledEvent written)
    {
        if (!_failed)
        {
            Follow(written);
        }

        if (--_confirmationsDue > 0 || _failed)
        {
            return;
        }

        _writing = false;
        Context.Parent.Tell(new RaftInput.Durable(_newest));
        WriteNext();
    }

    /// <summary>A reader of its own: this actor goes on to write meanwhile.</summary>
    private void Read(ReadJournal read)
    {
        IReadOnlyList<JournalPlace> places = _index.Find(read.First, read.Last, read.MaxBytes);
        Context.ActorOf(JournalReader.Props(Extension.JournalFor(JournalPluginId), PersistenceId, read, places, Context.Parent, BatchJoiner.For(_settings), _lastRecovered));
    }

    private void Follow(JournaledEvent written)
    {
        switch (written)
        {
            case JournaledEntries entries:
                _index.Follow(entries.Entries, LastSequenceNr);
                break;
            case JournaledRecovery recovery:
                _index.Follow(recovery.Event, LastSequenceNr);
                break;
            case JournaledCompaction compaction:
                _index.Follow(compaction.Compaction, LastSequenceNr);
                Context.Parent.Tell(new CompactionOnDisk(compaction.Compaction));
                DeletePrefix();
                break;
        }
    }

    private void DeletePrefix()
    {
        if (_index.TakeDeletable() is { } last)
        {
            DeleteMessages(last);
        }
    }

    private void Recovered(RaftEvent raftEvent)
    {
        _index.Follow(raftEvent, LastSequenceNr);
        if (raftEvent is not EntriesAppended { Batch: EntryBatch batch })
        {
            TakeJoined();
            _recovered.Add(raftEvent);
        }
        else if (!_joiner.TryAdd(batch))
        {
            TakeJoined();
            _joiner.TryAdd(batch);
        }

        if (++_sinceHandOver >= RecoveryChunk)
        {
            HandOver();
        }
    }

    private void TakeJoined()
    {
        if (_joiner.Count > 0)
        {
            _recovered.Add(new EntriesAppended(_joiner.Take()));
        }
    }

    private void HandOver()
    {
        if (_recovered.Count > 0)
        {
            Context.Parent.Tell(new RecoveredEvents(_recovered));
            _recovered = [];
            _sinceHandOver = 0;
        }
    }

    private void Fail(string reason, Exception cause)
    {
        if (!_failed)
        {
            _failed = true;
            _waiting.Clear();
            Context.Parent.Tell(new JournalFailed(reason, cause));
        }
    }
}
