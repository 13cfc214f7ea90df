using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// Leader election (Raft paper section 5.2) with pre-votes (thesis section 9.6). Asking again those that do not answer is
/// the shell's part, see <see cref="Effect.BeginVoteRound"/>.
/// </summary>
internal sealed class ElectionLogic
{
    private const int MostTurnsWaited = 3;

    /// <summary>Longest election timeouts that a log-only voter leaves to those that can serve. More than the priorities make anybody wait.</summary>
    private const int CaretakerPatience = MostTurnsWaited + 1;

    private readonly RaftState _state;
    private readonly RoleTransitions _roles;
    private readonly LeaderReplication _replication;
    private int _turnsWaited;

    public ElectionLogic(RaftState state, RoleTransitions roles, LeaderReplication replication)
    {
        _state = state;
        _roles = roles;
        _replication = replication;
    }

    /// <summary>The node begins to take part. Nobody can object to the only voter, so it does not wait for a timeout.</summary>
    public void Start()
    {
        // It may have heard a leader a moment before it went down.
        _state.LeaderContactAt = _state.Now;
        _roles.StartAsFollower();
        if (MayStand && !_state.Options.ManualElection && OtherVoters().IsEmpty)
        {
            Campaign("the only voter");
        }
    }

    /// <summary>The election timer ran out (Raft paper section 5.2, "receives no communication over a period of time").</summary>
    public void OnElectionTimeout()
    {
        if (_state.Role != Role.Follower)
        {
            return;
        }

        if (!_state.Clock.IsDue(_state.Now))
        {
            _turnsWaited = 0;
            return;
        }

        const string silence = "no leader was heard for an election timeout";
        if (MayStand && !_state.Options.ManualElection && IsMyTurn())
        {
            _turnsWaited = 0;
            Campaign(silence);
            return;
        }

        if (MayStandAsCaretaker)
        {
            Campaign("no leader was heard for long, and this log-only member may be the only one that can be elected");
            return;
        }

        if (!_state.Leader.IsNone)
        {
            _roles.Follow(NodeId.None, silence);
        }

        _state.Clock.Restart(_state.Now);
    }

    /// <summary>A round came to nothing: begin again (Raft paper section 5.2, split votes).</summary>
    public void OnVoteTimeout()
    {
        const string late = "the round of votes took too long";
        if ((MayStand && !_state.Options.ManualElection) || MayStandAsCaretaker)
        {
            Campaign(late);
        }
        else
        {
            _roles.BecomeFollower(_state.Term, NodeId.None, NodeId.None, late);
        }
    }

    /// <summary>Somebody wants an election here, now.</summary>
    public void OnAsked()
    {
        if (_state.Role == Role.Follower && MayStand && !LeaseMayBeHeld)
        {
            Campaign("asked to stand for election");
        }
    }

    /// <summary>The leader asks this member to follow it in office (thesis section 3.10): no pre-vote, and the voters' loyalty to the old leader does not count.</summary>
    /// <returns>False when it does not come from the leader.</returns>
    public bool OnTimeoutNow(NodeId from, TimeoutNow request)
    {
        bool isOfLeader = request.Term > _state.Term || (request.Term == _state.Term && (_state.Leader == from || _state.Leader.IsNone));
        if (request.Term >= _state.Term && !isOfLeader)
        {
            return false;
        }

        if (request.Term < _state.Term || _state.Role == Role.Leader || !MayStand)
        {
            return true;
        }

        if (request.Term > _state.Term)
        {
            _roles.BecomeFollower(request.Term, from, NodeId.None, $"member {from} leads");
        }

        BecomeCandidate($"leader {from} hands over", isTransfer: true);
        return true;
    }

    /// <summary>A candidate's vote for itself counts when it is on disk, like everybody's.</summary>
    public void OnDurable()
    {
        bool hasVoted = _state.Role == Role.Candidate && _state.TermMark <= _state.Outbox.Durable;
        if (hasVoted && !_state.Tally!.HasAnswerOf(_state.Self))
        {
            Count(_state.Self, granted: true);
        }
    }

    /// <summary>A member asks for this member's vote.</summary>
    public void OnRequestVote(NodeId from, RequestVote request)
    {
        if (_state.IsJoining)
        {
            Answer(from, request, VoteVerdict.IsJoining);
            return;
        }

        if (IsKnownToBeRemoved(from, request))
        {
            Answer(from, request, VoteVerdict.CandidateIsRemoved);
            return;
        }

        // The word of a stranger is not enough to depose a leader that is alive.
        RequestVote checkedRequest = _state.Membership.Find(from) is null ? request with { Transfer = false } : request;
        Voter voter = new(_state.Term, _state.VotedFor, _state.Log.Last, LeaderIsAlive());
        VoteVerdict verdict = VoteRules.Judge(voter, from, checkedRequest);
        if (!request.PreVote)
        {
            EnterTerm(from, request, verdict);
        }

        Answer(from, request, verdict);
        if (verdict == VoteVerdict.LogIsBehind && !voter.LeaderIsAlive && MayStandInstead)
        {
            Campaign($"member {from} stands for election with a log that is behind");
        }
    }

    /// <summary>A voter has answered.</summary>
    public void OnReply(NodeId from, RequestVoteReply reply)
    {
        if (reply.CandidateIsRemoved)
        {
            if (_state.Role is Role.PreCandidate or Role.Candidate && !reply.Granted)
            {
                _state.WasRemoved = true;
                _roles.BecomeFollower(_state.Term, NodeId.None, NodeId.None, $"member {from} says that this member was removed from the stream");
            }

            return;
        }

        // A pre-vote is granted for a term that neither side need have entered; the voter may be in it already.
        Term known = reply is { PreVote: true, Granted: true } && reply.Term <= reply.RequestTerm ? Term.Zero : reply.Term;
        if (known > _state.Term)
        {
            _roles.BecomeFollower(known, NodeId.None, NodeId.None, $"member {from} has a newer term");
            return;
        }

        bool isOfThisRound = reply.PreVote
            ? _state.Role == Role.PreCandidate && reply.RequestTerm == _state.Term.Next
            : _state.Role == Role.Candidate && reply.RequestTerm == _state.Term;
        if (isOfThisRound)
        {
            Count(from, reply.Granted);
        }
    }

    private void Campaign(string reason)
    {
        if (!_state.Options.PreVote)
        {
            BecomeCandidate(reason);
            return;
        }

        _roles.BecomePreCandidate(reason);
        ImmutableArray<NodeId> others = OtherVoters();
        _state.Clock.StartVoteTimer();
        if (!others.IsEmpty)
        {
            _state.Emit(new Effect.BeginVoteRound(new RequestVote(_state.Term.Next, _state.Log.Last, PreVote: true) { Joined = _state.Membership.JoinedAt(_state.Self) }, others));
        }

        Count(_state.Self, granted: true);
    }

    /// <summary>Raises the term, votes for itself, and asks the others once that is on disk (Raft paper section 5.2).</summary>
    private void BecomeCandidate(string reason, bool isTransfer = false)
    {
        _roles.BecomeCandidate(reason, isTransfer);
        ImmutableArray<NodeId> others = OtherVoters();
        _state.Clock.StartVoteTimer();
        if (!others.IsEmpty)
        {
            Effect.BeginVoteRound round = new(new RequestVote(_state.Term, _state.Log.Last, PreVote: false, isTransfer) { Joined = _state.Membership.JoinedAt(_state.Self) }, others);
            _state.Outbox.Hold(_state.TermMark, round, _state.Effects);
        }
    }

    private void Count(NodeId voter, bool granted)
    {
        VoteTally tally = _state.Tally!;
        tally.Record(voter, granted);
        switch (tally.Outcome)
        {
            case QuorumOutcome.Won when _state.Role == Role.PreCandidate:
                BecomeCandidate("a quorum would vote for this member");
                break;

            case QuorumOutcome.Won:
                _replication.TakeOffice();
                break;

            case QuorumOutcome.Lost:
                _roles.BecomeFollower(_state.Term, NodeId.None, NodeId.None, "a quorum refused its vote");
                break;
        }
    }

    /// <summary>
    /// A request for a real vote carries a term: a newer one is entered, with the vote in the same write when it is given
    /// (Raft paper sections 5.1 and 5.2). Not when a leader is alive: then the sender is disregarded (thesis section 4.2.3).
    /// </summary>
    private void EnterTerm(NodeId candidate, RequestVote request, VoteVerdict verdict)
    {
        if (verdict == VoteVerdict.Granted && (request.Term > _state.Term || _state.VotedFor.IsNone))
        {
            _roles.BecomeFollower(request.Term, NodeId.None, candidate, $"voted for member {candidate}");
        }
        else if (verdict != VoteVerdict.LeaderIsAlive && request.Term > _state.Term)
        {
            _roles.BecomeFollower(request.Term, NodeId.None, NodeId.None, $"member {candidate} has a newer term");
        }
    }

    /// <summary>
    /// Leader stickiness (thesis sections 4.2.3 and 6.4.1): who has heard a leader within the shortest election timeout does
    /// not help to depose it. A leader that checks its quorum steps down by itself when it is out of touch.
    /// </summary>
    private bool LeaderIsAlive() => LeaseMayBeHeld || _state.Role switch
    {
        Role.Leader => _state.Options.CheckQuorum,
        Role.Follower => !_state.Leader.IsNone && _state.Now - _state.LeaderHeardAt < _state.Options.ElectionTimeoutMin,
        _ => false,
    };

    /// <summary>
    /// A leader may rely on it that this member helps nobody to take its office yet. Entering a newer term, or a restart, does not change that; only a leader's own wish does.
    /// </summary>
    private bool LeaseMayBeHeld => _state.Options.LeaseReads && _state.Role != Role.Leader && _state.Now - _state.LeaderContactAt < _state.Options.ElectionTimeoutMin;

    private bool MayStand => _state.MayCampaign && !_state.WasRemoved && !_state.IsJoining;

    /// <summary>
    /// Who is refused for its log begins its wait anew. This member has what it lacks and no leader either; waiting for its own timer as well would only keep the stream without one. A member that others are
    /// preferred to waits for its turn all the same.
    /// </summary>
    private bool MayStandInstead => _state.Role == Role.Follower && MayStand && !_state.Options.ManualElection && Preferred() == 0;

    /// <summary>See <see cref="RaftState.MayTakeCare"/>. It votes and is voted for by the rules that hold for everybody; only when it stands differs.</summary>
    private bool MayStandAsCaretaker
    {
        get
        {
            TimeSpan last = _state.LedUntil > _state.LeaderContactAt ? _state.LedUntil : _state.LeaderContactAt;
            return _state is { MayTakeCare: true, WasRemoved: false, IsJoining: false, Options.ManualElection: false }
                && _state.Now - last >= CaretakerPatience * _state.Options.ElectionTimeoutMax;
        }
    }

    private void Answer(NodeId candidate, RequestVote request, VoteVerdict verdict)
    {
        bool isRemoved = verdict == VoteVerdict.CandidateIsRemoved;
        RequestVoteReply reply = new(_state.Term, request.Term, request.PreVote, verdict == VoteVerdict.Granted, isRemoved);
        _state.Promise(JournalMark.Zero, candidate, reply);
    }

    /// <summary>
    /// The candidate is not of the stream any more: a membership without it is committed, and this member has all that it has. Nobody needs it
    /// to lead; telling it spares everybody its elections (thesis section 4.2.3).
    /// </summary>
    private bool IsKnownToBeRemoved(NodeId candidate, RequestVote request)
    {
        (EntryId entry, StreamMembership membership) = _state.Memberships.At(_state.CommitIndex);
        return entry != EntryId.Zero
            && membership.Find(candidate) is null
            && _state.Membership.Find(candidate) is null
            && _state.Log.Last.IsAtLeastAsUpToDateAs(request.LastEntry);
    }

    /// <summary>
    /// Voters that are wanted more as leaders try first: this one lets as many election timeouts pass as there are higher priorities, at most three. A timeout that
    /// passes lowers the bar, so a wanted member that is gone keeps nobody from leading for long (braft, NuRaft: priority decay).
    /// </summary>
    private bool IsMyTurn() => _turnsWaited++ >= Math.Min(Preferred(), MostTurnsWaited);

    /// <summary>How many priorities there are above this member's.</summary>
    private int Preferred()
    {
        int mine = _state.Membership.Find(_state.Self)?.Priority ?? 0;
        return _state.Membership.Members.Where(m => m.Kind == MemberKind.Voter && m.Priority > mine).Select(m => m.Priority).Distinct().Count();
    }

    private ImmutableArray<NodeId> OtherVoters() =>
        [.. _state.Membership.Peers(_state.Self).Where(_state.Membership.IsVoter)];
}
