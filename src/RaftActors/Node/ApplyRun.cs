namespace RaftActors.Runtime;

/// <summary>Committed entries of one batch on their way to the state machine, with whoever waits for them.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="From">The first index to apply.</param>
/// <param name="To">The last index to apply.</param>
/// <param name="Waiters">One per entry of the batch, from its first index on; null when nobody waits here.</param>
internal sealed record ApplyRun(EntryBatch Batch, LogIndex From, LogIndex To, PendingProposal[]? Waiters)
{
    public int Entries => (int)(To - From) + 1;

    /// <summary>
    /// Whoever waits is told that the outcome is unknown: the entries are committed, but their result is not. When the state machine has said exactly what is applied, the rest
    /// is certain, except for commands of sessions: another member may find that they were applied before, or must not be.
    /// </summary>
    public void Abandon(string reason, LogIndex? appliedTo = null)
    {
        if (Waiters is null)
        {
            return;
        }

        for (LogIndex index = From; index <= To; index = index.Next)
        {
            PendingProposal waiter = Waiters[index - Batch.FirstIndex];
            waiter.Answer(index > appliedTo && !waiter.ConcernsSession ? new CommittedNotApplied(index, Batch.Term, reason) : new OutcomeUnknown(reason));
        }
    }
}
