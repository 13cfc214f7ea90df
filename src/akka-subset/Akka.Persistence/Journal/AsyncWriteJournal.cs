using System.Collections.Immutable;
using Akka.Actor;
using Akka.Pattern;

namespace Akka.Persistence.Journal;

/// <summary>
/// Base of journal plugins that store asynchronously. It speaks the protocol with the persistent actors, keeps the
/// answers in the order of the requests whatever order the storage finishes in, and guards the storage with a
/// circuit breaker.
/// </summary>
public abstract class AsyncWriteJournal : WriteJournalBase, IAsyncRecovery
{
    /// <summary>Whether each command is published on the event stream when it is done.</summary>
    protected readonly bool CanPublish;

    private readonly CircuitBreaker _breaker;
    private readonly ReplayFilterMode _filterMode;
    private readonly bool _filterDebug;
    private readonly int _filterWindow;
    private readonly int _filterMaxOldWriters;
    private readonly WriteResequencer _resequencer;

    protected AsyncWriteJournal()
    {
        CanPublish = Persistence.Instance.Apply(Context.System).Settings.Internal.PublishPluginCommands;
        var config = PluginConfig;
        _breaker = CircuitBreaker.Create(
            Context.System.Scheduler,
            config.GetInt("circuit-breaker.max-failures"),
            config.GetTimeSpan("circuit-breaker.call-timeout"),
            config.GetTimeSpan("circuit-breaker.reset-timeout"));
        _filterMode = ParseFilterMode(config.GetString("replay-filter.mode"), Self.Path.Name);
        _filterWindow = config.GetInt("replay-filter.window-size");
        _filterMaxOldWriters = config.GetInt("replay-filter.max-old-writers");
        _filterDebug = config.GetBoolean("replay-filter.debug");
        _resequencer = new WriteResequencer(Self);
    }

    public abstract Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback);

    public abstract Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr);

    /// <summary>
    /// Stores the writes. The result is null when all are stored, else one entry per write: null, or why it is
    /// rejected, in which case nothing of it is stored. A failed task means that the fate of the writes is unknown.
    /// </summary>
    protected abstract Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages);

    /// <summary>Deletes the events up to and including the number. The highest sequence number must survive.</summary>
    protected abstract Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr);

    /// <summary>Messages of the plugin's own.</summary>
    protected virtual bool ReceivePluginInternal(object message) => false;

    protected sealed override bool Receive(object message) => ReceiveWriteJournal(message) || ReceivePluginInternal(message);

    protected bool ReceiveWriteJournal(object message)
    {
        switch (message)
        {
            case WriteMessages write:
                HandleWrite(write);
                return true;
            case ReplayMessages replay:
                HandleReplay(replay);
                return true;
            case DeleteMessagesTo delete:
                HandleDelete(delete);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The exception that says something: the only one inside an aggregate.</summary>
    protected static Exception TryUnwrapException(Exception e)
    {
        if (e is not AggregateException aggregate)
            return e;
        var flat = aggregate.Flatten();
        return flat.InnerExceptions.Count == 1 ? flat.InnerExceptions[0] : flat;
    }

    private void HandleWrite(WriteMessages message)
    {
        var write = new Write(this, message);
        _resequencer.Reserve(write);
        AtomicWrite[] prepared;
        try
        {
            prepared = Prepare(write.Envelopes);
        }
        catch (Exception cause)
        {
            // Nothing of it went to the storage: this is a rejection of the whole batch, not a failure.
            var rejections = write.Envelopes.OfType<AtomicWrite>().Select(_ => cause).ToImmutableArray();
            _resequencer.Complete(write, rejections, null);
            return;
        }

        if (prepared.Length == 0)
            _resequencer.Complete(write, null, null);
        else
            write.Begin(prepared);
    }

    private void HandleReplay(ReplayMessages message)
    {
        var replyTo = _filterMode == ReplayFilterMode.Disabled
            ? message.PersistentActor
            : Context.ActorOf(ReplayFilter.Props(message.PersistentActor, _filterMode, _filterWindow, _filterMaxOldWriters, _filterDebug));
        _ = ReplayAsync(message, replyTo, Context, Self);
    }

    private async Task ReplayAsync(ReplayMessages message, IActorRef replyTo, IActorContext context, IActorRef self)
    {
        object answer;
        try
        {
            var readFrom = Math.Max(0L, message.FromSequenceNr - 1);
            var highest = await _breaker
                .WithCircuitBreaker(
                    (Journal: this, message.PersistenceId, ReadFrom: readFrom),
                    static s => s.Journal.ReadHighestSequenceNrAsync(s.PersistenceId, s.ReadFrom))
                .ConfigureAwait(false);
            var to = Math.Min(message.ToSequenceNr, highest);
            if (to > 0 && message.FromSequenceNr <= to)
            {
                // Not under the breaker's clock: how long a replay takes is a matter of how much there is.
                await ReplayMessagesAsync(context, message.PersistenceId, message.FromSequenceNr, to, message.Max, stored =>
                {
                    if (stored.IsDeleted)
                        return;
                    if (AdaptsNothing)
                    {
                        // The way of most journals, and millions of events may go it: without a list for each.
                        replyTo.Tell(new ReplayedMessage(stored), ActorRefs.NoSender);
                        return;
                    }

                    foreach (var adapted in AdaptFromJournal(stored))
                        replyTo.Tell(new ReplayedMessage(adapted), ActorRefs.NoSender);
                }).ConfigureAwait(false);
            }

            answer = new RecoverySuccess(highest);
        }
        catch (Exception cause)
        {
            answer = new ReplayMessagesFailure(TryUnwrapException(cause));
        }

        replyTo.Tell(answer, self);
        if (CanPublish)
            context.System.EventStream.Publish(message);
    }

    private void HandleDelete(DeleteMessagesTo message) => _ = DeleteAsync(message, Context.System, Self);

    private async Task DeleteAsync(DeleteMessagesTo message, ActorSystem system, IActorRef self)
    {
        object answer;
        try
        {
            await _breaker
                .WithCircuitBreaker((Journal: this, Message: message),
                    static s => s.Journal.DeleteMessagesToAsync(s.Message.PersistenceId, s.Message.ToSequenceNr))
                .ConfigureAwait(false);
            answer = new DeleteMessagesSuccess(message.ToSequenceNr);
        }
        catch (Exception cause)
        {
            answer = new DeleteMessagesFailure(TryUnwrapException(cause), message.ToSequenceNr);
        }

        message.PersistentActor.Tell(answer, self);
        if (CanPublish)
            system.EventStream.Publish(message);
    }

    private static ReplayFilterMode ParseFilterMode(string mode, string pluginId) => mode switch
    {
        "off" or "false" or "no" => ReplayFilterMode.Disabled,
        "repair-by-discard-old" => ReplayFilterMode.RepairByDiscardOld,
        "fail" => ReplayFilterMode.Fail,
        "warn" => ReplayFilterMode.Warn,
        _ => throw new Akka.Configuration.ConfigurationException(
            $"[{pluginId}.replay-filter.mode] is [{mode}]; allowed are off, repair-by-discard-old, fail and warn."),
    };

    /// <summary>A request on its way through the storage.</summary>
    private sealed class Write(AsyncWriteJournal journal, WriteMessages request) : WriteResequencer.Slot(request)
    {
        private AtomicWrite[] _prepared;

        public void Begin(AtomicWrite[] prepared)
        {
            _prepared = prepared;
            RunThrough(journal._breaker);
        }

        public override void Forget()
        {
            base.Forget();
            _prepared = null;
        }

        protected override Task<IImmutableList<Exception>> Call() => journal.WriteMessagesAsync(_prepared);

        protected override void Ended(IImmutableList<Exception> rejections, Exception failure)
        {
            if (failure is not null)
            {
                failure = TryUnwrapException(failure);
            }
            else if (rejections is not null && rejections.Count != _prepared.Length)
            {
                failure = new InvalidOperationException(
                    $"A journal plugin answered {_prepared.Length} atomic writes with {rejections.Count} results.");
                rejections = null;
            }

            journal._resequencer.Complete(this, rejections, failure);
        }
    }
}
