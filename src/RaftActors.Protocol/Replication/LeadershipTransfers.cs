namespace RaftActors.Protocol;

/// <summary>A transfer under way. Only a leader has one, and only one.</summary>
/// <param name="Ticket">Whose request it is; 0 for the leader's own.</param>
/// <param name="Target">Who is to lead.</param>
/// <param name="EndsAt">When the leader serves on.</param>
/// <param name="Leaves">True when the leader gives up its office then instead: it does not belong to the stream any more.</param>
/// <param name="TakesCare">True when the leader is a log-only voter: it is there to hand over and for nothing else, from its first step to its last. Target is none until somebody is up to date.</param>
internal sealed record PendingTransfer(long Ticket, NodeId Target, TimeSpan EndsAt, bool Leaves = false, bool TakesCare = false);

/// <summary>
/// Leadership transfer (thesis section 3.10): the leader takes in nothing new, brings the target up to date and asks it to stand for election at once. A
/// target that does not win in time has had its chance: the leader serves on.
/// </summary>
internal sealed class LeadershipTransfers
{
    private const string NoLongerLeads = "the stream's membership no longer lets this member lead";

    private readonly RaftState _state;
    private readonly RoleTransitions _roles;
    private Leadership? _watched;
    private NodeId _preferred;
    private TimeSpan _preferredSince;

    public LeadershipTransfers(RaftState state, RoleTransitions roles)
    {
        _state = state;
        _roles = roles;
    }

    /// <summary>An operator wants another leader.</summary>
    public void OnTransfer(RaftInput.TransferLeadership input)
    {
        NodeId target = input.Target.IsNone && _state.Leadership is { } office ? Furthest(office)?.Id ?? NodeId.None : input.Target;
        TransferOutcome? refusal = _state.Leadership switch
        {
            null => TransferOutcome.NotLeader,
            { Transfer: not null } => TransferOutcome.Busy,
            _ when target == _state.Self => TransferOutcome.LeadsAlready,
            _ when !MayLead(target) => TransferOutcome.NoTarget,
            _ => null,
        };
        if (refusal is { } outcome)
        {
            _state.Emit(new Effect.TransferEnded(input.Ticket, outcome, target));
            return;
        }

        Begin(_state.Leadership!, input.Ticket, target, input.Timeout);
    }

    /// <summary>Gives up the office at once; whoever is furthest is asked to follow in it.</summary>
    public void HandOver(string reason)
    {
        if (_state.Leadership is { } leadership && Furthest(leadership) is { } next)
        {
            leadership.Lease.End();
            _state.Send(next.Id, new TimeoutNow(_state.Term));
        }

        _roles.BecomeFollower(_state.Term, NodeId.None, NodeId.None, reason);
    }

    /// <summary>
    /// The membership no longer lets this member lead, and that is committed (thesis section 4.2.2). It takes in nothing new, and brings somebody up to
    /// date before it goes, so that nothing that is under way is lost without need; but not for long.
    /// </summary>
    public void LeaveOffice(Leadership leadership)
    {
        if (leadership.Transfer is { Leaves: true })
        {
            return;
        }

        if (leadership.Transfer is { } open)
        {
            leadership.Transfer = open with { Leaves = true };
        }
        else if (Furthest(leadership) is { } next)
        {
            leadership.Transfer = new PendingTransfer(0, next.Id, _state.Now + (2 * _state.Options.ElectionTimeoutMax), Leaves: true);
            AskIfReady(leadership, leadership.Transfer);
        }
        else
        {
            HandOver(NoLongerLeads);
        }
    }

    /// <summary>A peer has acknowledged something: when it is the target and has everything, it is its turn.</summary>
    public void OnAcknowledged(Leadership leadership, NodeId from)
    {
        if (leadership.Transfer is { TakesCare: true } care)
        {
            AskSuccessor(leadership, care);
        }
        else if (leadership.Transfer is { } transfer && transfer.Target == from)
        {
            AskIfReady(leadership, transfer);
        }
    }

    /// <summary>With each heartbeat: asks again, or gives up; and looks whether somebody else should lead.</summary>
    public void OnHeartbeat(Leadership leadership)
    {
        if (leadership.Transfer is not { } transfer)
        {
            WatchPriorities(leadership);
        }
        else if (transfer.TakesCare)
        {
            AskSuccessor(leadership, transfer);
        }
        else if (_state.Now >= transfer.EndsAt)
        {
            leadership.Transfer = null;
            _state.Emit(new Effect.TransferEnded(transfer.Ticket, TransferOutcome.TimedOut, transfer.Target));
            if (transfer.Leaves)
            {
                HandOver(NoLongerLeads);
            }
        }
        else
        {
            AskIfReady(leadership, transfer);
        }
    }

    private void Begin(Leadership leadership, long ticket, NodeId target, TimeSpan timeout)
    {
        leadership.Transfer = new PendingTransfer(ticket, target, _state.Now + timeout);
        AskIfReady(leadership, leadership.Transfer);
    }

    private void AskIfReady(Leadership leadership, PendingTransfer transfer)
    {
        if (leadership.Find(transfer.Target)?.Match == _state.Log.Last.Index)
        {
            leadership.Lease.End();
            _state.Send(transfer.Target, new TimeoutNow(_state.Term));
        }
    }

    /// <summary>
    /// A caretaker asks the first electable voter that has all of its log, and another one when that one has not taken over within an election timeout. It never serves on: while
    /// nobody can take over, it keeps bringing the others up to date.
    /// </summary>
    private void AskSuccessor(Leadership leadership, PendingTransfer care)
    {
        if (_state.Now < care.EndsAt)
        {
            // Somebody was asked a moment ago. Two candidates at once would only take votes from each other.
            return;
        }

        PeerProgress? next = null;
        foreach (PeerProgress peer in leadership.Peers)
        {
            bool isReady = MayLead(peer.Id) && peer.Match == _state.Log.Last.Index && _state.Now - peer.LastHeard < _state.Options.ElectionTimeoutMin;
            if (isReady && (next is null || next.Id == care.Target || (peer.Id != care.Target && Rank(peer).CompareTo(Rank(next)) > 0)))
            {
                next = peer;
            }
        }

        if (next is not null)
        {
            leadership.Transfer = care with { Target = next.Id, EndsAt = _state.Now + _state.Options.ElectionTimeoutMax };
            _state.Send(next.Id, new TimeoutNow(_state.Term));
        }
    }

    /// <summary>
    /// A voter with a higher priority takes over when it has been as far as the stream for long enough. After a transfer that failed, the wait begins again.
    /// </summary>
    private void WatchPriorities(Leadership leadership)
    {
        if (_state.Options.PrioritySwitchAfter == TimeSpan.Zero || _state.Options.ManualElection || leadership.Change is not null)
        {
            return;
        }

        int best = _state.Membership.Find(_state.Self)?.Priority ?? 0;
        NodeId wanted = NodeId.None;
        foreach (Member member in _state.Membership.Members)
        {
            bool isBetter = member.Kind == MemberKind.Voter && member.Priority > best;
            if (isBetter && leadership.Find(member.Id) is { State: PeerState.Replicating } peer && peer.Match >= _state.CommitIndex)
            {
                best = member.Priority;
                wanted = member.Id;
            }
        }

        if (wanted != _preferred || _watched != leadership)
        {
            _watched = leadership;
            _preferred = wanted;
            _preferredSince = _state.Now;
        }
        else if (!wanted.IsNone && _state.Now - _preferredSince >= _state.Options.PrioritySwitchAfter)
        {
            _preferred = NodeId.None;
            Begin(leadership, 0, wanted, _state.Options.ElectionTimeoutMax);
        }
    }

    /// <summary>The voter with the longest log; between equals the one that is wanted most, then the one heard last.</summary>
    private PeerProgress? Furthest(Leadership leadership)
    {
        PeerProgress? best = null;
        foreach (PeerProgress peer in leadership.Peers)
        {
            if (MayLead(peer.Id) && (best is null || Rank(peer).CompareTo(Rank(best)) > 0))
            {
                best = peer;
            }
        }

        return best;
    }

    private (long Match, int Priority, long Heard) Rank(PeerProgress peer) =>
        (peer.Match.Value, _state.Membership.Find(peer.Id)!.Priority, peer.LastHeard.Ticks);

    private bool MayLead(NodeId id) => id != _state.Self && _state.Membership.Members.Any(m => m.Id == id && m.Kind == MemberKind.Voter);
}
