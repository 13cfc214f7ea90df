namespace RaftActors.Protocol;

/// <summary>
/// Rebuilds the durable facts from the journal. Without a compaction each event is simply replayed. The newest <see cref="LogCompacted"/> replaces everything that
/// stood before it, except entries behind its base: those are still needed, and the prefix that explained them may be deleted already, wholly or in part.
/// </summary>
internal static class LogRecovery
{
    /// <summary>Replays the journal.</summary>
    /// <param name="state">A new state.</param>
    /// <param name="journal">Every event, oldest first.</param>
    /// <param name="stateAt">How far the state machine is restored; null for as far as the newest snapshot.</param>
    public static void Replay(RaftState state, IEnumerable<RaftEvent> journal, LogIndex? stateAt)
    {
        IReadOnlyList<RaftEvent> facts = journal as IReadOnlyList<RaftEvent> ?? [.. journal];
        int newest = facts.Count - 1;
        while (newest >= 0 && facts[newest] is not LogCompacted)
        {
            newest--;
        }

        if (newest >= 0)
        {
            ReplayInFrontOf((LogCompacted)facts[newest], facts, newest, state);
        }

        for (int i = newest + 1; i < facts.Count; i++)
        {
            state.Recover(facts[i]);
        }

        if (state.FencedBy is { } fenced)
        {
            throw new MemberFencedException(fenced.Generation, fenced.By);
        }

        state.StateIsAt(stateAt);
    }

    private static void ReplayInFrontOf(LogCompacted compacted, IReadOnlyList<RaftEvent> facts, int end, RaftState state)
    {
        RaftLog log = state.Log;
        log.Reset(compacted.Base, JournalMark.Zero);
        List<EntryBatch> memberships = [];
        for (int i = 0; i < end; i++)
        {
            switch (facts[i])
            {
                case EntriesAppended appended:
                    log.Restore(appended.Batch);
                    if (appended.Batch.IsMembership)
                    {
                        memberships.Add(appended.Batch);
                    }

                    break;

                case EntriesOnDisk stored:
                    log.Restore(stored);
                    break;

                case RecoveryForced forced:
                    log.Restore(forced.Batch);
                    memberships.Add(forced.Batch);
                    break;
            }
        }

        log.TruncateBehind(compacted.Last.Index);
        Invariant.That(log.Last == compacted.Last, $"The log ended at {compacted.Last} when it was compacted; the journal holds entries up to {log.Last}: a part of it is missing.");

        // Of what was replaced later nothing is in the log: an entry with that index and that term is the same entry.
        memberships.RemoveAll(batch => batch.FirstIndex <= log.Base.Index || batch.FirstIndex > log.Last.Index || log.TermAt(batch.FirstIndex) != batch.Term);
        state.Recover(compacted, [.. memberships.DistinctBy(batch => batch.FirstIndex).OrderBy(batch => batch.FirstIndex)]);
    }
}
