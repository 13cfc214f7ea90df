namespace RaftActors.Protocol;

/// <summary>The answer to a <see cref="RequestVote"/>; a promise when it grants a vote.</summary>
/// <param name="Term">The voter's own term.</param>
/// <param name="RequestTerm">The term that was asked about; tells late answers of an earlier round.</param>
/// <param name="PreVote">True when a pre-vote is answered.</param>
/// <param name="Granted">True when the vote is (or, in a pre-vote, would be) given.</param>
/// <param name="CandidateIsRemoved">True when the candidate was removed from the stream and its log does not reach that far.</param>
public sealed record RequestVoteReply(
    Term Term,
    Term RequestTerm,
    bool PreVote,
    bool Granted,
    bool CandidateIsRemoved = false) : PeerMessage(Term), IPromise;
