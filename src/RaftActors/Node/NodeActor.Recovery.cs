namespace RaftActors.Runtime;

// Forced recovery: the member begins a new history of the stream, follows one, or is fenced.
internal sealed partial class NodeActor
{
    private readonly Dictionary<long, PendingRecovery> _recoveries = [];

    private void Take(PendingRecovery request)
    {
        long ticket = ++_ticket;
        request.MayBeUnderWay = true;
        _recoveries.Add(ticket, request);
        Step(request.Input with { Ticket = ticket });
    }

    private void RunRecovery(Effect effect)
    {
        switch (effect)
        {
            case Effect.RecoveryDone done:
                LogLines.RecoveryForced(_log, _link.Id, Me, done, _core.Membership);
                BeginGeneration(Me);
                if (_recoveries.Remove(done.Ticket, out PendingRecovery? forced))
                {
                    forced.Answer(new RecoveryForcedHere(done.Generation, done.Base));
                }

                break;
            case Effect.RecoveryRefused refused:
                LogLines.RecoveryRefused(_log, _link.Id, Me, refused.Reason);
                if (_recoveries.Remove(refused.Ticket, out PendingRecovery? request))
                {
                    request.Answer(new RecoveryNotForced(refused.Reason));
                }

                break;
            case Effect.RecoveryFollowed followed:
                LogLines.RecoveryFollowed(_log, _link.Id, Me, followed.Generation, followed.By);
                BeginGeneration(followed.Generation.Origin);
                break;
            case Effect.Fenced fenced:
                Context.System.EventStream.Publish(new StreamMemberFenced(_link.Id, Me, fenced.Generation));
                Fail(fenced.Reason, new MemberFencedException(fenced.Generation, fenced.Generation.Origin));
                break;
        }
    }

    /// <summary>What this member sends from now on belongs to the new history.</summary>
    private void BeginGeneration(NodeId origin)
    {
        AdoptGeneration();
        Context.System.EventStream.Publish(new StreamRecoveryForced(_link.Id, Me, _core.Generation, origin));
    }

    private void AdoptGeneration() => _link.Identity = _link.Identity with { Generation = _core.Generation };
}
