namespace RaftActors;

/// <summary>Where the state machine's reply to one entry goes.</summary>
internal interface IProposalResult
{
    /// <summary>Which use of it is meant: some are used again for another entry.</summary>
    int Life { get; }

    /// <summary>Does nothing when <paramref name="life"/> is over.</summary>
    void SetResult(ReadOnlyMemory<byte> result, int life);
}
