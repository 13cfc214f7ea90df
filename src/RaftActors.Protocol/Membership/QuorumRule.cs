using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// How many voters decide, and which groups have to be among those that commit. Part of the membership and replicated with it, so that every member counts by the same
/// rule in each membership. Immutable, compared by value.
/// </summary>
/// <remarks>
/// Sources: NuRaft's <c>custom_commit_quorum_size</c> and <c>custom_election_quorum_size</c>, DCF's <c>MAJORITY_GROUPS</c>. A smaller commit quorum is paid for with a larger election
/// quorum: <c>commit + election</c> must be more than the voters, or a leader could be elected that lacks what is committed; <c>2 * election</c> must be more than the voters, or one term
/// could have two leaders.
/// </remarks>
public sealed record QuorumRule
{
    /// <summary>A majority commits, a majority elects, no group is required.</summary>
    public static QuorumRule Majority { get; } = new();

    /// <summary>How many voters must have an entry on disk before it is committed, the leader included; 0 for a majority, else 1 to the number of voters.</summary>
    public int Commit { get; init; }

    /// <summary>How many votes elect a leader; 0 for a majority, else 1 to the number of voters.</summary>
    public int Election { get; init; }

    /// <summary>
    /// Groups (<see cref="Member.Group"/>), each of which must have an entry on the disk of one of its voters before it is committed; each once, above 0. Empty for none.
    /// This makes commitment stricter, never looser. While a required group has no voter that answers, nothing is committed.
    /// </summary>
    public ImmutableArray<int> RequiredGroups { get; init; } = [];

    /// <summary>True when nothing differs from a plain majority.</summary>
    public bool IsMajority => Commit == 0 && Election == 0 && RequiredGroups.IsEmpty;

    /// <summary>How many of <paramref name="voters"/> voters commit (groups apart).</summary>
    /// <param name="voters">The number of voters.</param>
    public int CommitSize(int voters) => Commit == 0 ? MajorityQuorum.SizeOf(voters) : Commit;

    /// <summary>How many of <paramref name="voters"/> voters elect a leader.</summary>
    /// <param name="voters">The number of voters.</param>
    public int ElectionSize(int voters) => Election == 0 ? MajorityQuorum.SizeOf(voters) : Election;

    /// <summary>How many of <paramref name="voters"/> voters, the leader among them, prove by their answer that no other leader has been elected: what reads, leases and the leader's own check rest on.</summary>
    /// <param name="voters">The number of voters.</param>
    /// <remarks>
    /// It has to share a voter with every election quorum of this membership and of the one before or behind it, by which others may still (or already) count. A majority does: every election
    /// quorum holds a majority, and majorities of neighbouring memberships meet. So does a commit quorum, which is checked against both election quorums before a change (<see cref="MayFollow"/>).
    /// The smaller of the two is enough. <c>voters - election + 1</c> would be enough within one membership, but not while a change of the membership is on its way.
    /// </remarks>
    public int ReadSize(int voters) => Math.Min(CommitSize(voters), MajorityQuorum.SizeOf(voters));

    /// <summary>Why these members cannot decide by this rule; null when they can.</summary>
    /// <param name="members">All members.</param>
    public string? WhyImpossible(ImmutableArray<Member> members)
    {
        int voters = members.Count(m => m.Kind != MemberKind.Learner);
        if (Commit < 0 || Election < 0 || Commit > voters || Election > voters)
        {
            return $"a commit quorum of {Commit} and an election quorum of {Election} do not fit {voters} voters; allowed is 0 (a majority) or 1 to {voters}";
        }

        for (int i = 0; i < RequiredGroups.Length; i++)
        {
            int group = RequiredGroups[i];
            if (group <= 0 || RequiredGroups.IndexOf(group) != i)
            {
                return $"the required group {group} is not above 0 or stands twice";
            }

            if (!members.Any(m => m.Kind != MemberKind.Learner && m.Group == group))
            {
                return $"the required group {group} has no voter: nothing could be committed";
            }
        }

#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.QuorumsNeedNotIntersect)
        {
            return null;
        }

#endif
        int commit = CommitSize(voters);
        int election = ElectionSize(voters);
        return voters == 0 ? null
            : commit + election <= voters ? $"a commit quorum of {commit} and an election quorum of {election} of {voters} voters need not share a voter; their sum must be above {voters}"
            : 2 * election <= voters ? $"an election quorum of {election} of {voters} voters would allow two leaders in one term; twice the election quorum must be above {voters}"
            : null;
    }

    /// <summary>
    /// Whether a leader may go from one membership to the next in a single step: every election quorum of either shares a voter with every commit quorum and every election quorum of the
    /// other. Majorities that differ by one voter always do (thesis section 4.1); where this fails, a joint membership lies between (section 4.3).
    /// </summary>
    internal static bool MayFollow(StreamMembership from, StreamMembership to)
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.QuorumsNeedNotIntersect)
        {
            return true;
        }

#endif
        int all = from.Voters.Union(to.Voters).Count();
        int commitBefore = from.Quorum.CommitSize(from.Voters.Length);
        int electionBefore = from.Quorum.ElectionSize(from.Voters.Length);
        int commitAfter = to.Quorum.CommitSize(to.Voters.Length);
        int electionAfter = to.Quorum.ElectionSize(to.Voters.Length);
        return commitBefore + electionAfter > all && commitAfter + electionBefore > all && electionBefore + electionAfter > all;
    }

    /// <inheritdoc/>
    public bool Equals(QuorumRule? other) =>
        other is not null && Commit == other.Commit && Election == other.Election && RequiredGroups.AsSpan().SequenceEqual(other.RequiredGroups.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Commit, Election, RequiredGroups.Length);

    /// <inheritdoc/>
    public override string ToString()
    {
        string text = Commit == 0 && Election == 0 ? "majority" : $"commit {Size(Commit)} election {Size(Election)}";
        return RequiredGroups.IsEmpty ? text : $"{text} groups {string.Join(',', RequiredGroups)}";
    }

    private static string Size(int size) => size == 0 ? "majority" : size.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
