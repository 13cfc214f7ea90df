using Akka.Actor;
using RaftActors.Configuration;
using RaftActors.Snapshots;

namespace RaftActors.Runtime;

/// <summary>
/// Prepares a member's storage through the same journal actor and the same snapshot format that a running stream uses. The snapshot first, the journal last: a storage without the event in the
/// journal is not prepared.
/// </summary>
internal sealed class BootstrapActor : UntypedActor
{
    private static readonly Term First = new(1);

    // Above every index that a snapshot may have in a store.
    private static readonly LogIndex Highest = new(1L << 42);

    private readonly BootstrapOptions _options;
    private readonly StreamMembership _membership;
    private readonly StreamSettings _stream;
    private readonly RaftSettings _settings;
    private readonly TaskCompletionSource _done;
    private readonly CancellationToken _cancellation;
    private readonly JournalMark _last;
    private IActorRef _journal = ActorRefs.Nobody;
    private bool _isEmpty = true;

    public BootstrapActor(BootstrapOptions options, StreamMembership membership, StreamSettings stream, RaftSettings settings, TaskCompletionSource done, CancellationToken cancellation)
    {
        _options = options;
        _membership = membership;
        _stream = stream;
        _settings = settings;
        _done = done;
        _cancellation = cancellation;
        _last = JournalMark.Zero.Next;
    }

    private EntryId Last => new(First, _options.LastLogIndex);

    public static Props Props(
        BootstrapOptions options,
        StreamMembership membership,
        StreamSettings stream,
        RaftSettings settings,
        TaskCompletionSource done,
        CancellationToken cancellation) =>
        Akka.Actor.Props.Create(() => new BootstrapActor(options, membership, stream, settings, done, cancellation)).WithDispatcher(NodeEnvironment.UserCode);

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(cause =>
    {
        Fail($"the journal's actor ended: {cause.Message}", cause);
        return Directive.Stop;
    });

    protected override void PreStart() => _journal = Context.Watch(Context.ActorOf(
        Akka.Actor.Props.Create(() => new LogActor(_options.Id, _options.NodeId, _settings.JournalPlugin, _settings.SnapshotPlugin, _stream))
            .WithDispatcher(NodeEnvironment.Consensus),
        NodeSupervision.Journal));

    protected override void PostStop() => Fail("it was given up", null);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RecoveredEvents:
                _isEmpty = false;
                break;
            case RecoveryFinished when !_isEmpty:
                Fail("its journal is not empty", null);
                break;
            case RecoveryFinished when _options.LastLogIndex == LogIndex.Zero:
                Write();
                break;
            case RecoveryFinished:
                _ = SaveAsync().PipeTo(Self, success: () => SnapshotSaved.Instance, failure: e => new Status.Failure(e));
                break;
            case SnapshotSaved:
                Write();
                break;
            case Status.Failure failure:
                Fail(failure.Cause.Message, failure.Cause);
                break;
            case RaftInput.Durable durable when durable.Mark >= _last:
                _done.TrySetResult();
                break;
            case JournalFailed failed:
                Fail(failed.Reason, failed.Cause);
                break;
            case Terminated:
                Fail("the journal's actor ended", null);
                break;
        }
    }

    private void Write()
    {
        if (_options.LastLogIndex > LogIndex.Zero)
        {
            _journal.Tell(new WriteJournal(_last, new LogCompacted(new SnapshotInfo(Last, _membership), Last, Last, new TermState(First, NodeId.None))));
            return;
        }

        // The membership as the first entry: the log says who belongs to the stream, whatever the member is started with. Every member that is prepared gets the same bytes.
        ProposedEntry entry = new(EntryKind.Membership, MembershipCodec.Encode(_membership));
        _journal.Tell(new WriteJournal(JournalMark.Zero, new TermState(First, NodeId.None)));
        _journal.Tell(new WriteJournal(_last, new EntriesAppended(EntryBatch.Create(First, LogIndex.Zero.Next, [entry]))));
    }

    private async Task SaveAsync()
    {
        IActorRef store = Akka.Persistence.Persistence.Instance.Apply(Context.System).SnapshotStoreFor(_settings.SnapshotPlugin);
        SnapshotStorage storage = new(store, $"{LogActor.PersistenceIdOf(_options.Id, _options.NodeId)}-snapshots", _stream.SnapshotTimeout);
        if (await storage.NewestBelowAsync(Highest).ConfigureAwait(false) is var present && present > LogIndex.Zero)
        {
            throw new SnapshotUnusableException($"its snapshot store is not empty: it holds something of a snapshot of index {present}");
        }

        SnapshotWriteStream content = new(storage, _options.LastLogIndex, _stream.SnapshotBlockBytes);
        IStateMachine machine = _options.StateMachine!() ?? throw new InvalidOperationException("BootstrapOptions.StateMachine returned null.");
        try
        {
            if (!machine.SupportsSnapshots)
            {
                throw new NotSupportedException("the state machine does not support snapshots");
            }

            SnapshotContent.WritePrefix(content, new SessionTable());
            await machine.SaveSnapshotAsync(content, _cancellation).ConfigureAwait(false);
            await content.CompleteAsync(new SnapshotInfo(Last, _membership)).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Without its journal it would only be in the way of the next attempt.
            await storage.DeleteAsync(_options.LastLogIndex, content.Blocks).ConfigureAwait(false);
            throw;
        }
        finally
        {
            machine.OnShutdown();
        }
    }

    private void Fail(string reason, Exception? cause) => _done.TrySetException(new BootstrapException(_options.Id, _options.NodeId, reason, cause));

    private sealed record SnapshotSaved
    {
        public static SnapshotSaved Instance { get; } = new();
    }
}
