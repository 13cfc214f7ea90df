namespace RaftActors.Protocol;

/// <summary>
/// Which membership is in force. A membership takes effect as soon as its entry is in the log, committed or not, and no longer when the entry is
/// truncated (thesis section 4.1). Rebuilt from the journal like the log itself.
/// </summary>
internal sealed class MembershipHistory
{
    private readonly List<(EntryId Id, StreamMembership Membership)> _entries = [];

    /// <summary>Begins with what is in force while the log has no membership entry.</summary>
    public MembershipHistory(StreamMembership initial) => _entries.Add((EntryId.Zero, initial));

    /// <summary>The membership in force.</summary>
    public StreamMembership Current => _entries[^1].Membership;

    /// <summary>The entry that says so; 0 when it comes from the options.</summary>
    public LogIndex CurrentIndex => _entries[^1].Id.Index;

    /// <summary>The membership that was in force when the log ended at <paramref name="index"/>, and its entry.</summary>
    public (EntryId Id, StreamMembership Membership) At(LogIndex index)
    {
        int i = _entries.Count - 1;
        while (i > 0 && _entries[i].Id.Index > index)
        {
            i--;
        }

        return _entries[i];
    }

    /// <summary>Whether any membership that may be in force again names this stay of a member.</summary>
    public bool Names(NodeId member, EntryId joined) => _entries.Exists(e => e.Membership.Find(member) is not null && e.Membership.JoinedAt(member) == joined);

    /// <summary>A batch was appended; what the log held from its first index on is gone.</summary>
    /// <returns>True when another membership is in force now.</returns>
    public bool OnAppended(EntryBatch batch)
    {
        bool isRolledBack = ForgetFrom(batch.FirstIndex);
        if (!batch.IsMembership)
        {
            return isRolledBack;
        }

        LogEntry entry = batch[batch.FirstIndex];
        bool isReadable = MembershipCodec.TryDecode(entry.Data.Span, out StreamMembership? membership);
        Invariant.That(isReadable, $"Entry {entry.Id} does not hold a membership.");
        _entries.Add((entry.Id, membership!));
        return true;
    }

    /// <summary>What the log held from <paramref name="first"/> on is gone.</summary>
    /// <returns>True when another membership is in force now.</returns>
    public bool ForgetFrom(LogIndex first)
    {
        LogIndex before = CurrentIndex;
        while (_entries.Count > 1 && _entries[^1].Id.Index >= first)
        {
            _entries.RemoveAt(_entries.Count - 1);
        }

        return CurrentIndex != before;
    }

    /// <summary>A snapshot stands for everything up to <paramref name="last"/>: what was in force before is of no use any more.</summary>
    public void ForgetBefore(LogIndex last)
    {
        while (_entries.Count > 1 && _entries[1].Id.Index <= last)
        {
            _entries.RemoveAt(0);
        }
    }

    /// <summary>Nothing is known but a snapshot and the memberships that the log holds behind it.</summary>
    public void StartFrom(SnapshotInfo snapshot, IReadOnlyList<EntryBatch> memberships)
    {
#if RAFT_MUTANTS
        StreamMembership old = Current;
        _entries.Clear();
        _entries.Add((snapshot.Last, Mutants.Active == Mutant.OldMembershipAfterSnapshot ? old : snapshot.Membership));
#else
        _entries.Clear();
        _entries.Add((snapshot.Last, snapshot.Membership));
#endif
        foreach (EntryBatch batch in memberships)
        {
            if (batch.FirstIndex > snapshot.Last.Index)
            {
                OnAppended(batch);
            }
        }
    }
}
