namespace RaftActors.Protocol;

/// <summary>
/// How a leader and a follower find the place where their logs part, a term at a time instead of an entry at a time
/// (Raft paper section 5.3, end).
/// </summary>
internal static class ConflictSearch
{
    /// <summary>
    /// What a follower tells with its refusal of <paramref name="previous"/>: the first entry of the term that stands there instead,
    /// but not below what is committed, since that matches any leader; nothing when its log is too short.
    /// </summary>
    public static EntryId HintFor(RaftLog log, EntryId previous, LogIndex commit)
    {
        if (previous.Index > log.Last.Index)
        {
            return default;
        }

        EntryId first = log.FirstOfTermAt(previous.Index);
        return first with { Index = LogIndex.Max(first.Index, commit.Next) };
    }

    /// <summary>
    /// Where a leader tries next. If it has entries of the follower's conflicting term, both have them from their common
    /// leader, so the logs meet at the leader's last one; if not, that whole term of the follower's has to go.
    /// </summary>
    /// <param name="log">The leader's log.</param>
    /// <param name="match">What the follower is known to have.</param>
    /// <param name="refused">The newest index that was tried as the first to send.</param>
    /// <param name="refusal">The follower's answer.</param>
    public static LogIndex NextAfter(RaftLog log, LogIndex match, LogIndex refused, AppendEntriesReply refusal)
    {
        LogIndex next = refusal.CurrentIndex.Next;
        if (refusal.ConflictHint.Term > Term.Zero)
        {
            LogIndex lastCommon = log.LastOfTerm(refusal.ConflictHint.Term);
            next = lastCommon >= refusal.ConflictHint.Index ? lastCommon.Next : refusal.ConflictHint.Index;
        }

        // Always backwards, so that the search ends whatever the peer says; never into what it has acknowledged.
        return LogIndex.Max(match.Next, LogIndex.Min(next, refused.Previous));
    }
}
