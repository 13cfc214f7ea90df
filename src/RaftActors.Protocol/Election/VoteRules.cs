namespace RaftActors.Protocol;

/// <summary>What a voter says to a <see cref="RequestVote"/>, and why.</summary>
internal enum VoteVerdict : byte
{
    /// <summary>The vote is (in a pre-vote: would be) given.</summary>
    Granted = 0,

    /// <summary>The term that was asked about is over.</summary>
    TermIsOver = 1,

    /// <summary>A leader was heard a moment ago, and it did not ask for this election itself.</summary>
    LeaderIsAlive = 2,

    /// <summary>The vote of that term is taken.</summary>
    VotedForAnother = 3,

    /// <summary>The candidate's log lacks entries that this voter has.</summary>
    LogIsBehind = 4,

    /// <summary>This member is joining the stream and knows nothing of it yet; see <see cref="RaftState.IsJoining"/>.</summary>
    IsJoining = 5,

    /// <summary>The candidate was removed from the stream.</summary>
    CandidateIsRemoved = 6,
}

/// <summary>What a voter knows when it is asked for its vote.</summary>
/// <param name="Term">Its term.</param>
/// <param name="VotedFor">The vote it has cast in that term.</param>
/// <param name="LastEntry">The end of its log.</param>
/// <param name="LeaderIsAlive">Whether it has heard a leader within the shortest election timeout, or leads itself.</param>
internal readonly record struct Voter(Term Term, NodeId VotedFor, EntryId LastEntry, bool LeaderIsAlive);

/// <summary>
/// When a vote is given (Raft paper sections 5.2 and 5.4.1; pre-vote: thesis section 9.6; leader stickiness: thesis
/// section 4.2.3). Answers only; it neither sends nor changes anything.
/// </summary>
internal static class VoteRules
{
    /// <summary>Judges one request.</summary>
    public static VoteVerdict Judge(in Voter voter, NodeId candidate, RequestVote request)
    {
        if (request.Term < voter.Term)
        {
            return VoteVerdict.TermIsOver;
        }

        if (voter.LeaderIsAlive && !request.Transfer)
        {
            return VoteVerdict.LeaderIsAlive;
        }

        bool voteIsTaken = request.Term == voter.Term && !voter.VotedFor.IsNone && voter.VotedFor != candidate;
        if (voteIsTaken)
        {
            return VoteVerdict.VotedForAnother;
        }

        return request.LastEntry.IsAtLeastAsUpToDateAs(voter.LastEntry) ? VoteVerdict.Granted : VoteVerdict.LogIsBehind;
    }
}
