using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// A member never goes back to an older generation, over crashes neither; what it says of a generation is on its disk; and who is fenced says, commits and acknowledges nothing any more.
/// </summary>
public sealed class GenerationsDoNotMix : IClusterInvariant
{
    private readonly Dictionary<(NodeId, int Incarnation), Generation> _seen = [];

    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        RaftCore core = member.Core!;
        if (effect is Effect.Send { Message: RecoveryNotice } or Effect.RecoveryDone && member.Journal.DurableTerm.Generation != core.Generation)
        {
            throw new InvariantBrokenException($"member {member.Id} tells of generation {core.Generation}; its disk holds {member.Journal.DurableTerm.Generation}");
        }

        if (core.IsFenced && effect is Effect.Send or Effect.BeginVoteRound or Effect.RoleChanged { Role: not Role.Follower } or Effect.ProposalAccepted && core.IsFenced)
        {
            throw new InvariantBrokenException($"member {member.Id} is fenced, and does {effect.GetType().Name}");
        }
    }

    /// <inheritdoc/>
    public void OnStepped(SimulatedMember member)
    {
        (NodeId, int) key = (member.Id, member.Incarnation);
        Generation now = member.Core!.Generation;
        if (_seen.TryGetValue(key, out Generation before) && now < before && member.Journal.DurableTerm.Generation >= before)
        {
            throw new InvariantBrokenException($"member {member.Id} went back from generation {before} to {now}");
        }

        _seen[key] = now;
    }

    /// <inheritdoc/>
    public void OnEnd(CoreCluster cluster)
    {
        if (cluster.Participants.FirstOrDefault(m => m.Core!.Generation != cluster.Generation) is { } stray)
        {
            throw new InvariantBrokenException($"member {stray.Id} takes part in generation {stray.Core!.Generation}; the stream is at {cluster.Generation}");
        }
    }
}
