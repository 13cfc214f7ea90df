namespace RaftActors.Runtime;

/// <summary>A batch in the leader's log, whoever waits for its entries, one each, and since when.</summary>
internal sealed record WaitingBatch(EntryId First, PendingProposal[] Waiters, TimeSpan Since);
