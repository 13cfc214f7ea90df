using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// Going on without a majority, because an operator says so (braft: reset_peers; DCF: minority work mode), and keeping those out that the new history knows nothing of. No paper has this: it gives up
/// durability for availability, once, and then has to keep the two histories apart. PROTOCOL.md, "Forced recovery".
/// </summary>
internal sealed class ForcedRecovery
{
    private readonly RaftState _state;
    private readonly RoleTransitions _roles;
    private readonly ElectionLogic _election;
    private readonly LeaderReplication _leader;
    private readonly MembershipChanges _changes;
    private readonly List<Member> _toPromote = [];
    private (long Ticket, JournalMark Mark)? _asked;
    private JournalMark? _fencedAt;
    private TimeSpan _toldAt;

    public ForcedRecovery(RaftState state, RoleTransitions roles, ElectionLogic election, LeaderReplication leader, MembershipChanges changes)
    {
        _state = state;
        _roles = roles;
        _election = election;
        _leader = leader;
        _changes = changes;
    }

    /// <summary>An operator forces a recovery here.</summary>
    public void OnForce(RaftInput.ForceRecovery input)
    {
        if (WhyNot(input) is { } reason)
        {
            _state.Emit(new Effect.RecoveryRefused(input.Ticket, reason));
            return;
        }

        // Alone at first: whoever else survives has its vote when it has what this member has, not before. Otherwise two that have less could elect one another.
        StreamMembership before = _state.Membership;
        ImmutableArray<Member> known = [.. before.Members.Concat(before.Outgoing.Where(o => before.Members.All(m => m.Id != o.Id)))];
        ImmutableArray<Member> members =
        [
            .. known.Where(m => input.Survivors.Contains(m.Id)).Select(m => m.Id == _state.Self ? m : m with { Kind = MemberKind.Learner }).OrderBy(m => m.Id),
        ];
        ImmutableArray<Member> excluded = [.. known.Where(m => !input.Survivors.Contains(m.Id)).Concat(before.Recovery?.Excluded ?? []).DistinctBy(m => m.Id).OrderBy(m => m.Id)];

        // Everybody begins another stay: no promise of the former history counts, so whoever has to come back with an empty disk may.
        Generation generation = new(_state.Generation.Number + 1, _state.Self);
        Term since = _state.Term.Next;
        EntryId last = _state.Log.Last;
        StreamMembership membership = new StreamMembership(members) { Recovery = new RecoveryInfo(generation, since, last, excluded).Without(members) }
            .Following(StreamMembership.Empty, new EntryId(since, last.Index.Next));

        _roles.BecomeFollower(_state.Term, NodeId.None, NodeId.None, "a recovery is forced");
        ProposedEntry entry = new(EntryKind.Membership, MembershipCodec.Encode(membership));
        _state.Persist(new RecoveryForced(
            new TermState(since, _state.Self) { Generation = generation, Since = since },
            EntryBatch.Create(since, last.Index.Next, [entry])));
        _state.WasRemoved = false;
        _toPromote.Clear();
        _toPromote.AddRange(known.Where(m => m.Kind != MemberKind.Learner && m.Id != _state.Self && input.Survivors.Contains(m.Id)));
        _asked = (input.Ticket, _state.LastMark);
        _election.OnAsked();
    }

    /// <summary>Every message says which generation its sender is of.</summary>
    /// <returns>True when the message may be looked at: both are of the same.</returns>
    public bool Admits(NodeId from, Generation generation, PeerMessage message)
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.GenerationsAreMixed)
        {
            return message is not RecoveryNotice;
        }

#endif
        if (generation == _state.Generation)
        {
            return message is not RecoveryNotice;
        }

        if (generation > _state.Generation)
        {
            if (message is RecoveryNotice notice)
            {
                OnNotice(from, generation, notice);
            }
        }
        else
        {
            Tell(from);
        }

        return false;
    }

    /// <summary>The disk has confirmed something.</summary>
    public void OnDurable()
    {
        if (_asked is { } asked && asked.Mark <= _state.Outbox.Durable)
        {
            _asked = null;
            _state.Emit(new Effect.RecoveryDone(asked.Ticket, _state.Generation, _state.Membership.Recovery?.Base ?? EntryId.Zero));
        }

        if (_fencedAt is { } mark && mark <= _state.Outbox.Durable)
        {
            (Generation generation, NodeId by) = _state.FencedBy!.Value;
            _fencedAt = null;
            _state.Emit(new Effect.Fenced(generation, MemberFencedException.Describe(generation, by)));
        }
    }

    /// <summary>With each heartbeat of a leader: tells those that do not know of the recovery yet, and those that it left out, for as long as the membership remembers them.</summary>
    public void OnHeartbeat(Leadership leadership)
    {
        if (_state.Membership.Recovery is not { } recovery || recovery.Generation != _state.Generation || _state.Now - _toldAt < _state.Options.ElectionTimeoutMin)
        {
            return;
        }

        _toldAt = _state.Now;
        foreach (PeerProgress peer in leadership.Peers)
        {
            // Who answers is of this generation.
            if (_state.Now - peer.LastHeard >= _state.Options.ElectionTimeoutMin || peer.Match == LogIndex.Zero)
            {
                Tell(peer.Id);
            }
        }

        foreach (Member member in recovery.Excluded)
        {
            Tell(member.Id);
        }
    }

    /// <summary>At the end of every step of a leader: survivors that are there get their votes back, one after the other.</summary>
    public void Continue(Leadership leadership)
    {
        if (_toPromote.Count == 0 || leadership.Change is not null || leadership.Transfer is not null || _state.Membership.IsJoint
            || _state.CommitIndex < leadership.NoOp || _state.Memberships.CurrentIndex > _state.CommitIndex)
        {
            return;
        }

        _toPromote.RemoveAll(m => _state.Membership.Find(m.Id) is not { Kind: MemberKind.Learner });
        foreach (Member member in _toPromote)
        {
            if (leadership.Find(member.Id) is { State: PeerState.Replicating } peer && peer.Match > LogIndex.Zero)
            {
                _changes.OnChange(new RaftInput.ChangeMembership(0, new MembershipChange.ChangeKind(member.Id, member.Kind)));
                return;
            }
        }
    }

    private string? WhyNot(RaftInput.ForceRecovery input)
    {
        StreamMembership membership = _state.Membership;
        if (!input.Survivors.Contains(_state.Self) || membership.Find(_state.Self) is not { Kind: MemberKind.Voter })
        {
            return "the recovery has to be forced on a survivor that is a voter of the stream, and named as one";
        }

        if (input.Survivors.FirstOrDefault(id => membership.Find(id) is null) is { IsNone: false } stranger)
        {
            return $"member {stranger} is not a member of the stream ({membership}); it can be added afterwards";
        }

        if (_state.IsJoining)
        {
            return "this member has not caught up with the stream itself";
        }

        if (_state.IsLeader && _state.Now - _leader.QuorumHeardAt() < _state.Options.ElectionTimeoutMax)
        {
            return "this member leads, and hears a quorum: nothing has to be forced";
        }

        if (!_state.IsLeader && !_state.Leader.IsNone && _state.Now - _state.LeaderHeardAt < _state.Options.ElectionTimeoutMax)
        {
            return $"member {_state.Leader} leads, and was heard within an election timeout: nothing has to be forced";
        }

        if (input.AcceptShorterLog)
        {
            return null;
        }

        foreach (SurvivorReport report in input.Reports)
        {
            if (report.Committed.Index > _state.Log.Base.Index && !_state.Log.Matches(report.Committed))
            {
                return $"survivor {report.Id} knows that entry {report.Committed} is committed; this member's log, up to {_state.Log.Last}, does not hold it. Force the recovery on that member";
            }

            if (!_state.Log.Last.IsAtLeastAsUpToDateAs(report.Last))
            {
                return $"survivor {report.Id} is further: its log ends at {report.Last}, this member's at {_state.Log.Last}. Force the recovery on that member";
            }
        }

        return null;
    }

    private void OnNotice(NodeId from, Generation generation, RecoveryNotice notice)
    {
        if (notice.Membership.Recovery is not { } recovery || recovery.Generation != generation)
        {
            return;
        }

        bool hasNothing = _state.Log.Last == EntryId.Zero && _state.Membership.Members.IsEmpty;
        bool isNamed = notice.Membership.Find(_state.Self) is not null;
        if (hasNothing && !isNamed)
        {
            // A new member with an empty disk is not the one that was left out, whatever its number.
            return;
        }

        // What lies between could have been acknowledged: it is not thrown away in passing.
        bool mayFollow = isNamed
            && (hasNothing || _state.Generation.Number == generation.Number - 1)
            && recovery.Base.IsAtLeastAsUpToDateAs(_state.Log.Last)
            && _state.CommitIndex <= recovery.Base.Index;
        _roles.BecomeFollower(_state.Term, NodeId.None, NodeId.None, $"member {from} has gone on to generation {generation}");
        _state.Outbox.Clear();
        if (!mayFollow)
        {
            _state.Persist(new MemberFenced(generation, from));
            _state.StopTimers();
            _fencedAt = _state.LastMark;
            return;
        }

        bool isNewTerm = recovery.Since > _state.Term;
        _state.Persist(new TermState(isNewTerm ? recovery.Since : _state.Term, isNewTerm ? NodeId.None : _state.VotedFor) { Generation = generation, Since = recovery.Since });
        _state.Emit(new Effect.RecoveryFollowed(generation, from));
    }

    private void Tell(NodeId member)
    {
        if (_state.Membership.Recovery is { } recovery && recovery.Generation == _state.Generation)
        {
            _state.Promise(JournalMark.Zero, member, new RecoveryNotice(_state.Term, _state.Membership));
        }
    }
}
