using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// "If a server has applied a log entry at a given index to its state machine, no other server will ever apply a different
/// log entry for the same index" (Raft paper, figure 3); and every server applies every index, in order, from its own disk, unless it leads and is told to answer before its disk has what others have.
/// </summary>
public sealed class StateMachineSafety : IClusterInvariant
{
    private readonly Dictionary<LogIndex, EntryId> _applied = [];
    private readonly Dictionary<NodeId, (int Run, LogIndex Last)> _handed = [];
    private readonly HashSet<NodeId> _unknown = [];

    // As the effects tell it: at the end of a step that commits and steps down, the core does not lead any more.
    private readonly Dictionary<NodeId, int> _leadsInRun = [];

    /// <inheritdoc/>
    public void OnRecovery(SimulatedMember survivor)
    {
        RaftCore core = survivor.Core!;
        foreach ((LogIndex index, EntryId id) in _applied.Where(a => a.Key > core.LogBase.Index && (core.TermAt(a.Key) != a.Value.Term || a.Value.Term >= core.Membership.Recovery!.Since)).ToArray())
        {
            _applied.Remove(index);
        }
    }

    /// <inheritdoc/>
    public void OnFollowed(SimulatedMember member) => _unknown.Add(member.Id);

    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        if (effect is Effect.RestoreState restore)
        {
            Check(member, restore.Snapshot);
            return;
        }

        if (effect is Effect.RoleChanged change)
        {
            _leadsInRun[member.Id] = change.Role == Role.Leader ? member.Run : -1;
            return;
        }

        if (effect is not Effect.Commit commit)
        {
            return;
        }

        (int run, LogIndex last) = _handed.GetValueOrDefault(member.Id);
        LogIndex expected = _unknown.Remove(member.Id) ? commit.First : run == member.Run ? last.Next : member.RestoredAt.Next;
        if (commit.First != expected || commit.Last < commit.First || commit.Last > member.Core!.CommitIndex)
        {
            throw new InvariantBrokenException($"member {member.Id} was to apply {expected} next, but was given {commit.First} to {commit.Last}");
        }

        bool mayBeAhead = member.Core.Options.ApplyBeforeOwnDisk && _leadsInRun.GetValueOrDefault(member.Id, -1) == member.Run && !member.Core.IsCaretaker;
        if (commit.Last > member.Journal.DurableIndex && !mayBeAhead)
        {
            throw new InvariantBrokenException($"member {member.Id} was given {commit.Last} to apply; its disk has entries up to {member.Journal.DurableIndex}");
        }

        foreach (LogEntry entry in commit.Batches.SelectMany(b => b).Where(e => e.Id.Index >= commit.First && e.Id.Index <= commit.Last))
        {
            if (entry.Id.Index != expected)
            {
                throw new InvariantBrokenException($"member {member.Id} was given {entry.Id.Index} where {expected} was due");
            }

            if (!_applied.TryAdd(entry.Id.Index, entry.Id) && _applied[entry.Id.Index] != entry.Id)
            {
                throw new InvariantBrokenException($"state machine safety: member {member.Id} applies {entry.Id}, another applied {_applied[entry.Id.Index]}");
            }

            expected = expected.Next;
        }

        if (expected != commit.Last.Next)
        {
            throw new InvariantBrokenException($"member {member.Id} was promised entries up to {commit.Last}, and got them up to {expected.Previous}");
        }

        _handed[member.Id] = (member.Run, commit.Last);
    }

    private void Check(SimulatedMember member, SnapshotInfo snapshot)
    {
        (int run, LogIndex last) = _handed.GetValueOrDefault(member.Id);
        if (snapshot.Last.Index > member.Journal.DurableIndex || (!_unknown.Remove(member.Id) && run == member.Run && snapshot.Last.Index <= last))
        {
            throw new InvariantBrokenException($"member {member.Id} was to restore {snapshot} behind {last}; its disk has entries up to {member.Journal.DurableIndex}");
        }

        if (_applied.TryGetValue(snapshot.Last.Index, out EntryId applied) && applied != snapshot.Last)
        {
            throw new InvariantBrokenException($"state machine safety: member {member.Id} restores {snapshot}, another applied {applied}");
        }

        _handed[member.Id] = (member.Run, snapshot.Last.Index);
    }

    /// <inheritdoc/>
    public void OnEnd(CoreCluster cluster)
    {
        SimulatedMember[] participants = [.. cluster.Participants];
        foreach (SimulatedMember member in participants)
        {
            if (!member.Applied.SequenceEqual(participants[0].Applied))
            {
                throw new InvariantBrokenException($"after the run, members {participants[0].Id} and {member.Id} have applied different things ({participants[0].Applied.Count} and {member.Applied.Count} entries)");
            }
        }
    }
}
