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

/// <summary>
/// The members' snapshot store plugin. Persistence wants one to be there; nobody writes to it by message, see <see cref="LocalSnapshotStore"/>.
/// </summary>
internal sealed class LocalSnapshotActor : UntypedActor
{
    public LocalSnapshotActor(Config config) => _ = config;

    protected override void OnReceive(object message)
    {
        if (message is LoadSnapshot load)
        {
            Sender.Tell(new LoadSnapshotResult(null!, load.ToSequenceNr));
            return;
        }

        Unhandled(message);
    }
}
