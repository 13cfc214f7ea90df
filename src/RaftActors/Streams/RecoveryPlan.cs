using System.Collections.Immutable;

namespace RaftActors;

/// <summary>What a forced recovery would be: who would go on, from where, and what may be lost. Made by <see cref="RaftAdmin.PlanRecoveryAsync"/>; changes nothing.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Survivors">Everybody who was named.</param>
/// <param name="Reports">How far those are that answered.</param>
/// <param name="Silent">Those that did not answer, or have no part in the stream; they may have more than anybody else.</param>
/// <param name="Furthest">The member that the recovery would be forced on; none when nobody answered.</param>
/// <param name="Excluded">The present members that were not named: they would be fenced.</param>
/// <param name="Leader">A leader that somebody hears: then nothing has to be forced. None when there is none.</param>
public sealed record RecoveryPlan(
    StreamId Stream,
    ImmutableArray<NodeId> Survivors,
    ImmutableArray<SurvivorReport> Reports,
    ImmutableArray<NodeId> Silent,
    NodeId Furthest,
    ImmutableArray<NodeId> Excluded,
    NodeId Leader);
