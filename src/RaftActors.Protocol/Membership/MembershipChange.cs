using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>What an operator wants of the membership. The leader finds the safe way to it (thesis chapter 4).</summary>
public abstract record MembershipChange
{
    private protected MembershipChange()
    {
    }

    /// <summary>How many decide from then on; null to keep the present rule. When the rule does not fit the members after the change, the change is refused.</summary>
    public QuorumRule? Quorum { get; init; }

    /// <summary>
    /// Adds a member, or gives a present one this kind, address and priority. Who is to have a vote first catches up as a learner.
    /// </summary>
    /// <param name="Member">The member as it shall be.</param>
    public sealed record Add(Member Member) : MembershipChange;

    /// <summary>Removes a member, the leader itself included; or withdraws one that is being added and does not catch up.</summary>
    /// <param name="Id">The member.</param>
    public sealed record Remove(NodeId Id) : MembershipChange;

    /// <summary>Gives a present member another kind: promotes a learner, demotes a voter.</summary>
    /// <param name="Id">The member.</param>
    /// <param name="Kind">Its kind from then on.</param>
    /// <param name="Priority">Its priority from then on; null to keep it.</param>
    /// <param name="Group">Its group from then on; null to keep it.</param>
    public sealed record ChangeKind(NodeId Id, MemberKind Kind, int? Priority = null, int? Group = null) : MembershipChange;

    /// <summary>
    /// Gives the stream another rule of decision (<see cref="MembershipChange.Quorum"/>) and keeps the members. The only change that is possible while a required group does not answer:
    /// a rule that no longer requires it is committed by the new rule.
    /// </summary>
    public sealed record ChangeQuorum : MembershipChange
    {
        /// <summary>Makes a change.</summary>
        /// <param name="rule">How many decide from then on.</param>
        public ChangeQuorum(QuorumRule rule)
        {
            ArgumentNullException.ThrowIfNull(rule);
            Quorum = rule;
        }
    }

    /// <summary>Any membership in place of the present one, by joint consensus when more than one vote changes (thesis section 4.3).</summary>
    /// <param name="Members">Everybody who shall belong to the stream.</param>
    public sealed record Replace(ImmutableArray<Member> Members) : MembershipChange;
}

/// <summary>Why a change of the membership did not happen. The numbers are part of the wire format.</summary>
public enum ChangeRefusal : byte
{
    /// <summary>This member does not lead.</summary>
    NotLeader = 0,

    /// <summary>The leader has not committed an entry of its own term yet (thesis section 4.1, and the correction of 2015); try again in a moment.</summary>
    NotReady = 1,

    /// <summary>Another change is under way: one at a time (thesis section 4.1).</summary>
    Busy = 2,

    /// <summary>The change makes no sense.</summary>
    Invalid = 3,

    /// <summary>A new voter did not catch up in time or in rounds; it has been taken out again (thesis section 4.2.1).</summary>
    DidNotCatchUp = 4,

    /// <summary>The operator removed the new member before it had caught up.</summary>
    Withdrawn = 5,

    /// <summary>The leader lost its office meanwhile: the change may or may not take place.</summary>
    LeadershipLost = 6,

    /// <summary>The leader is handing over its office.</summary>
    Transferring = 7,
}
