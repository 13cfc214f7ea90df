namespace RaftActors;

/// <summary>The answer to a read. Exactly one of the two sealed records below.</summary>
public abstract record ReadAnswer
{
    private protected ReadAnswer()
    {
    }
}

/// <summary>The read was done with the consistency asked for.</summary>
/// <param name="Result">What <see cref="IStateMachine.Query"/> returned; empty for a barrier.</param>
/// <param name="AppliedIndex">The state machine had applied this much when it answered.</param>
public sealed record ReadCompleted(ReadOnlyMemory<byte> Result, LogIndex AppliedIndex) : ReadAnswer;

/// <summary>The read was not done.</summary>
/// <param name="Reason">Why, for people.</param>
/// <param name="Leader">Who leads, as far as known.</param>
/// <param name="CanRetry">True when asking again may help.</param>
public sealed record ReadFailed(string Reason, NodeId Leader, bool CanRetry) : ReadAnswer;

/// <summary>How fresh a read has to be.</summary>
public enum ReadConsistency
{
    /// <summary>The read sees every write that was acknowledged before it began. Costs one round to a quorum, shared by the reads that wait together.</summary>
    Linearizable = 0,

    /// <summary>Like <see cref="Linearizable"/>, without the round at a leader that holds a lease (<c>lease-reads</c>, off by default); otherwise, and at followers, answered like <see cref="Linearizable"/>. Relies on clocks that keep to <c>max-clock-drift</c>.</summary>
    Lease = 1,

    /// <summary>Whatever this member has applied. Costs nothing, may be old.</summary>
    Stale = 2,
}
