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
    TimeSpan? Timeout = null);

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
