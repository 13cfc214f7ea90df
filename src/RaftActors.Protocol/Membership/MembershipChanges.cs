using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// How a leader changes the membership (thesis chapter 4): one change at a time, newcomers as learners first, one vote in a single step (section 4.1), more
/// by joint consensus (section 4.3), which is always left again, also by a leader that finds it in its log.
/// </summary>
internal sealed class MembershipChanges
{
    private readonly RaftState _state;
    private readonly LeaderReplication _replication;
    private readonly LeadershipTransfers _transfers;

    public MembershipChanges(RaftState state, LeaderReplication replication, LeadershipTransfers transfers)
    {
        _state = state;
        _replication = replication;
        _transfers = transfers;
    }

    /// <summary>An operator wants a change.</summary>
    public void OnChange(RaftInput.ChangeMembership input)
    {
        if (WhyNot(input.Change) is { } refusal)
        {
            Refuse(input.Ticket, refusal.Refusal, refusal.Reason);
            return;
        }

        Leadership leadership = _state.Leadership!;
        if (leadership.Change is { Failure: null } open && input.Change is MembershipChange.Remove remove && open.IsWaitingFor(remove.Id))
        {
            open.Withdraw(remove.Id, input.Ticket);
            return;
        }

        if (input.Change is MembershipChange.ChangeQuorum && leadership.Change is { IsDecided: true } stuck && !_state.Membership.IsJoint)
        {
            // It waits for a group that does not answer, perhaps; whatever it leads to, this change leads on from there.
            leadership.Change = null;
            stuck.Refuse(_state, ChangeRefusal.Withdrawn, "another rule of decision took its place before it was committed");
        }

        if (leadership.Change is not null || _state.Membership.IsJoint || _state.Memberships.CurrentIndex > SafeIndex(input.Change))
        {
            Refuse(input.Ticket, ChangeRefusal.Busy, "another change of the membership is under way");
            return;
        }

        if (TryPlan(_state.Membership, input.Change, out StreamMembership? target) is { } reason)
        {
            Refuse(input.Ticket, ChangeRefusal.Invalid, reason);
            return;
        }

        if (WhyNotWithoutTheLost(leadership, target!) is { } lost)
        {
            Refuse(input.Ticket, ChangeRefusal.Invalid, lost);
            return;
        }

        Begin(leadership, input.Ticket, target!);
    }

    /// <summary>Called at the end of every step of a leader: takes the next step of what is under way as soon as the last one is committed.</summary>
    public void Continue(Leadership leadership)
    {
        if (leadership.TakesCare)
        {
            // What is under way is for the leader that follows to finish.
            return;
        }

        bool isAtRest = leadership.Change is null && !_state.Membership.IsJoint && _state.MayCampaign;
        bool isCommitted = _state.CommitIndex >= leadership.NoOp && _state.Memberships.CurrentIndex <= _state.CommitIndex;
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.ChangeBeforeOwnCommit)
        {
            isCommitted = _state.Memberships.CurrentIndex <= _state.CommitIndex;
        }

#endif
        if (isAtRest || !isCommitted)
        {
            return;
        }

        if (_state.Membership.IsJoint)
        {
            // "Once joint consensus has been committed, the system then transitions to the new configuration" (thesis section 4.3).
            _replication.AppendMembership(leadership, EntryKind.Membership, _state.Membership.With(_state.Membership.Members));
            return;
        }

        if (leadership.Change is { } change)
        {
            Continue(leadership, change);
        }

        if (_state.Memberships.CurrentIndex <= _state.CommitIndex && !_state.MayCampaign)
        {
            _transfers.LeaveOffice(leadership);
        }
    }

    private void Continue(Leadership leadership, PendingChange change)
    {
        if (change.IsRestored)
        {
            (ChangeRefusal refusal, string reason) = change.Failure!.Value;
            leadership.Change = null;
            _state.Emit(new Effect.ChangeRefused(change.Ticket, refusal, reason, _state.Leader));
            if (change.WithdrawalTicket != 0)
            {
                _state.Emit(new Effect.ChangeAccepted(change.WithdrawalTicket, _state.Membership, _state.Memberships.CurrentIndex));
            }
        }
        else if (change.IsDecided)
        {
            leadership.Change = null;
            _state.Emit(new Effect.ChangeAccepted(change.Ticket, _state.Membership, _state.Memberships.CurrentIndex));
        }
        else if (change.Failure is not null)
        {
            Restore(leadership, change);
        }
        else
        {
            switch (change.Look(leadership, _state.Log.Last.Index, _state.Now, _state.Options))
            {
                case CatchUpState.Done:
                    Decide(leadership, change);
                    break;
                case CatchUpState.Failed:
                    Restore(leadership, change);
                    break;
            }
        }
    }

    private void Begin(Leadership leadership, long ticket, StreamMembership target)
    {
        StreamMembership original = _state.Membership;
        if (IsSame(original, target))
        {
            _state.Emit(new Effect.ChangeAccepted(ticket, original, _state.Memberships.CurrentIndex));
            return;
        }

        ImmutableArray<Member> strangers =
            [.. target.Members.Where(m => m.Kind != MemberKind.Learner && original.Find(m.Id) is null).Select(m => m with { Kind = MemberKind.Learner })];

        // Who is to vote must have the entry that makes it a learner: before that it knows of no membership and votes for nobody, and its vote may be needed at once.
        LogIndex least = strangers.IsEmpty ? _state.Log.Last.Index : _state.Log.Last.Index.Next;
        ImmutableArray<CatchUp> newcomers =
            [.. target.Voters.Where(id => id != _state.Self && !original.Voters.Contains(id)).Select(id => new CatchUp(id, least, _state.Now))];
        PendingChange change = new(ticket, original, target, newcomers);
        leadership.Change = change;
        if (!strangers.IsEmpty)
        {
            _replication.AppendMembership(leadership, EntryKind.JoinLearner, original.With([.. original.Members, .. strangers]));
        }
        else if (newcomers.IsEmpty)
        {
            Decide(leadership, change);
        }
    }

    /// <summary>The newcomers are ready: the change itself, in one step when at most one vote changes.</summary>
    private void Decide(Leadership leadership, PendingChange change)
    {
        change.IsDecided = true;
        StreamMembership current = _state.Membership;
        int added = change.Target.Voters.Count(id => !current.Voters.Contains(id));
        int removed = current.Voters.Count(id => !change.Target.Voters.Contains(id));
        if (added + removed > 1 || !QuorumRule.MayFollow(current, change.Target))
        {
            StreamMembership joint = new(change.Target.Members, current.Members, change.Target.Quorum, current.Quorum) { Recovery = current.Recovery };
            _replication.AppendMembership(leadership, EntryKind.Membership, joint);
            return;
        }

        bool isLeave = change.Target.Members.Length < current.Members.Length && added == 0;
        bool isLearnerJoin = added + removed == 0 && change.Target.Members.Length > current.Members.Length;
        EntryKind kind = added == 1 ? EntryKind.Join : isLeave ? EntryKind.Leave : isLearnerJoin ? EntryKind.JoinLearner : EntryKind.Membership;
        _replication.AppendMembership(leadership, kind, change.Target);
    }

    /// <summary>The newcomers are not ready: those that this change has taken in as learners go again.</summary>
    private void Restore(Leadership leadership, PendingChange change)
    {
        change.IsRestored = true;
        if (IsSame(_state.Membership, change.Restored!))
        {
            Continue(leadership, change);
            return;
        }

        _replication.AppendMembership(leadership, EntryKind.Leave, change.Restored!);
    }

    /// <summary>
    /// Up to where the log is safe enough for a change: committed. A change of the rule alone must be possible while a required group is gone, and then it is enough that the
    /// entry of the own term and the membership before are on as many disks as a commitment needs, groups apart: that alone is what keeps other leaders out (thesis section 4.1).
    /// </summary>
    private LogIndex SafeIndex(MembershipChange change) =>
        change is MembershipChange.ChangeQuorum && _state.IsLeader ? _replication.SafeWithoutGroups() : _state.CommitIndex;

    private (ChangeRefusal Refusal, string Reason)? WhyNot(MembershipChange change)
    {
        if (_state.Leadership is not { } leadership)
        {
            return (ChangeRefusal.NotLeader, "this member does not lead");
        }

        if (leadership.Transfer is not null)
        {
            return (ChangeRefusal.Transferring, "the leader is handing over its office");
        }

#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.ChangeBeforeOwnCommit)
        {
            return null;
        }

#endif
        return SafeIndex(change) < leadership.NoOp
            ? (ChangeRefusal.NotReady, "the leader has not committed an entry of its own term yet")
            : null;
    }

    /// <summary>Who shall belong to the stream after the change; the reason when it makes no sense.</summary>
    private static string? TryPlan(StreamMembership current, MembershipChange change, out StreamMembership? target)
    {
        target = null;
        ImmutableArray<Member> members = current.Members;
        switch (change)
        {
            case MembershipChange.Add add:
                members = [.. current.Members.Where(m => m.Id != add.Member.Id), add.Member];
                break;
            case MembershipChange.Remove remove:
                members = [.. current.Members.Where(m => m.Id != remove.Id)];
                break;
            case MembershipChange.ChangeKind { Id: NodeId id } kind:
                if (current.Find(id) is not { } member)
                {
                    return $"there is no member {id}";
                }

                Member changed = member with { Kind = kind.Kind, Priority = kind.Priority ?? member.Priority, Group = kind.Group ?? member.Group };
                members = [.. current.Members.Select(m => m.Id == id ? changed : m)];
                break;
            case MembershipChange.Replace replace:
                members = replace.Members;
                break;
        }

        members = [.. members.OrderBy(m => m.Id)];
        if (WhyImpossible(members) is { } reason)
        {
            return reason;
        }

        target = new StreamMembership(members, default, change.Quorum ?? current.Quorum) { Recovery = current.Recovery?.Without(members) };
        return target.Quorum.WhyImpossible(members);
    }

    private static string? WhyImpossible(ImmutableArray<Member> members)
    {
        for (int i = 0; i < members.Length; i++)
        {
            Member member = members[i];
            if (member.Id.IsNone || (i > 0 && members[i - 1].Id == member.Id))
            {
                return $"member id {member.Id} is 0 or appears twice";
            }

            if (member.Kind > MemberKind.LogOnly || string.IsNullOrWhiteSpace(member.Address))
            {
                return $"member {member.Id} has no kind or no address";
            }

            if (member.Group < 0)
            {
                return $"member {member.Id} has the group {member.Group}; allowed is 0 and above";
            }
        }

        return members.Any(m => m.Kind == MemberKind.Voter) ? null : "a stream needs a voter that can lead";
    }

    /// <summary>Who lost its journal counts for nothing, so a membership that cannot do without it would never be committed.</summary>
    private static string? WhyNotWithoutTheLost(Leadership leadership, StreamMembership target)
    {
        NodeId[] lost = [.. target.Voters.Where(id => leadership.Find(id) is { IsAnotherIncarnation: true })];
        bool isEnough = lost.Length == 0 || target.Voters.Length - lost.Length >= Math.Max(target.Quorum.CommitSize(target.Voters.Length), target.Quorum.ElectionSize(target.Voters.Length));
        return isEnough ? null : $"member {lost[0]} lost its journal, and the others would not be enough without it: remove it first";
    }

    private static bool IsSame(StreamMembership one, StreamMembership other) =>
        one.Quorum == other.Quorum && one.Members.OrderBy(m => m.Id).SequenceEqual(other.Members.OrderBy(m => m.Id));

    private void Refuse(long ticket, ChangeRefusal refusal, string reason) =>
        _state.Emit(new Effect.ChangeRefused(ticket, refusal, reason, _state.Leader));
}
