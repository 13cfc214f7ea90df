using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;

namespace RaftActors.TestKit.Local;

/// <summary>
/// The members' journal plugin. Speaks the journal protocol itself and does not derive from AsyncWriteJournal, whose writes and replays run as tasks: here every step is a
/// message or a planned moment, and so repeatable.
/// </summary>
internal sealed class LocalJournalActor : UntypedActor
{
    private readonly MemberRun _run = MemberRun.Of(Context.System.Settings.Config);

    public LocalJournalActor(Config config) => _ = config;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case WriteMessages write:
                _run.Member.Store.Write(_run, write);
                break;
            case ReplayMessages replay:
                _run.Member.Store.Replay(_run, replay);
                break;
            case DeleteMessagesTo delete:
                _run.Member.Store.Delete(delete);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}

/// <summary>The members' snapshot store plugin, made the same way.</summary>
internal sealed class LocalSnapshotActor : UntypedActor
{
    private readonly MemberRun _run = MemberRun.Of(Context.System.Settings.Config);

    public LocalSnapshotActor(Config config) => _ = config;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case LoadSnapshot load:
                _run.Member.Store.Load(_run, load, Sender);
                break;
            case SaveSnapshot save:
                _run.Member.Store.Save(_run, save, Sender);
                break;
            case DeleteSnapshot delete:
                _run.Member.Store.Delete(delete.Metadata);
                Sender.Tell(new DeleteSnapshotSuccess(delete.Metadata));
                break;
            case DeleteSnapshots delete:
                _run.Member.Store.Delete(delete.PersistenceId, delete.Criteria);
                Sender.Tell(new DeleteSnapshotsSuccess(delete.Criteria));
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
