namespace RaftActors.Protocol;

/// <summary>
/// What a message can possibly say. Peers are strangers until proven: a message that breaks these rules changes nothing. The
/// rules need no state but the membership and the term, so that no handler has to think of them.
/// </summary>
/// <remarks>
/// A member may be behind the stream: a leader or a candidate that it does not know yet may be in a membership that has not arrived here, and is heard
/// (thesis section 4.1, "servers process incoming RPC requests without consulting their current configurations"). Answers are taken from members only.
/// </remarks>
internal static class MessageRules
{
    /// <summary>No log and no term ever gets there; behind it there is room for arithmetic.</summary>
    public const long HighestPosition = 1L << 62;

    /// <summary>
    /// How far a peer's term may be ahead. A term costs its member a write to disk, so no member falls that far behind; but a
    /// member that believed it would write it down, and one wrong message would use up the terms of the stream for good.
    /// </summary>
    public const long FurthestTerm = 1L << 32;

    /// <summary>Why this message is impossible, in words; null when it is not.</summary>
    public static string? WhyImpossible(StreamMembership membership, Term term, NodeId self, NodeId from, PeerMessage message)
    {
        if (from.IsNone)
        {
            return "nobody has sent it";
        }

        if (from == self)
        {
            return "a member does not write to itself";
        }

        if (membership.Find(from) is null && message is not (AppendEntries or InstallSnapshot or RequestVote or TimeoutNow or AppendEntriesReply or RecoveryNotice or Introduction))
        {
            return "the sender is not a member of the stream";
        }

        // A negative term is for the rules below; so the difference does not overflow.
        if (message.Term.Value - term.Value > FurthestTerm || message.Term.Value > HighestPosition)
        {
            return $"term {message.Term} is too far from term {term}";
        }

        return message switch
        {
            RequestVote { Term.Value: <= 0 } => "a vote is asked for in term 0",
            RequestVote { Joined: var joined } when joined.Index.Value is < 0 or > HighestPosition => "a candidate joined at an impossible place",
            RequestVote request => WhyImpossible(request.LastEntry, request.Term),
            RequestVoteReply reply => reply.Term < Term.Zero || reply.RequestTerm <= Term.Zero ? "a vote is answered in term 0" : null,
            AppendEntries append => WhyImpossible(append),
            AppendEntriesReply { Term.Value: > 0, Token: > 0, CurrentIndex.Value: >= 0 and <= HighestPosition, ConflictHint.Index.Value: >= 0 and <= HighestPosition, Applied.Value: >= 0 and <= HighestPosition } => null,
            AppendEntriesReply => "an append is answered without a term or a token, or with an impossible position",
            InstallSnapshot install => WhyImpossible(install),
            InstallSnapshotReply { Term.Value: > 0, Token: > 0, Snapshot.Value: > 0, Offset: >= 0 } => null,
            InstallSnapshotReply => "a snapshot is answered without a term or a token, or with an impossible position",
            Introduction introduction => introduction.Term < Term.Zero || introduction.Known.Any(m => m.Incarnation == 0 || m.Member.IsNone) ? "somebody without an id or an incarnation is introduced" : null,
            TimeoutNow request => request.Term <= Term.Zero ? "an election is asked for in term 0" : null,
            ReadIndexRequest request => request.Term <= Term.Zero ? "a read is asked for in term 0" : null,
            ReadIndexReply reply => reply.Term <= Term.Zero || reply.Index.Value is < 0 or > HighestPosition ? "a read is answered with an impossible position" : null,
            RecoveryNotice notice => notice.Term <= Term.Zero || notice.Membership.Recovery is not { Since.Value: > 0 and <= HighestPosition, Base.Index.Value: >= 0 and <= HighestPosition } ? "a notice of a recovery says nothing of it" : null,
            _ => $"messages of type {message.GetType().Name} are unknown",
        };
    }

    private static string? WhyImpossible(AppendEntries append)
    {
        if (append.Term <= Term.Zero || append.Token == 0 || append.Commit < LogIndex.Zero)
        {
            return "an append has no term, no token or no commit index";
        }

        if (WhyImpossible(append.Previous, append.Term) is { } impossible)
        {
            return impossible;
        }

        EntryId last = append.Previous;
        for (int i = 0; i < append.Batches.Count; i++)
        {
            EntryBatch batch = append.Batches[i];
            if (batch.FirstIndex != last.Index.Next || batch.Term < last.Term)
            {
                return $"batch {batch} cannot stand behind entry {last}";
            }

            if (batch.IsMembership && batch[batch.FirstIndex] is var entry && !MembershipCodec.TryDecode(entry.Data.Span, out _))
            {
                return $"entry {entry.Id} does not hold a membership";
            }

            last = batch.LastId;
        }

        return WhyImpossible(last, append.Term);
    }

    private static string? WhyImpossible(InstallSnapshot install)
    {
        bool isPossible = install.Term > Term.Zero
            && install.Token != 0
            && install.Snapshot.Last.Index > LogIndex.Zero
            && install.Offset >= 0
            && install.End <= install.TotalSize
            && (install.Data.Length > 0 || install.TotalSize == 0);
        return isPossible ? WhyImpossible(install.Snapshot.Last, install.Term) : "a snapshot block has no term, no token, no entry or no place in its snapshot";
    }

    private static string? WhyImpossible(EntryId entry, Term term)
    {
        bool isPossible = entry.Index.Value is >= 0 and <= HighestPosition
            && entry.Term >= Term.Zero
            && entry.Term <= term
            && (entry.Index == LogIndex.Zero) == (entry.Term == Term.Zero);
        return isPossible ? null : $"entry {entry} cannot exist in term {term}";
    }
}
