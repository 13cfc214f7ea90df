namespace RaftActors;

/// <summary>
/// Sent to <see cref="RaftStream.Ref"/> by any actor, also a remote one; the sender gets a <see cref="ProposalAnswer"/>.
/// </summary>
/// <param name="Data">The bytes to replicate; must not be changed afterwards.</param>
/// <param name="Key">See <see cref="ProposeOptions.Key"/>.</param>
/// <param name="ExpectedTerm">See <see cref="ProposeOptions.ExpectedTerm"/>.</param>
/// <param name="Forward">See <see cref="ProposeOptions.Forward"/>.</param>
/// <param name="Timeout">See <see cref="ProposeOptions.Timeout"/>.</param>
public sealed record Propose(
    ReadOnlyMemory<byte> Data,
    ulong Key = 0,
    Term ExpectedTerm = default,
    bool Forward = true,
    TimeSpan? Timeout = null)
{
    /// <summary>A number by which the same sender can take the proposal back with <see cref="CancelProposal"/>; 0 when it will not. Not to be used again before the answer has come.</summary>
    public ulong CancellationId { get; init; }

    /// <summary>See <see cref="ProposeOptions.Session"/>.</summary>
    public SessionSerial Session { get; init; }
}

/// <summary>
/// Sent to <see cref="RaftStream.Ref"/> by the sender of a <see cref="Propose"/>: if the proposal still waits in a queue there, it is answered <see cref="ProposalRefused"/> with
/// <see cref="RefusalCode.Cancelled"/> and will never be proposed. If it may be in a log already, it takes its course and is answered as ever. This message itself has no answer.
/// </summary>
/// <param name="CancellationId">See <see cref="Propose.CancellationId"/>.</param>
public sealed record CancelProposal(ulong CancellationId);

/// <summary>
/// Sent to <see cref="RaftStream.Ref"/> by any actor, also a remote one; the sender gets a <see cref="ReadAnswer"/>.
/// </summary>
/// <param name="Request">What <see cref="IStateMachine.Query"/> gets.</param>
/// <param name="Consistency">How fresh the answer has to be.</param>
/// <param name="Timeout">How long to wait; null for the stream's <c>client-timeout</c>.</param>
public sealed record Query(
    ReadOnlyMemory<byte> Request,
    ReadConsistency Consistency = ReadConsistency.Linearizable,
    TimeSpan? Timeout = null);
