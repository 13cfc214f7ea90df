namespace RaftActors;

/// <summary>Where the state machine's reply to one entry goes.</summary>
internal interface IProposalResult
{
    void SetResult(ReadOnlyMemory<byte> result);
}
