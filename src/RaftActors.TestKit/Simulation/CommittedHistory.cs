using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Remembers for the whole run what any member took for committed. Two members, or one member before and after a crash, must
/// never disagree (State Machine Safety, Raft paper section 5.4.3).
/// </summary>
public sealed class CommittedHistory : IClusterInvariant
{
    private readonly List<Term> _terms = [];
    private readonly List<Term> _committedIn = [];
    private readonly Dictionary<NodeId, (int Run, LogIndex Seen)> _seen = [];

    /// <summary>The highest index that any member took for committed.</summary>
    public LogIndex HighestIndex => new(_terms.Count);

    /// <summary>The term of a committed entry.</summary>
    public Term TermAt(LogIndex index) => _terms[(int)index.Value - 1];

    /// <inheritdoc/>
    public void OnRecovery(SimulatedMember survivor)
    {
        int kept = 0;
        while (kept < _terms.Count && (kept + 1 <= survivor.Core!.LogBase.Index.Value || (survivor.Core.TermAt(new LogIndex(kept + 1)) == _terms[kept] && _terms[kept] < survivor.Core.Membership.Recovery!.Since)))
        {
            kept++;
        }

        _terms.RemoveRange(kept, _terms.Count - kept);
        _committedIn.RemoveRange(kept, _committedIn.Count - kept);
    }

    /// <inheritdoc/>
    public void OnFollowed(SimulatedMember member) => _seen.Remove(member.Id);

    /// <summary>The term of the member that first took an entry for committed: its leader's.</summary>
    public Term CommittedIn(LogIndex index) => _committedIn[(int)index.Value - 1];

    /// <inheritdoc/>
    public void OnStepped(SimulatedMember member)
    {
        RaftCore core = member.Core!;
        (int run, LogIndex seen) = _seen.GetValueOrDefault(member.Id);
        if (run != member.Run)
        {
            seen = LogIndex.Zero;
        }

        if (core.CommitIndex < seen)
        {
            throw new InvariantBrokenException($"member {member.Id} took back its commit index from {seen} to {core.CommitIndex}");
        }

        // What a snapshot stands for cannot be looked at any more, but its last entry can.
        seen = LogIndex.Max(seen, core.LogBase.Index.Previous);
        while (seen < core.CommitIndex)
        {
            seen = seen.Next;
            Term term = core.TermAt(seen)!.Value;
            if (seen > HighestIndex)
            {
                _terms.Add(term);
                _committedIn.Add(core.Term);
            }
            else if (TermAt(seen) != term)
            {
                throw new InvariantBrokenException($"state machine safety: index {seen} was committed in term {TermAt(seen)}; member {member.Id} commits term {term} there");
            }
        }

        _seen[member.Id] = (member.Run, seen);
    }
}
