namespace RaftActors.Protocol;

/// <summary>
/// Asks for a vote (Raft paper section 5.2), or, as a pre-vote, whether a vote would be given (thesis section 9.6).
/// </summary>
/// <param name="Term">The term to be elected in. In a pre-vote the sender has not entered that term yet.</param>
/// <param name="LastEntry">The last entry of the candidate's log.</param>
/// <param name="PreVote">True for a pre-vote, which changes nobody's term and binds nobody.</param>
/// <param name="Transfer">True when the leader itself asked for this election, so that leader stickiness does not apply (thesis section 4.2.3).</param>
public sealed record RequestVote(Term Term, EntryId LastEntry, bool PreVote, bool Transfer = false) : PeerMessage(Term)
{
    /// <summary>When the candidate's present stay in the stream began, as its log has it (<see cref="StreamMembership.JoinedAt"/>).</summary>
    public EntryId Joined { get; init; }
}
