using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// A snapshot is on disk, and the log begins behind <paramref name="Base"/>: what stood before it may be deleted from the journal. Also written when a
/// leader's snapshot has replaced the whole log; then <paramref name="Base"/> is the snapshot's last entry.
/// </summary>
/// <remarks>
/// A journal can only delete a prefix, so this event repeats what the deleted part may have said: the term state, and where the log stood. Recovery begins
/// with the newest of these events; entries in front of it are taken as far as they lie behind the base.
/// </remarks>
/// <param name="Snapshot">The snapshot that stands for what is gone.</param>
/// <param name="Base">The last entry that the log no longer holds; not behind the snapshot.</param>
/// <param name="Last">The last entry of the log when this was written; recovery checks it.</param>
/// <param name="State">Term and vote when this was written.</param>
public sealed record LogCompacted(SnapshotInfo Snapshot, EntryId Base, EntryId Last, TermState State) : RaftEvent
{
    /// <summary>This member's incarnation; 0 when it has none.</summary>
    public ulong Incarnation { get; init; }

    /// <summary>The incarnations of others that it knows.</summary>
    public ImmutableArray<MemberMet> Met { get; init; } = [];
}
