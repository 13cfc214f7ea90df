namespace RaftActors;

/// <summary>The answer to <see cref="RaftStream.TakeSnapshotAsync"/>.</summary>
public abstract record SnapshotAnswer
{
    private protected SnapshotAnswer()
    {
    }
}

/// <summary>A snapshot is on disk.</summary>
/// <param name="Index">The last index that it covers.</param>
public sealed record SnapshotCompleted(LogIndex Index) : SnapshotAnswer;

/// <summary>No snapshot was taken, or it is not known; the log is as it was.</summary>
/// <param name="Reason">Why, in words.</param>
public sealed record SnapshotFailed(string Reason) : SnapshotAnswer;
