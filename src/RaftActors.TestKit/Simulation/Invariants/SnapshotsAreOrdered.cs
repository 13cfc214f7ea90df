using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Base ≤ snapshot ≤ commit, all taken from what is committed; the base of a log and its newest snapshot only grow, over crashes too (Raft paper section 7). Whoever takes one has the log up to it on disk.
/// </summary>
public sealed class SnapshotsAreOrdered(CommittedHistory history) : IClusterInvariant
{
    private readonly Dictionary<NodeId, (int Run, LogIndex Base, LogIndex Snapshot)> _seen = [];

    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        // What a leader sent has not been applied before it is installed.
        if (effect is Effect.Persist { Event: LogCompacted compacted } && compacted.Snapshot.Last.Index is var last && last <= member.Core!.AppliedIndex && last > member.Journal.DurableIndex)
        {
            throw new InvariantBrokenException($"member {member.Id} has taken {compacted.Snapshot}; its disk has entries up to {member.Journal.DurableIndex}");
        }
    }

    /// <inheritdoc/>
    public void OnStepped(SimulatedMember member)
    {
        RaftCore core = member.Core!;
        EntryId snapshot = core.Snapshot?.Last ?? EntryId.Zero;
        if (core.LogBase.Index > snapshot.Index || snapshot.Index > core.CommitIndex || core.AppliedIndex > core.CommitIndex || core.CommitIndex > core.LastEntry.Index)
        {
            throw new InvariantBrokenException($"member {member.Id}: base {core.LogBase}, snapshot {snapshot}, applied {core.AppliedIndex}, commit {core.CommitIndex}, last {core.LastEntry} are out of order");
        }

        (int run, LogIndex logBase, LogIndex newest) = _seen.GetValueOrDefault(member.Id);
        if (run == member.Run && (core.LogBase.Index < logBase || snapshot.Index < newest))
        {
            throw new InvariantBrokenException($"member {member.Id} went back from base {logBase} and snapshot {newest} to {core.LogBase} and {snapshot}");
        }

        if (snapshot.Index > LogIndex.Zero && snapshot.Index <= history.HighestIndex && history.TermAt(snapshot.Index) != snapshot.Term)
        {
            throw new InvariantBrokenException($"member {member.Id} has a snapshot {snapshot} of an entry that was never committed");
        }

        _seen[member.Id] = (member.Run, core.LogBase.Index, snapshot.Index);
    }
}
