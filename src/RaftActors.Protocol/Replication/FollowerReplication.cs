namespace RaftActors.Protocol;

/// <summary>The receiver's side of log replication (Raft paper section 5.3 and the rules of figure 2).</summary>
internal sealed partial class FollowerReplication
{
    private readonly RaftState _state;
    private readonly RoleTransitions _roles;

    public FollowerReplication(RaftState state, RoleTransitions roles)
    {
        _state = state;
        _roles = roles;
    }

    /// <summary>Takes an append or a heartbeat.</summary>
    /// <returns>False when the message cannot come from a leader of its term.</returns>
    public bool OnAppendEntries(NodeId from, AppendEntries message)
    {
        // "Reply false if term < currentTerm": the stale leader learns of the newer term and steps down.
        if (message.Term < _state.Term)
        {
            Refuse(from, message, default);
            return true;
        }

        // "At most one leader can be elected in a given term": whoever claims to be a second one is not believed.
        bool isSecondLeader = message.Term == _state.Term && !_state.Leader.IsNone && _state.Leader != from;
        if (isSecondLeader)
        {
            return false;
        }

        AcceptLeader(from, message.Term);
        if (!_state.Log.Matches(message.Previous))
        {
            Refuse(from, message, ConflictSearch.HintFor(_state.Log, message.Previous, _state.CommitIndex));
            return true;
        }

        message = TakeWhatThereIsRoomFor(message);
        Append(message);
        Acknowledge(from, message);

        // What lies behind the last entry of this message is not known to match: "min(leaderCommit, index of last new entry)".
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.CommitWithoutMin)
        {
            _state.AdvanceCommit(LogIndex.Min(message.Commit, _state.Log.Last.Index));
        }

#endif
        _state.AdvanceCommit(LogIndex.Min(message.Commit, message.LastIndex));
        return true;
    }

    public void AcceptLeader(NodeId from, Term term)
    {
        if (term > _state.Term || _state.Role != Role.Follower)
        {
            _roles.BecomeFollower(term, from, NodeId.None, $"member {from} leads");
        }
        else if (_state.Leader != from)
        {
            _roles.Follow(from, $"member {from} leads");
        }

        _state.WasRemoved = false;
        _state.LeaderHeardAt = _state.Now;
        _state.LeaderContactAt = _state.Now;
        _state.Clock.HeardLeader(_state.Now);
    }

    /// <summary>
    /// Appends what the log lacks. An older append that comes late or twice finds everything there and changes nothing: only
    /// a real conflict truncates (Raft paper section 5.3, "existing entry conflicts with a new one").
    /// </summary>
    private void Append(AppendEntries message)
    {
        for (int i = 0; i < message.Batches.Count; i++)
        {
            EntryBatch batch = message.Batches[i];
            LogIndex first = _state.Log.FirstDifference(batch);
#if RAFT_MUTANTS
            if (Mutants.Active == Mutant.TruncateOnEveryAppend)
            {
                first = LogIndex.Max(batch.FirstIndex, _state.CommitIndex.Next);
            }

#endif
            if (first <= batch.LastIndex)
            {
                _state.Persist(new EntriesAppended(batch.From(first)));
            }
        }

        _state.MatchedUpTo(message.LastIndex);
    }

    /// <summary>
    /// Promises what the message asks for as soon as that is on disk. A heartbeat about entries that are on disk already is answered
    /// at once, and tells about everything that matches and is on disk by now, so that lost answers repair themselves.
    /// </summary>
    private void Acknowledge(NodeId to, AppendEntries message)
    {
        LogIndex known = LogIndex.Min(_state.MatchedThisTerm, _state.Log.DurableIndex);
        AppendEntriesReply reply = new(_state.Term, message.Token, true, LogIndex.Max(message.LastIndex, known), Applied: _state.ReportedApplied, Busy: IsBusy());
        _state.Promise(_state.Log.MarkOf(message.LastIndex), to, reply);
    }

    private void Refuse(NodeId to, AppendEntries message, EntryId hint) =>
        _state.Promise(JournalMark.Zero, to, new AppendEntriesReply(_state.Term, message.Token, false, _state.Log.Last.Index, hint));
}
