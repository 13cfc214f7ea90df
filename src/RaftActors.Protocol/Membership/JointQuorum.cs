using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// What a membership as a whole has decided: while a change is under way, a majority of the old voters and one of the
/// new have to agree (thesis section 4.3). Learners do not count.
/// </summary>
internal static class JointQuorum
{
    private const int VotersOnStack = 32;

    /// <summary>The highest value that a quorum has reached.</summary>
    /// <param name="membership">Who counts.</param>
    /// <param name="state">Handed to <paramref name="valueOf"/>, so that it needs no closure.</param>
    /// <param name="valueOf">The value of one voter.</param>
    public static long HighestReached<TState>(StreamMembership membership, TState state, Func<TState, NodeId, long> valueOf)
    {
        long incoming = HighestReached(membership.Voters, state, valueOf);
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.JointQuorumOfNewHalf)
        {
            return incoming;
        }

#endif
        return membership.IsJoint ? Math.Min(incoming, HighestReached(membership.OutgoingVoters, state, valueOf)) : incoming;
    }

    /// <summary>Counts a round of votes in both sets.</summary>
    /// <param name="membership">Who counts.</param>
    /// <param name="answers">Yes or no of those who have answered.</param>
    public static QuorumOutcome Count(StreamMembership membership, IReadOnlyDictionary<NodeId, bool> answers)
    {
        QuorumOutcome incoming = Count(membership.Voters, answers);
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.JointQuorumOfNewHalf)
        {
            return incoming;
        }

#endif
        QuorumOutcome outgoing = Count(membership.OutgoingVoters, answers);
        if (incoming == QuorumOutcome.Lost || outgoing == QuorumOutcome.Lost)
        {
            return QuorumOutcome.Lost;
        }

        return incoming == QuorumOutcome.Won ? outgoing : incoming;
    }

    private static long HighestReached<TState>(ImmutableArray<NodeId> voters, TState state, Func<TState, NodeId, long> valueOf)
    {
        Span<long> values = voters.Length <= VotersOnStack ? stackalloc long[voters.Length] : new long[voters.Length];
        for (int i = 0; i < voters.Length; i++)
        {
            values[i] = valueOf(state, voters[i]);
        }

        return MajorityQuorum.HighestReached(values);
    }

    private static QuorumOutcome Count(ImmutableArray<NodeId> voters, IReadOnlyDictionary<NodeId, bool> answers)
    {
        int granted = 0;
        int refused = 0;
        foreach (NodeId voter in voters)
        {
            if (answers.TryGetValue(voter, out bool yes))
            {
                granted += yes ? 1 : 0;
                refused += yes ? 0 : 1;
            }
        }

        return MajorityQuorum.Count(voters.Length, granted, refused);
    }
}
