namespace RaftActors.Protocol;

/// <summary>
/// Names an entry for all time: two logs that hold an entry with the same id hold the same entries up to it
/// (Log Matching, Raft paper section 5.3).
/// </summary>
/// <param name="Term">The term in which a leader created the entry.</param>
/// <param name="Index">Where it stands in the log.</param>
public readonly record struct EntryId(Term Term, LogIndex Index)
{
    /// <summary>The position before the first entry.</summary>
    public static EntryId Zero => default;

    /// <summary>
    /// The voting restriction (Raft paper section 5.4.1): compares the term of the last entries first, and the
    /// length only when the terms are equal.
    /// </summary>
    public bool IsAtLeastAsUpToDateAs(EntryId other)
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.VoteComparesLengthFirst)
        {
            return Index > other.Index || (Index == other.Index && Term >= other.Term);
        }

#endif
        return Term > other.Term || (Term == other.Term && Index >= other.Index);
    }

    /// <summary>True when this entry was made later than <paramref name="other"/>: along a log, and from one leader to the next, terms and indexes of entries that were committed only rise.</summary>
    internal bool IsBehind(EntryId other) => Term > other.Term || (Term == other.Term && Index > other.Index);

    /// <inheritdoc/>
    public override string ToString() => $"{Term}:{Index}";
}
