namespace RaftActors.Runtime;

/// <summary>A batch in the leader's log and whoever waits for its entries, one each.</summary>
internal sealed record WaitingBatch(EntryId First, PendingProposal[] Waiters);
