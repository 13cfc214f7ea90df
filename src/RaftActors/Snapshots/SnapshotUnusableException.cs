namespace RaftActors.Snapshots;

/// <summary>A snapshot could not be written, read or believed.</summary>
internal sealed class SnapshotUnusableException(string reason, Exception? cause = null) : Exception(reason, cause);
