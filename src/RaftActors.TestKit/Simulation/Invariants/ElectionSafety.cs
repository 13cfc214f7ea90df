using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>"At most one leader can be elected in a given term" (Raft paper, figure 3).</summary>
public sealed class ElectionSafety : IClusterInvariant
{
    private readonly Dictionary<(Generation, Term), NodeId> _leaders = [];

    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        if (effect is Effect.RoleChanged { Role: Role.Leader, Term: Term term } && !_leaders.TryAdd((member.Core!.Generation, term), member.Id))
        {
            throw new InvariantBrokenException($"election safety: members {_leaders[(member.Core.Generation, term)]} and {member.Id} were both elected in term {term}");
        }
    }
}
