using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>Which incarnations this member knows: its own, and the one that it met first in each stay of each other member. Durable; changed by events only.</summary>
internal sealed class KnownIncarnations
{
    private readonly List<(MemberMet Met, JournalMark Mark)> _met = [];

    /// <summary>This member's own; 0 when it has none.</summary>
    public ulong Own { get; private set; }

    /// <summary>The write that says so.</summary>
    public JournalMark OwnMark { get; private set; }

    /// <summary>Everything that is known, for a compaction.</summary>
    public ImmutableArray<MemberMet> All => [.. _met.Select(m => m.Met)];

    /// <summary>What is known of a member in one stay, and the write that says so; null when it was not met in that stay.</summary>
    public (ulong Incarnation, JournalMark Mark)? Find(NodeId member, EntryId joined)
    {
        foreach ((MemberMet met, JournalMark mark) in _met)
        {
            if (met.Member == member && met.Joined == joined)
            {
                return (met.Incarnation, mark);
            }
        }

        return null;
    }

    public void Apply(IncarnationTaken taken, JournalMark mark)
    {
        Own = taken.Incarnation;
        OwnMark = mark;
    }

    public void Apply(MemberMet met, JournalMark mark)
    {
        _met.RemoveAll(m => m.Met.Member == met.Member && m.Met.Joined == met.Joined);
        _met.Add((met, mark));
    }

    /// <summary>Recovery: a compaction stands for everything before it.</summary>
    public void Restore(LogCompacted compacted)
    {
        Own = compacted.Incarnation;
        _met.Clear();
        _met.AddRange(compacted.Met.Select(m => (m, JournalMark.Zero)));
    }

    /// <summary>
    /// Stays that no membership names any more cannot come back: not even by truncation, which ends at what the snapshot stands for.
    /// </summary>
    public void ForgetAllBut(MembershipHistory memberships) => _met.RemoveAll(m => !memberships.Names(m.Met.Member, m.Met.Joined));
}
