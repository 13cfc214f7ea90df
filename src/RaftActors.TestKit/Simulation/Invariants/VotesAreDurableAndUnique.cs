using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// A vote leaves a member only when its journal holds it, and a member votes for one candidate in a term, crashes or not (Raft
/// paper section 5.2; "updated on stable storage before responding", figure 2). Asking for votes is a vote for oneself.
/// </summary>
public sealed class VotesAreDurableAndUnique : IClusterInvariant
{
    private readonly Dictionary<(NodeId Voter, int Incarnation, Generation Generation, Term Term), NodeId> _votes = [];

    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        switch (effect)
        {
            case Effect.Send { Message: RequestVoteReply { Granted: true, PreVote: false } vote } send:
                Check(member, vote.RequestTerm, send.To);
                break;
            case Effect.BeginVoteRound { Request: { PreVote: false } request }:
                Check(member, request.Term, member.Id);
                break;
        }
    }

    private void Check(SimulatedMember member, Term term, NodeId candidate)
    {
        TermState durable = member.Journal.DurableTerm;
        bool isDurable = durable.Term > term || (durable.Term == term && durable.VotedFor == candidate);
        if (!isDurable)
        {
            throw new InvariantBrokenException($"member {member.Id} tells of its vote for {candidate} in term {term}; its disk holds {durable}");
        }

        (NodeId, int, Generation, Term) key = (member.Id, member.Incarnation, member.Core!.Generation, term);
        if (!_votes.TryAdd(key, candidate) && _votes[key] != candidate)
        {
            throw new InvariantBrokenException($"member {member.Id} voted for {_votes[key]} and for {candidate} in term {term}");
        }
    }
}
