using RaftActors.Persistence;
using RaftActors.Snapshots;

namespace RaftActors.Runtime;

/// <summary>What a node is told about snapshots, running or not.</summary>
internal interface ISnapshotReport;

/// <summary>To the state machine's actor: begin to write a snapshot of the state as it is when this arrives.</summary>
internal sealed record CaptureSnapshot(Func<LogIndex, SnapshotWriteStream> Open);

/// <summary>From the state machine's actor: it is being written. The task ends with the state machine's part of it.</summary>
internal sealed record SnapshotCaptured(LogIndex Index, SnapshotWriteStream Content, Task Written) : ISnapshotReport;

/// <summary>To the snapshot actor: complete it.</summary>
internal sealed record FinishSnapshot(SnapshotInfo Info, SnapshotWriteStream Content, Task Written);

/// <summary>From the snapshot actor: it is on disk.</summary>
internal sealed record SnapshotOnDisk(SnapshotInfo Info, long Bytes) : ISnapshotReport;

/// <summary>A snapshot was not taken. The log stays as it is.</summary>
internal sealed record SnapshotNotTaken(string Reason, Exception? Cause, bool Never) : ISnapshotReport;

/// <summary>From the journal's actor: the log's new beginning is on disk, and the prefix is being deleted.</summary>
internal sealed record CompactionOnDisk(LogCompacted Compaction) : ISnapshotReport;

/// <summary>To the snapshot actor: which snapshot is to be loaded, the newest that is whole.</summary>
internal sealed record FindSnapshot(LogCompacted Compaction);

/// <summary>From the snapshot actor: this one.</summary>
internal sealed record SnapshotFound(LogIndex Index, string? WhyNotNewest) : ISnapshotReport;

/// <summary>From the snapshot actor: none, so the member cannot start.</summary>
internal sealed record NoUsableSnapshot(string Reason, Exception? Cause) : ISnapshotReport;

/// <summary>To the state machine's actor: replace the state.</summary>
internal sealed record RestoreSnapshot(SnapshotStorage Storage, LogIndex Index);

/// <summary>From the state machine's actor: the state is that of the snapshot.</summary>
internal sealed record StateRestored(LogIndex Index) : ISnapshotReport;

/// <summary>To the snapshot actor: no snapshot below this index is needed any more.</summary>
internal sealed record PruneSnapshots(LogIndex Below);

/// <summary>To the snapshot actor: this member does not lead, nobody gets a snapshot from it.</summary>
internal sealed record StopTransfers
{
    public static StopTransfers Instance { get; } = new();
}

/// <summary>From a restarted snapshot actor: what it was doing is lost.</summary>
internal sealed record SnapshotsRestarted : ISnapshotReport
{
    public static SnapshotsRestarted Instance { get; } = new();
}

/// <summary>To a node itself: after a snapshot that was not taken, the wait is over.</summary>
internal sealed record SnapshotRetry : ISnapshotReport
{
    public static SnapshotRetry Instance { get; } = new();
}

/// <summary>To a node itself: the snapshot interval is over.</summary>
internal sealed record SnapshotDue : ISnapshotReport
{
    public static SnapshotDue Instance { get; } = new();
}
