namespace RaftActors.Protocol;

/// <summary>
/// The transitions of figure 4 of the Raft paper (pre-candidate: thesis section 9.6). Each asserts where it may come
/// from, ends what belonged to the role before, and tells the shell.
/// </summary>
internal sealed class RoleTransitions
{
    private readonly RaftState _state;
    private readonly ForwardedReads _forwardedReads;

    public RoleTransitions(RaftState state, ForwardedReads forwardedReads)
    {
        _state = state;
        _forwardedReads = forwardedReads;
    }

    /// <summary>The member begins to take part, knowing its journal and nothing else.</summary>
    public void StartAsFollower() => Enter(Role.Follower, NodeId.None, "started");

    /// <summary>From any role: a newer term, the leader of this term, or a lost election (Raft paper sections 5.1 and 5.2).</summary>
    /// <param name="term">The term to follow in; not older than the current one.</param>
    /// <param name="leader">Its leader, as far as known.</param>
    /// <param name="vote">The vote to cast in it together with entering it; none to keep what there is.</param>
    /// <param name="reason">Why, in words.</param>
    public void BecomeFollower(Term term, NodeId leader, NodeId vote, string reason)
    {
        Invariant.That(term >= _state.Term, "A member would go back to an older term.");
        Invariant.That(leader != _state.Self, "A member would follow itself.");
        if (term > _state.Term || !vote.IsNone)
        {
            _state.Persist(_state.TermState with { Term = term, VotedFor = vote });
        }

        Enter(Role.Follower, leader, reason);
    }

    /// <summary>From follower; again from pre-candidate and candidate when a round came to nothing (thesis section 9.6).</summary>
    public void BecomePreCandidate(string reason)
    {
        Invariant.That(_state.Role != Role.Leader, "A leader does not campaign.");
        Enter(Role.PreCandidate, NodeId.None, reason);
        _state.Tally = new VoteTally(_state.Membership);
    }

    /// <summary>A new term with a vote for itself (Raft paper section 5.2). The vote counts when it is on disk.</summary>
    /// <param name="reason">Why, in words.</param>
    /// <param name="isTransfer">True when the leader has asked for it, which takes the place of the pre-vote (thesis section 3.10).</param>
    public void BecomeCandidate(string reason, bool isTransfer = false)
    {
        Invariant.That(_state.Role == Role.PreCandidate || !_state.Options.PreVote || isTransfer, "A candidate must have won its pre-vote.");
        Invariant.That(_state.Role != Role.Leader, "A leader does not campaign.");
        _state.Persist(_state.TermState with { Term = _state.Term.Next, VotedFor = _state.Self });
        Enter(Role.Candidate, NodeId.None, reason);
        _state.Tally = new VoteTally(_state.Membership);
    }

    /// <summary>From candidate only, with a quorum of votes of this term (Raft paper section 5.2).</summary>
    public void BecomeLeader()
    {
        Invariant.That(_state is { Role: Role.Candidate, Tally.Outcome: QuorumOutcome.Won }, "Only a candidate with a quorum of votes leads.");
        Invariant.That(_state.VotedFor == _state.Self && _state.TermMark <= _state.Outbox.Durable, "A leader's own vote must be on disk.");
        Enter(Role.Leader, _state.Self, "elected");
    }

    /// <summary>A follower learns or forgets who leads its term.</summary>
    public void Follow(NodeId leader, string reason)
    {
        Invariant.That(_state.Role == Role.Follower, "Only a follower follows.");
        SetLeader(leader);
        Announce(reason);
    }

    private void Enter(Role role, NodeId leader, string reason)
    {
        Leave(_state.Role, role);
        _state.Role = role;
        SetLeader(leader);
        if (role == Role.Follower)
        {
            _state.Clock.Restart(_state.Now);
        }

        Announce(reason);
    }

    private void Announce(string reason) =>
        _state.Emit(new Effect.RoleChanged(_state.Role, _state.Term, _state.Leader, reason));

    private void Leave(Role left, Role entered)
    {
        switch (left)
        {
            case Role.Follower when entered != Role.Follower:
                _state.Clock.Stop();
                break;

            case Role.PreCandidate or Role.Candidate:
                _state.Tally = null;
                _state.Outbox.CancelRound();
                _state.Clock.StopVoteTimer();
                _state.Emit(new Effect.EndVoteRound());
                break;

            case Role.Leader:
                _state.LedUntil = _state.Now;
                _state.Timers.Stop(RaftTimer.Heartbeat);
                _state.Timers.Stop(RaftTimer.StepDown);
                _state.Timers.Stop(RaftTimer.Spared);
                _state.Leadership?.Reads.RefuseAll("the leader stepped down");
                _state.Leadership?.EndOpen(_state);
                _state.Leadership = null;
                break;
        }
    }

    private void SetLeader(NodeId leader)
    {
        if (leader != _state.Leader)
        {
            _state.Leader = leader;
            _forwardedReads.RefuseAll("the leader changed");
        }

        _state.LeaderHeardAt = _state.Now;
    }
}
