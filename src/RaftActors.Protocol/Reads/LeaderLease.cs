namespace RaftActors.Protocol;

/// <summary>
/// A leader that a quorum has answered knows for how long nobody else can have been elected: each of them refuses its vote for the shortest election timeout after it heard the leader (thesis section
/// 6.4.1). So it may answer reads without a round. The time counts from when the answered message was sent, and both clocks may be wrong by the bound that the options name.
/// </summary>
internal sealed class LeaderLease
{
    /// <summary>How many points in an election timeout are remembered: a message is taken for as old as the last of them, which errs to the safe side.</summary>
    private const int Resolution = 64;

    private readonly RaftState _state;
    private readonly Queue<(ulong Token, TimeSpan At)> _sent = new();
    private readonly List<(ulong Token, TimeSpan At)> _found = [];
    private TimeSpan _last = TimeSpan.MinValue;
    private bool _ended;

    public LeaderLease(RaftState state) => _state = state;

    /// <summary>How long a lease lasts by the leader's clock, when its own may run slow and a voter's fast.</summary>
    public static TimeSpan DurationOf(RaftOptions options)
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.LeaseIgnoresDrift)
        {
            return options.ElectionTimeoutMin;
        }

#endif
        return options.ElectionTimeoutMin * ((1 - options.MaxClockDrift) / (1 + options.MaxClockDrift));
    }

    /// <summary>A message with this token leaves now.</summary>
    public void Sending(ulong token)
    {
        if (!_state.Options.LeaseReads || (_sent.Count > 0 && _state.Now - _last < _state.Options.ElectionTimeoutMin / Resolution))
        {
            return;
        }

        _last = _state.Now;
        _sent.Enqueue((token, _state.Now));
        while (_sent.Count > 1 && _state.Now - _sent.Peek().At > _state.Options.ElectionTimeoutMin)
        {
            _sent.Dequeue();
        }
    }

    /// <summary>Somebody was asked to stand for election at once, and voters will not wait for it: there is no lease in the rest of this term.</summary>
    public void End()
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.LeaseSurvivesTransfer)
        {
            return;
        }

#endif
        _ended = true;
    }

    /// <summary>Whether the leader may answer without a round, now.</summary>
    public bool IsValid(Leadership leadership)
    {
        if (!_state.Options.LeaseReads || _ended || _state.CommitIndex < leadership.NoOp)
        {
            return false;
        }

        _found.Clear();
        _found.AddRange(_sent);
        long sent = JointQuorum.HighestReached(_state.Membership, QuorumKind.Read, (_state, leadership, this), static (at, id) =>
            id == at._state.Self ? at._state.Now.Ticks : at.Item3.SentAt(at.leadership.Find(id)?.AnsweredToken ?? 0).Ticks);
        return _state.Now - TimeSpan.FromTicks(sent) < DurationOf(_state.Options);
    }

    private TimeSpan SentAt(ulong token)
    {
        for (int i = _found.Count - 1; i >= 0; i--)
        {
            if (_found[i].Token <= token)
            {
                return _found[i].At;
            }
        }

        return TimeSpan.FromTicks(long.MinValue / 2);
    }
}
