namespace RaftActors.Protocol;

// What the state machine is given, and how far it may be behind.
internal sealed partial class RaftState
{
    private LogIndex _recoveredLast;
    private bool _applyingEnded;

    /// <summary>Reads of entries that are no longer in memory.</summary>
    public EntryReads Reads { get; }

    /// <summary>What the state machine was given and has not applied.</summary>
    public ApplyQueue Applying { get; }

    /// <summary>
    /// So much is committed and not applied that this member takes in no more. Entries that the journal held at the start do not count: a member that applies them again
    /// would be of no use to the stream meanwhile. Nor does a state machine that applies nothing any more, or never did: waiting for it would have no end.
    /// </summary>
    public bool IsApplyQueueFull =>
        (CommitIndex - LogIndex.Max(IsDoneUpTo, _recoveredLast) >= Options.MaxUnappliedEntries
            || (Applying.Bytes >= Options.MaxUnappliedBytes && CommitIndex > HandedOver && HandedOver > _recoveredLast)
            || (MayBeAhead && Log.BytesBetween(Log.DurableIndex, CommitIndex) >= Options.MaxUnappliedBytes))
        && !_applyingEnded
        && Membership.Find(Self) is not { Kind: MemberKind.LogOnly };

    /// <summary>So much of it is applied again that a leader which was told to wait may go on.</summary>
    public bool IsApplyQueueHalfEmpty =>
        !IsApplyQueueFull
        && CommitIndex - LogIndex.Max(IsDoneUpTo, _recoveredLast) <= Options.MaxUnappliedEntries / 2
        && (Applying.Bytes <= Options.MaxUnappliedBytes / 2 || CommitIndex == HandedOver);

    /// <summary>A leader may give its state machine what a quorum has on disk and its own disk has not yet (<see cref="RaftOptions.ApplyBeforeOwnDisk"/>, thesis section 10.2.1).</summary>
    /// <remarks>Who only takes care, or is no longer wanted as a leader, serves nobody whom that would help.</remarks>
    private bool MayBeAhead => Options.ApplyBeforeOwnDisk && Leadership is { TakesCare: false } && Membership.MayLead(Self);

    /// <summary>What is applied, and of that, where it may be ahead of the disk, what is there too: a disk that stands still must not let a leader take in entries without end.</summary>
    private LogIndex IsDoneUpTo => MayBeAhead ? LogIndex.Min(AppliedIndex, Log.DurableIndex) : AppliedIndex;

    /// <summary>
    /// How far a snapshot may go: what the state machine was given, and never more than this member's own disk has. A snapshot stands for a part of the log, so it waits for a log that it would be ahead of.
    /// </summary>
    public LogIndex MayBeSnapshotUpTo
    {
        get
        {
#if RAFT_MUTANTS
            if (Mutants.Active == Mutant.SnapshotBeforeOwnDisk)
            {
                return HandedOver;
            }

#endif
            return LogIndex.Min(HandedOver, Log.DurableIndex);
        }
    }

    /// <summary>What a leader is told about the state machine. Members that apply nothing are as far as their disk.</summary>
    public LogIndex ReportedApplied =>
        _applyingEnded || Membership.Find(Self) is { Kind: MemberKind.LogOnly } ? Log.DurableIndex : AppliedIndex;

    /// <summary>The state machine has been given everything that is committed, so it will have applied that in a moment.</summary>
    public bool IsApplyingTheLast => HandedOver == CommitIndex && !_applyingEnded;

    /// <summary>The state machine has failed: nothing waits for it any more.</summary>
    public void EndApplying()
    {
        _applyingEnded = true;
        HandOverCommitted();
    }

    /// <summary>Entries for the state machine have come from the journal, or could not be read: then they are asked for again.</summary>
    public void OnReadForState(LogIndex first, IReadOnlyList<EntryBatch> batches)
    {
        // A snapshot may have taken the place of the log meanwhile.
        LogIndex last = batches.Count > 0 ? LogIndex.Min(batches[^1].LastIndex, CommitIndex) : LogIndex.Zero;
        if (_toRestore is null && !_applyingEnded && first == HandedOver.Next && last >= first)
        {
            HandOver(first, last, batches);
        }

        HandOverCommitted();
    }

    /// <summary>
    /// Gives the shell what is committed and on this member's own disk. Raft would allow to apply sooner (a quorum has it on
    /// disk), but then a state machine could be ahead of its own log after a crash. So only a leader does, and only when it is told to. PROTOCOL.md, "Applying before the own disk".
    /// </summary>
    /// <remarks>No more than the state machine can take; the rest stays in the log, or on disk, until it has applied what it has.</remarks>
    private void HandOverCommitted()
    {
        if (_toRestore is { } restore)
        {
            if (restore.Mark > Outbox.Durable)
            {
                return;
            }

            _toRestore = null;
            HandedOver = restore.Snapshot.Last.Index;
            Effects.Add(new Effect.RestoreState(restore.Snapshot));
        }

        LogIndex last = MayBeHandedOver();
        if (last <= HandedOver)
        {
            return;
        }

        if (_applyingEnded)
        {
            GiveUp(last);
            return;
        }

        LogIndex room = HandedOver + Applying.Room;
        if (room == HandedOver)
        {
            return;
        }

        LogIndex first = HandedOver.Next;
        if (first < Log.FirstInMemory)
        {
            Reads.Ask(NodeId.None, first, LogIndex.Min(last, Log.FirstInMemory.Previous), Options.MaxAppendBytes);
            return;
        }

        IReadOnlyList<EntryBatch> batches = Log.Covering(first, last, room, Applying.RoomForBytes);
        HandOver(first, LogIndex.Min(last, batches[^1].LastIndex), batches);
    }

    private LogIndex MayBeHandedOver()
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.AppliesBeforeOwnDisk)
        {
            return CommitIndex;
        }

#endif
        return MayBeAhead ? CommitIndex : LogIndex.Min(CommitIndex, Log.DurableIndex);
    }

    /// <summary>Nobody applies any more, but who waits for an entry has to be told that it is committed. Nobody waits for one that is no longer in memory.</summary>
    private void GiveUp(LogIndex last)
    {
        LogIndex first = LogIndex.Max(HandedOver.Next, Log.FirstInMemory);
        HandedOver = last;
        if (first <= last)
        {
            Effects.Add(new Effect.Commit(first, last, Log.Covering(first, last)));
        }
    }

    private void HandOver(LogIndex first, LogIndex last, IReadOnlyList<EntryBatch> batches)
    {
        HandedOver = last;
        Applying.Add(first, last, batches);
        Effects.Add(new Effect.Commit(first, last, batches));
    }
}
