using Akka.Actor;

namespace RaftActors.Runtime;

// Client sessions: requests of actors.
internal sealed partial class StreamActor
{
    private int _sessionsOpened;

    private void Open(PendingSession session)
    {
        if (_failure is not null || _stopping)
        {
            Answer(session);
            return;
        }

        Context.ActorOf(SessionActor.Props(_link, _environment.Clock, session), $"session-{++_sessionsOpened}");
    }

    private void Take(SessionRequest request)
    {
        if (request.Refusal() is { } refusal)
        {
            Sender.Tell(refusal);
            return;
        }

        _link.Submit(new ActorProposal(new Propose(request.ToControl(_link.Settings).Encode()), Sender, Self)
        {
            Kind = EntryKind.Session,
            Deadline = Now + (request.Wait ?? _link.Settings.ClientTimeout),
        });
    }
}
