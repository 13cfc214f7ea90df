namespace RaftActors.Protocol;

/// <summary>
/// More than half of a set of voters: any two such majorities share a voter, on which every safety argument of Raft
/// rests (Raft paper sections 5.2 and 5.4). The empty set agrees to everything, so that it does not restrict a joint quorum.
/// </summary>
internal static class MajorityQuorum
{
    /// <summary>How many voters of <paramref name="voters"/> make a majority.</summary>
    public static int SizeOf(int voters) => (voters / 2) + 1;

    /// <summary>
    /// The highest value that a majority has reached (Raft paper section 5.3, for commit indexes; the same for the time
    /// of last contact and for confirmed tokens).
    /// </summary>
    /// <param name="values">One value of each voter; sorted in place.</param>
    public static long HighestReached(Span<long> values)
    {
        if (values.IsEmpty)
        {
            return long.MaxValue;
        }

        values.Sort();
        return values[values.Length - SizeOf(values.Length)];
    }

    /// <summary>Counts a round of votes (Raft paper section 5.2).</summary>
    public static QuorumOutcome Count(int voters, int granted, int refused)
    {
        if (voters == 0 || granted >= SizeOf(voters))
        {
            return QuorumOutcome.Won;
        }

        return voters - refused < SizeOf(voters) ? QuorumOutcome.Lost : QuorumOutcome.Pending;
    }
}
