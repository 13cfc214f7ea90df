namespace RaftActors.Protocol;

// Flow control: what is in memory, what is read back, who is held up.
public sealed partial class RaftCore
{
    /// <summary>The first index whose entry is in memory. What the log holds before it is in the journal only.</summary>
    public LogIndex FirstInMemory => _state.Log.FirstInMemory;

    /// <summary>Bytes of entries in memory.</summary>
    public long LogBytesInMemory => _state.Log.BytesInMemory;

    /// <summary>The part of <see cref="LogBytesInMemory"/> that is on disk; it is bounded by <see cref="RaftOptions.MaxLogBytesInMemory"/>.</summary>
    public long DurableBytesInMemory => _state.Log.DurableBytesInMemory;

    /// <summary>Reads from the journal that are under way, for peers and for the state machine.</summary>
    public int EntryReadsUnderWay => _state.Reads.Count;

    /// <summary>Reads from the journal that did not bring what the log says.</summary>
    public long FailedEntryReads => _state.Reads.Failed;

    /// <summary>What the state machine was given and has not applied, in entries.</summary>
    public long UnappliedEntries => _state.Applying.Entries;

    /// <summary>The same in bytes of batches.</summary>
    public long UnappliedBytes => _state.Applying.Bytes;

    /// <summary>So much is committed and not applied that this member takes in no more entries.</summary>
    public bool IsApplyQueueFull => _state.IsApplyQueueFull;

    private void OnEntriesRead(long ticket, IReadOnlyList<EntryBatch> batches)
    {
        if (_state.Reads.End(ticket) is not { } read)
        {
            return;
        }

        bool isRight = batches.Count > 0 && _state.Log.Holds(read.First, batches);
#if RAFT_MUTANTS
        isRight |= Mutants.Active == Mutant.ReplacedEntriesAreServed && batches.Count > 0;
#endif
        if (!isRight && read.First > _state.Log.Base.Index)
        {
            _state.Reads.CountFailure();
        }

        IReadOnlyList<EntryBatch> usable = isRight ? batches : [];
        if (read.For.IsNone)
        {
            _state.OnReadForState(read.First, usable);
        }
        else
        {
            _leader.OnEntriesRead(read.For, read.First, usable);
        }
    }
}
