using Akka.Persistence;

namespace Akka.Contract.Tests.Persistence;

/// <summary>What a <see cref="Ledger"/> is told to do.</summary>
public static class Do
{
    public sealed record Persist(params string[] Events) : INoSerializationVerificationNeeded;

    public sealed record PersistAsync(params string[] Events) : INoSerializationVerificationNeeded;

    public sealed record PersistAll(params string[] Events) : INoSerializationVerificationNeeded;

    public sealed record PersistAllAsync(params string[] Events) : INoSerializationVerificationNeeded;

    /// <summary>Stores the event after a true wait inside an asynchronous handler.</summary>
    public sealed record PersistAfterAwait(string Event) : INoSerializationVerificationNeeded;

    public sealed record Defer(string Mark) : INoSerializationVerificationNeeded;

    public sealed record Say(string Text) : INoSerializationVerificationNeeded;

    public sealed record ThrowInHandlerOf(string Event) : INoSerializationVerificationNeeded;

    public sealed record Delete(long To) : INoSerializationVerificationNeeded;

    public sealed record SaveSnapshot(string State) : INoSerializationVerificationNeeded;

    public sealed record DeleteSnapshot(long SequenceNr) : INoSerializationVerificationNeeded;

    public sealed record DeleteSnapshots(SnapshotSelectionCriteria Criteria) : INoSerializationVerificationNeeded;

    public sealed record Throw : INoSerializationVerificationNeeded;
}

/// <summary>
/// Does what it is told and reports all that happens to it, in order: "c:x" a command said x, "h:x" the handler of
/// event x ran, "r:x" x was replayed, "s:x" a snapshot was offered, "ready:n" the recovery ended at sequence number n.
/// </summary>
public class Ledger : ReceivePersistentActor
{
    private readonly IActorRef _report;
    private readonly Recovery _recovery;

    public Ledger(string id, IActorRef report, Recovery recovery = null)
    {
        PersistenceId = id;
        _report = report;
        _recovery = recovery;

        Recover<string>(e => _report.Tell("r:" + e));
        Recover<SnapshotOffer>(offer => _report.Tell("s:" + offer.Snapshot));
        Recover<RecoveryCompleted>(_ => _report.Tell("ready:" + LastSequenceNr));

        Command<Do.Say>(say => _report.Tell("c:" + say.Text));
        Command<Do.Persist>(persist =>
        {
            foreach (var e in persist.Events)
            {
                Persist(e, Handle);
            }
        });
        Command<Do.PersistAsync>(persist =>
        {
            foreach (var e in persist.Events)
            {
                PersistAsync(e, Handle);
            }
        });
        Command<Do.PersistAll>(persist => PersistAll(persist.Events, Handle));
        Command<Do.PersistAllAsync>(persist => PersistAllAsync(persist.Events, Handle));
        CommandAsync<Do.PersistAfterAwait>(async persist =>
        {
            _report.Tell("c:before");
            await Task.Delay(20);
            _report.Tell("c:after");
            Persist(persist.Event, Handle);
        });
        Command<Do.Defer>(defer => DeferAsync(defer.Mark, mark => _report.Tell("d:" + mark)));
        Command<Do.ThrowInHandlerOf>(command => Persist(command.Event, _ => throw new Boom("in the handler")));
        Command<Do.Delete>(delete => DeleteMessages(delete.To));
        Command<Do.SaveSnapshot>(save => SaveSnapshot(save.State));
        Command<Do.DeleteSnapshot>(delete => DeleteSnapshot(delete.SequenceNr));
        Command<Do.DeleteSnapshots>(delete => DeleteSnapshots(delete.Criteria));
        Command<Do.Throw>(_ => throw new Boom());
        Command<DeleteMessagesSuccess>(deleted => _report.Tell("deleted:" + deleted.ToSequenceNr));
        Command<DeleteMessagesFailure>(_ => _report.Tell("not deleted"));
        Command<SaveSnapshotSuccess>(saved => _report.Tell("saved:" + saved.Metadata.SequenceNr));
        Command<SaveSnapshotFailure>(_ => _report.Tell("not saved"));
        Command<DeleteSnapshotSuccess>(_ => _report.Tell("snapshot deleted"));
        Command<DeleteSnapshotsSuccess>(_ => _report.Tell("snapshots deleted"));
    }

    public override string PersistenceId { get; }

    public override Recovery Recovery => _recovery ?? base.Recovery;

    public static Props Props(string id, IActorRef report, Recovery recovery = null) =>
        Akka.Actor.Props.Create(() => new Ledger(id, report, recovery));

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        _report.Tell($"failed:{@event}:{sequenceNr}");

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        _report.Tell($"rejected:{@event}:{sequenceNr}");

    protected override void OnRecoveryFailure(Exception reason, object message = null) =>
        _report.Tell("unrecovered:" + reason.GetType().Name);

    private void Handle(string e) => _report.Tell("h:" + e);
}
