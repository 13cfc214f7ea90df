namespace RaftActors.Protocol;

// Back-pressure: a follower whose state machine does not keep up takes no entries, and says so.
internal sealed partial class FollowerReplication
{
    private bool _isBusy;
    private (Term Term, ulong Token)? _heldUp;

    /// <summary>
    /// The state machine has applied something. A leader that was told to wait is told to go on, without being asked: otherwise it would learn it with the next heartbeat only.
    /// </summary>
    public void OnApplied()
    {
        if (_heldUp is not { } heldUp || IsBusy())
        {
            return;
        }

        _heldUp = null;
        if (_state.Role == Role.Follower && !_state.Leader.IsNone && _state.Term == heldUp.Term)
        {
            LogIndex known = LogIndex.Min(_state.MatchedThisTerm, _state.Log.DurableIndex);
            _state.Promise(JournalMark.Zero, _state.Leader, new AppendEntriesReply(_state.Term, heldUp.Token, true, known, Applied: _state.ReportedApplied));
        }
    }

    /// <summary>Busy from the moment at which the queue is full until it is half empty, so that a leader is not stopped and started for every entry.</summary>
    private bool IsBusy()
    {
        _isBusy = _isBusy ? !_state.IsApplyQueueHalfEmpty : _state.IsApplyQueueFull;
        return _isBusy;
    }

    /// <summary>While busy, an append counts as a heartbeat: it is answered and tells what is committed, but its entries are not taken.</summary>
    private AppendEntries TakeWhatThereIsRoomFor(AppendEntries message)
    {
        if (message.Batches.Count == 0 || !IsBusy())
        {
            return message;
        }

        _heldUp = (message.Term, message.Token);
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.BusyFollowerAcknowledges)
        {
            _state.Promise(JournalMark.Zero, _state.Leader, new AppendEntriesReply(_state.Term, message.Token, true, message.LastIndex));
        }

#endif
        return message with { Batches = [] };
    }
}
