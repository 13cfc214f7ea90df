using System.Runtime.InteropServices;

namespace RaftActors.Runtime;

// Read-only mode: a leader takes in nothing new from clients. The core knows nothing of it: its own entries, changes of the membership and the time of the log go on.
internal sealed partial class NodeActor
{
    private static readonly ProposalRefused ReadOnlyAnswer = new(RefusalCode.ReadOnly, "the leader is in read-only mode: it takes no writes until an operator ends that");

    private void Take(PendingReadOnlyMode request)
    {
        if (request.IsChange)
        {
            LogLines.ReadOnlyMode(_log, _link.Id, Me, request.IsReadOnly);
        }

        request.Done();
    }

    /// <summary>Answers what a leader in read-only mode refuses, and returns the rest.</summary>
    private static ReadOnlySpan<PendingProposal> RefuseWrites(ReadOnlySpan<PendingProposal> proposals)
    {
        List<PendingProposal> allowed = [];
        foreach (PendingProposal proposal in proposals)
        {
            if (IsAllowedReadOnly(proposal))
            {
                allowed.Add(proposal);
            }
            else
            {
                proposal.Answer(ReadOnlyAnswer);
            }
        }

        return CollectionsMarshal.AsSpan(allowed);
    }

    /// <summary>Sessions that are open may be kept and closed: the mode must not cost a client what it has.</summary>
    private static bool IsAllowedReadOnly(PendingProposal proposal) =>
        proposal.Kind == EntryKind.Session && SessionControl.TryDecode(proposal.Data.Span, out SessionControl? control) && control.Operation != SessionOperation.Open;
}
