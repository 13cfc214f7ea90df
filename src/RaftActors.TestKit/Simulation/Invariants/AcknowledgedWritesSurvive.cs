using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>What a client was told is committed is in every state machine in the end: at its index, once, whole.</summary>
public sealed class AcknowledgedWritesSurvive : IClusterInvariant
{
    private readonly List<ClientWrite> _acknowledged = [];

    /// <inheritdoc/>
    public void OnAcknowledged(SimulatedMember member, ClientWrite write) => _acknowledged.Add(write);

    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        if (effect is not Effect.Persist { Event: RecoveryForced })
        {
            return;
        }

        // What an operator gives up by force is lost, but only what none of the survivors has.
        NodeId[] survivors = [.. member.Core!.Membership.Members.Select(m => m.Id)];
        SimulatedMember[] others = [.. member.Cluster.Members.Where(m => m != member && m.IsUp && survivors.Contains(m.Id))];
        foreach (ClientWrite write in Lacking(member))
        {
            if (others.FirstOrDefault(m => m.Core!.TermAt(write.Last) == write.First.Term) is { } holder)
            {
                throw new InvariantBrokenException($"write {write.Ticket} was acknowledged at {write.First}, and survivor {holder.Id} has it; the recovery was forced on member {member.Id}, which lacks it");
            }
        }
    }

    /// <inheritdoc/>
    public void OnRecovery(SimulatedMember survivor)
    {
        foreach (ClientWrite write in Lacking(survivor))
        {
            _acknowledged.Remove(write);
            write.IsGivenUp = true;
        }
    }

    // An entry of the old history may have the same term and index as the first of the new one (seed 633 of the disasters).
    private ClientWrite[] Lacking(SimulatedMember survivor) =>
        [
            .. _acknowledged.Where(w => w.Last > survivor.Core!.LogBase.Index
                && (survivor.Core.TermAt(w.Last) != w.First.Term || w.First.Term >= survivor.Core.Membership.Recovery!.Since)),
        ];

    /// <inheritdoc/>
    public void OnEnd(CoreCluster cluster)
    {
        foreach (SimulatedMember member in cluster.Participants)
        {
            foreach (ClientWrite write in _acknowledged)
            {
                for (int i = 0; i < write.Count; i++)
                {
                    int at = (int)write.First.Index.Value - 1 + i;
                    if (at >= member.Applied.Count || member.Applied[at] != write.FirstValue + (ulong)i)
                    {
                        throw new InvariantBrokenException($"durability: write {write.Ticket} was acknowledged at {write.First}; member {member.Id} does not have it");
                    }
                }
            }

            HashSet<ulong> seen = [];
            if (member.Applied.Any(value => value != 0 && !seen.Add(value)))
            {
                throw new InvariantBrokenException($"member {member.Id} has applied a value twice");
            }

            foreach (ClientWrite write in cluster.Writes.Where(w => w.State == WriteState.Refused && seen.Contains(w.FirstValue)))
            {
                throw new InvariantBrokenException($"write {write.Ticket} was refused with certainty; member {member.Id} has applied it");
            }
        }
    }
}
