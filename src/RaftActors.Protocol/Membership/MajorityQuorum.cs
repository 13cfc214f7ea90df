namespace RaftActors.Protocol;

/// <summary>
/// More than half of a set of voters: any two such majorities share a voter, on which every safety argument of Raft
/// rests (Raft paper sections 5.2 and 5.4). The empty set agrees to everything, so that it does not restrict a joint quorum.
/// </summary>
internal static class MajorityQuorum
{
    /// <summary>How many voters of <paramref name="voters"/> make a majority.</summary>
    public static int SizeOf(int voters) => (voters / 2) + 1;

    /// <summary>The highest value that a majority has reached.</summary>
    /// <param name="values">One value of each voter; sorted in place.</param>
    public static long HighestReached(Span<long> values) => HighestReached(values, SizeOf(values.Length));

    /// <summary>
    /// The highest value that so many voters have reached (Raft paper section 5.3, for commit indexes; the same for the time
    /// of last contact and for confirmed tokens).
    /// </summary>
    /// <param name="values">One value of each voter; sorted in place.</param>
    /// <param name="size">How many make a quorum; when there are not so many, nothing is reached.</param>
    public static long HighestReached(Span<long> values, int size)
    {
        if (values.IsEmpty)
        {
            return long.MaxValue;
        }

        values.Sort();
        return size > values.Length ? 0 : values[values.Length - size];
    }

    /// <summary>Counts a round of votes (Raft paper section 5.2).</summary>
    public static QuorumOutcome Count(int voters, int size, int granted, int refused)
    {
        if (voters == 0 || granted >= size)
        {
            return QuorumOutcome.Won;
        }

        return voters - refused < size ? QuorumOutcome.Lost : QuorumOutcome.Pending;
    }
}
