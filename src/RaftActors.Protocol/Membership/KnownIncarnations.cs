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

    /// <summary>
    /// The latest stay for which others know this member in its present incarnation; null when it has not been told. It may not decide by what its log says of stays before that: somebody else lived them.
    /// </summary>
    public EntryId? OwnStay { get; private set; }

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
        NoteOwn(met);
        _met.RemoveAll(m => m.Met.Member == met.Member && m.Met.Joined == met.Joined);
        _met.Add((met, mark));
    }

    /// <summary>Recovery: a compaction stands for everything before it.</summary>
    public void Restore(LogCompacted compacted)
    {
        Own = compacted.Incarnation;
        OwnStay = null;
        _met.Clear();
        _met.AddRange(compacted.Met.Select(m => (m, JournalMark.Zero)));
        foreach (MemberMet met in compacted.Met)
        {
            NoteOwn(met);
        }
    }

    /// <summary>
    /// Stays that no membership names any more cannot come back: not even by truncation, which ends at what the snapshot stands for. What was said of this member itself may
    /// be of a stay that its log has not come to yet.
    /// </summary>
    public void ForgetAllBut(MembershipHistory memberships, NodeId self) =>
        _met.RemoveAll(m => m.Met.Member == self ? m.Met.Joined != OwnStay : !memberships.Names(m.Met.Member, m.Met.Joined));

    // Nobody but this member itself is told its own number as one that belongs to a stay, so the number tells.
    private void NoteOwn(MemberMet met)
    {
        if (met.Incarnation == Own && (OwnStay is not { } stay || met.Joined.IsBehind(stay)))
        {
            OwnStay = met.Joined;
        }
    }
}
