using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// What a membership as a whole has decided: while a change is under way, a quorum of the old voters and one of the
/// new have to agree, each by its own rule (thesis section 4.3; <see cref="QuorumRule"/>). Learners do not count.
/// </summary>
internal static class JointQuorum
{
    private const int VotersOnStack = 32;

    /// <summary>The highest value that a quorum has reached.</summary>
    /// <param name="membership">Who counts.</param>
    /// <param name="kind">What the quorum is for.</param>
    /// <param name="state">Handed to <paramref name="valueOf"/>, so that it needs no closure.</param>
    /// <param name="valueOf">The value of one voter; not negative.</param>
    public static long HighestReached<TState>(StreamMembership membership, QuorumKind kind, TState state, Func<TState, NodeId, long> valueOf)
    {
        long incoming = HighestReached(membership.Voters, membership.VoterGroups, membership.Quorum, kind, state, valueOf);
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.JointQuorumOfNewHalf)
        {
            return incoming;
        }

#endif
        return membership.IsJoint
            ? Math.Min(incoming, HighestReached(membership.OutgoingVoters, membership.OutgoingVoterGroups, membership.OutgoingQuorum, kind, state, valueOf))
            : incoming;
    }

    /// <summary>Counts a round of votes or pre-votes in both sets.</summary>
    /// <param name="membership">Who counts.</param>
    /// <param name="answers">Yes or no of those who have answered.</param>
    public static QuorumOutcome Count(StreamMembership membership, IReadOnlyDictionary<NodeId, bool> answers)
    {
        QuorumOutcome incoming = Count(membership.Voters, membership.Quorum, answers);
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.JointQuorumOfNewHalf)
        {
            return incoming;
        }

#endif
        QuorumOutcome outgoing = Count(membership.OutgoingVoters, membership.OutgoingQuorum, answers);
        if (incoming == QuorumOutcome.Lost || outgoing == QuorumOutcome.Lost)
        {
            return QuorumOutcome.Lost;
        }

        return incoming == QuorumOutcome.Won ? outgoing : incoming;
    }

    private static long HighestReached<TState>(
        ImmutableArray<NodeId> voters, ImmutableArray<int> groups, QuorumRule rule, QuorumKind kind, TState state, Func<TState, NodeId, long> valueOf)
    {
        Span<long> values = voters.Length <= VotersOnStack ? stackalloc long[voters.Length] : new long[voters.Length];
        for (int i = 0; i < voters.Length; i++)
        {
            values[i] = valueOf(state, voters[i]);
        }

        // Before the values are sorted.
        long groupsReached = kind == QuorumKind.Commit && !rule.RequiredGroups.IsEmpty ? ReachedByGroups(values, groups, rule) : long.MaxValue;
        int size = kind == QuorumKind.Read ? rule.ReadSize(voters.Length) : rule.CommitSize(voters.Length);
        return Math.Min(groupsReached, MajorityQuorum.HighestReached(values, size));
    }

    /// <summary>The highest value that every required group has reached: in each, its furthest voter counts.</summary>
    private static long ReachedByGroups(ReadOnlySpan<long> values, ImmutableArray<int> groups, QuorumRule rule)
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.GroupsIgnored)
        {
            return long.MaxValue;
        }

#endif
        long all = long.MaxValue;
        foreach (int group in rule.RequiredGroups)
        {
            long furthest = 0;
            for (int i = 0; i < values.Length; i++)
            {
                furthest = groups[i] == group ? Math.Max(furthest, values[i]) : furthest;
            }

            all = Math.Min(all, furthest);
        }

        return all;
    }

    private static QuorumOutcome Count(ImmutableArray<NodeId> voters, QuorumRule rule, IReadOnlyDictionary<NodeId, bool> answers)
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

        return MajorityQuorum.Count(voters.Length, rule.ElectionSize(voters.Length), granted, refused);
    }
}
