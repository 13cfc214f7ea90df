using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// Who belongs to a stream, and how many of them decide. While a change is under way (<see cref="IsJoint"/>) decisions need a quorum of the
/// old voters and one of the new (joint consensus, thesis section 4.3). Immutable.
/// </summary>
public sealed class StreamMembership
{
    /// <summary>Nobody.</summary>
    public static StreamMembership Empty { get; } = new([]);

    /// <summary>Makes a membership.</summary>
    /// <param name="members">The members, each id once.</param>
    /// <param name="outgoing">The voters before the change that is under way; empty when there is none.</param>
    /// <param name="quorum">How many decide; null for majorities.</param>
    /// <param name="outgoingQuorum">How many of the outgoing voters decide; null for majorities.</param>
    /// <exception cref="ArgumentException">An id is 0 or appears twice.</exception>
    public StreamMembership(ImmutableArray<Member> members, ImmutableArray<Member> outgoing = default, QuorumRule? quorum = null, QuorumRule? outgoingQuorum = null)
    {
        Members = members;
        Outgoing = outgoing.IsDefault ? [] : outgoing;
        Quorum = quorum ?? QuorumRule.Majority;
        OutgoingQuorum = outgoingQuorum ?? QuorumRule.Majority;
        VoterGroups = [.. Members.Where(m => m.Kind != MemberKind.Learner).Select(m => m.Group)];
        OutgoingVoterGroups = [.. Outgoing.Where(m => m.Kind != MemberKind.Learner).Select(m => m.Group)];
        Voters = [.. Members.Where(m => m.Kind != MemberKind.Learner).Select(m => m.Id)];
        OutgoingVoters = [.. Outgoing.Where(m => m.Kind != MemberKind.Learner).Select(m => m.Id)];
        Learners = [.. Members.Where(m => m.Kind == MemberKind.Learner).Select(m => m.Id)];
        Loggers = [.. Members.Where(m => m.Kind == MemberKind.LogOnly).Select(m => m.Id)];
        HashSet<NodeId> seen = [];
        foreach (Member member in Members)
        {
            if (member.Id.IsNone || !seen.Add(member.Id))
            {
                throw new ArgumentException($"Member id {member.Id} is 0 or appears twice.", nameof(members));
            }
        }
    }

    /// <summary>All members: voters, log-only voters and learners.</summary>
    public ImmutableArray<Member> Members { get; }

    /// <summary>The members before the change that is under way.</summary>
    public ImmutableArray<Member> Outgoing { get; }

    /// <summary>How many of <see cref="Voters"/> decide.</summary>
    public QuorumRule Quorum { get; }

    /// <summary>How many of <see cref="OutgoingVoters"/> decide.</summary>
    public QuorumRule OutgoingQuorum { get; }

    /// <summary>Ids of those with a vote (voters and log-only members).</summary>
    public ImmutableArray<NodeId> Voters { get; }

    /// <summary>Ids of those who had a vote before the change that is under way.</summary>
    public ImmutableArray<NodeId> OutgoingVoters { get; }

    /// <summary>Ids of the learners.</summary>
    public ImmutableArray<NodeId> Learners { get; }

    /// <summary>Ids of the log-only members (they vote too).</summary>
    public ImmutableArray<NodeId> Loggers { get; }

    /// <summary>The forced recovery that led here, and whom it left out; null when there was none.</summary>
    public RecoveryInfo? Recovery { get; init; }

    /// <summary>The entries that took in those members that have not been there from the beginning.</summary>
    internal ImmutableArray<(NodeId Id, EntryId Joined)> Stays { get; init; } = [];

    /// <summary>The groups of <see cref="Voters"/>, in the same order.</summary>
    internal ImmutableArray<int> VoterGroups { get; }

    /// <summary>The groups of <see cref="OutgoingVoters"/>, in the same order.</summary>
    internal ImmutableArray<int> OutgoingVoterGroups { get; }

    /// <summary>True while two sets of voters have to agree.</summary>
    public bool IsJoint => !OutgoingVoters.IsEmpty;

    /// <summary>True when <paramref name="id"/> has a vote, in the new set or the old.</summary>
    public bool IsVoter(NodeId id) => Voters.Contains(id) || OutgoingVoters.Contains(id);

    /// <summary>True when <paramref name="id"/> may lead and serve: a voter, in the new set or the old, and not log-only.</summary>
    public bool MayLead(NodeId id)
    {
        foreach (Member member in Members)
        {
            if (member.Id == id && member.Kind == MemberKind.Voter)
            {
                return true;
            }
        }

        foreach (Member member in Outgoing)
        {
            if (member.Id == id && member.Kind == MemberKind.Voter)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The member with this id, or null.</summary>
    public Member? Find(NodeId id) => Find(Members, id) ?? Find(Outgoing, id);

    /// <summary>The entry that took this member in: who is removed and added again begins another stay. Zero for the members of the beginning, and for strangers.</summary>
    /// <param name="id">The member.</param>
    public EntryId JoinedAt(NodeId id)
    {
        foreach ((NodeId member, EntryId joined) in Stays)
        {
            if (member == id)
            {
                return joined;
            }
        }

        return EntryId.Zero;
    }

    /// <summary>This membership as the entry <paramref name="at"/> that follows <paramref name="before"/>: whoever was not there joins with it.</summary>
    internal StreamMembership Following(StreamMembership before, EntryId at) => new(Members, Outgoing, Quorum, OutgoingQuorum)
    {
        Recovery = Recovery,
        Stays = [.. Peers(NodeId.None).Select(id => (id, before.Find(id) is null ? at : before.JoinedAt(id))).Where(stay => stay.Item2 != EntryId.Zero)],
    };

    /// <inheritdoc/>
    public override string ToString()
    {
        string text = $"voters {string.Join(',', Voters)}";
        text += Learners.IsEmpty ? string.Empty : $" learners {string.Join(',', Learners)}";
        text += Loggers.IsEmpty ? string.Empty : $" loggers {string.Join(',', Loggers)}";
        text += Quorum.IsMajority ? string.Empty : $" quorum {Quorum}";
        return IsJoint ? $"{text} outgoing {string.Join(',', OutgoingVoters)}{(OutgoingQuorum.IsMajority ? string.Empty : $" quorum {OutgoingQuorum}")}" : text;
    }

    /// <summary>The same stream with other members, deciding by the same rule.</summary>
    internal StreamMembership With(ImmutableArray<Member> members) => new(members, default, Quorum) { Recovery = Recovery?.Without(members) };

    /// <summary>Everybody but <paramref name="self"/>, each once, in order of ids.</summary>
    public ImmutableArray<NodeId> Peers(NodeId self) =>
        [.. Members.Concat(Outgoing).Select(m => m.Id).Where(id => id != self).Distinct().Order()];

    private static Member? Find(ImmutableArray<Member> members, NodeId id)
    {
        foreach (Member member in members)
        {
            if (member.Id == id)
            {
                return member;
            }
        }

        return null;
    }
}
