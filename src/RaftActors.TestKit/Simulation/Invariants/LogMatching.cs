using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// "If two logs contain an entry with the same index and term, then the logs are identical in all entries up through the
/// given index" (Raft paper, figure 3). Checked by induction: an entry always has the same content and the same predecessor.
/// </summary>
public sealed class LogMatching : IClusterInvariant
{
    private readonly Dictionary<EntryId, (Term Previous, uint Content)> _entries = [];

    /// <inheritdoc/>
    public void OnRecovery(SimulatedMember survivor)
    {
        // Terms of the history that was given up come again.
        Term since = survivor.Core!.Membership.Recovery!.Since;
        foreach (EntryId id in _entries.Keys.Where(id => id.Term >= since).ToArray())
        {
            _entries.Remove(id);
        }
    }

    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        if (effect is not Effect.Persist { Event: EntriesAppended { Batch: EntryBatch batch } })
        {
            return;
        }

        Term previous = batch.FirstIndex.Previous == LogIndex.Zero ? Term.Zero : member.Core!.TermAt(batch.FirstIndex.Previous)!.Value;
        foreach (LogEntry entry in batch)
        {
            (Term, uint) content = (previous, Crc32C.Compute(entry.Data.Span, (uint)entry.Kind));
            if (!_entries.TryAdd(entry.Id, content) && _entries[entry.Id] != content)
            {
                throw new InvariantBrokenException($"log matching: entry {entry.Id} at member {member.Id} has another content or predecessor than elsewhere");
            }

            previous = batch.Term;
        }
    }
}
