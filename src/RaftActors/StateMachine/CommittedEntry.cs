namespace RaftActors;

/// <summary>One committed entry, as the state machine and observers see it.</summary>
public readonly struct CommittedEntry
{
    private readonly IProposalResult? _waiter;
    private readonly int _life;

    internal CommittedEntry(in LogEntry entry, IProposalResult? waiter)
    {
        Index = entry.Id.Index;
        Term = entry.Id.Term;
        Key = entry.Key;
        Data = entry.Data;
        _waiter = waiter;
        _life = waiter?.Life ?? 0;
    }

    /// <summary>Its place in the log.</summary>
    public LogIndex Index { get; }

    /// <summary>The term in which it was proposed.</summary>
    public Term Term { get; }

    /// <summary>The number that the proposer sent along; 0 when there is none.</summary>
    public ulong Key { get; }

    /// <summary>The proposer's bytes. Never changed, never reused: they may be kept.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>
    /// True when somebody waits for the result through this member. It differs from member to member: use it to save work on the
    /// reply, never to decide what happens to the state. True on every member for commands of sessions, whose replies are remembered.
    /// </summary>
    public bool HasWaiter => _waiter is not null;

    /// <summary>
    /// Gives the proposer a result along with the commitment. Without it the result is empty. Does nothing when nobody waits here. The reply to a command of a session is kept with the
    /// session, and answered again when the command is repeated: it must be the same on every member.
    /// </summary>
    /// <param name="result">Not copied, so it must not be changed afterwards.</param>
    public void Reply(ReadOnlyMemory<byte> result) => _waiter?.SetResult(result, _life);
}
