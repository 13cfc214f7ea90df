namespace RaftActors.Protocol;

/// <summary>
/// Linearizable reads at a leader (thesis section 6.4): the commit index at arrival is safe to read at once a quorum has
/// answered something sent after the arrival, provided that the leader has committed an entry of its own term.
/// </summary>
internal sealed class LeaderReads
{
    private readonly RaftState _state;
    private readonly LeaderReplication _replication;

    public LeaderReads(RaftState state, LeaderReplication replication)
    {
        _state = state;
        _replication = replication;
    }

    /// <summary>
    /// Called at the end of every step of a leader. Reads that arrive while a round is under way share the next one;
    /// appends and heartbeats confirm as well, so a busy leader seldom needs a round of its own.
    /// </summary>
    public void Continue(Leadership leadership)
    {
        ReadQueue reads = leadership.Reads;
        if (leadership.TakesCare)
        {
            reads.RefuseAll("the leader is a log-only member and is handing over its office");
            return;
        }

#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.ReadBeforeOwnCommit)
        {
            reads.AssignIndex(_state.CommitIndex, leadership.NextToken);
            reads.Confirm(_replication.ConfirmedToken(leadership));
            if (reads.NeedsRound)
            {
                reads.BeginRound(leadership.NextToken);
                _replication.SendHeartbeats(leadership);
            }
        }

#endif
        if (reads.Count == 0 || _state.CommitIndex < leadership.NoOp)
        {
            return;
        }

        reads.AssignIndex(_state.CommitIndex, leadership.NextToken);
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.ReadWithoutQuorum)
        {
            reads.Confirm(ulong.MaxValue);
        }

#endif
        reads.Confirm(_replication.ConfirmedToken(leadership));
        if (reads.NeedsRound)
        {
            reads.BeginRound(leadership.NextToken);
            _replication.SendHeartbeats(leadership);
        }
    }
}
