using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>An append is acknowledged only when everything up to the index is in the member's journal (Raft paper, figure 2; thesis section 10.2.1).</summary>
public sealed class AcknowledgementsAreDurable : IClusterInvariant
{
    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        if (effect is Effect.Send { Message: InstallSnapshotReply { Installed: true } installed } && installed.Snapshot > member.Journal.DurableIndex)
        {
            throw new InvariantBrokenException($"member {member.Id} acknowledges a snapshot up to {installed.Snapshot}; its disk has entries up to {member.Journal.DurableIndex}");
        }

        if (effect is not Effect.Send { Message: AppendEntriesReply { Accepted: true } reply })
        {
            return;
        }

        if (reply.CurrentIndex > member.Journal.DurableIndex && reply.Term == member.Core!.Term)
        {
            throw new InvariantBrokenException($"member {member.Id} acknowledges index {reply.CurrentIndex}; its disk has entries up to {member.Journal.DurableIndex}");
        }

        if (reply.Term > member.Journal.DurableTerm.Term)
        {
            throw new InvariantBrokenException($"member {member.Id} answers in term {reply.Term}; its disk holds {member.Journal.DurableTerm}");
        }
    }
}
