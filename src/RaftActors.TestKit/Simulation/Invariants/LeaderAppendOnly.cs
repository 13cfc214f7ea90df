using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>"A leader never overwrites or deletes entries in its log; it only appends" (Raft paper, figure 3).</summary>
public sealed class LeaderAppendOnly : IClusterInvariant
{
    private readonly Dictionary<NodeId, (int Run, LogIndex Last)> _last = [];

    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        // A follower's log ends at a snapshot that took its place, which may be before where it ended.
        if (effect is Effect.Persist { Event: LogCompacted compacted } && _last.TryGetValue(member.Id, out (int Run, LogIndex Last) ended) && ended.Last > compacted.Last.Index)
        {
            _last[member.Id] = (ended.Run, compacted.Last.Index);
        }

        if (effect is not Effect.Persist { Event: EntriesAppended { Batch: EntryBatch batch } })
        {
            return;
        }

        bool leads = member.IsLeader && batch.Term == member.Core!.Term;
        if (leads && _last.TryGetValue(member.Id, out (int Run, LogIndex Last) before) && before.Run == member.Run && batch.FirstIndex <= before.Last)
        {
            throw new InvariantBrokenException($"leader append-only: leader {member.Id} replaced its entries from {batch.FirstIndex} on");
        }

        _last[member.Id] = (member.Run, batch.LastIndex);
    }
}
