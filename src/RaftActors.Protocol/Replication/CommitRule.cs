namespace RaftActors.Protocol;

/// <summary>The commit rule alone (Raft paper sections 5.3 and 5.4.2).</summary>
internal static class CommitRule
{
    /// <summary>
    /// The new commit index of a leader: the highest index that a quorum has on disk, provided that the entry there is of the
    /// leader's own term. Entries of earlier terms are committed with it, never by counting (figure 8 of the paper).
    /// </summary>
    /// <param name="log">The leader's log.</param>
    /// <param name="term">The leader's term.</param>
    /// <param name="commit">The commit index so far.</param>
    /// <param name="quorumIndex">The highest index that a quorum has on disk.</param>
    public static LogIndex Advance(RaftLog log, Term term, LogIndex commit, LogIndex quorumIndex)
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.CommitCountsOlderTerms)
        {
            return LogIndex.Max(commit, quorumIndex);
        }

#endif
        return quorumIndex > commit && log.TermAt(quorumIndex) == term ? quorumIndex : commit;
    }
}
