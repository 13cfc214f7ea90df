namespace RaftActors.Protocol;

public abstract partial record Effect
{
    /// <summary>
    /// A peer needs entries that the log no longer holds: read the snapshot block by block, each with <see cref="RaftInput.SnapshotBlockRead"/>, guided by
    /// <see cref="SnapshotAcknowledged"/>. Ends with <see cref="StopSendingSnapshot"/>, or when this member no longer leads.
    /// </summary>
    /// <param name="Peer">Who needs it.</param>
    /// <param name="Snapshot">The newest snapshot.</param>
    public sealed record SendSnapshot(NodeId Peer, SnapshotInfo Snapshot) : Effect;

    /// <summary>The peer has what it needs, or cannot be reached: stop reading for it.</summary>
    /// <param name="Peer">The peer.</param>
    public sealed record StopSendingSnapshot(NodeId Peer) : Effect;

    /// <summary>The peer has answered a block: send the next from <paramref name="Offset"/> on.</summary>
    /// <param name="Peer">The peer.</param>
    /// <param name="Snapshot">The last index of the snapshot that it speaks of.</param>
    /// <param name="Id">The content's id.</param>
    /// <param name="Offset">How much the peer has stored.</param>
    /// <param name="Accepted">False when it could not use the block.</param>
    public sealed record SnapshotAcknowledged(NodeId Peer, LogIndex Snapshot, ulong Id, long Offset, bool Accepted) : Effect;

    /// <summary>
    /// A block came from the leader: store it, and report <see cref="RaftInput.SnapshotBlockStored"/>, or <see cref="RaftInput.SnapshotReceived"/> when
    /// the content is complete, checked and on disk.
    /// </summary>
    /// <param name="From">The leader.</param>
    /// <param name="Block">The block.</param>
    public sealed record StoreSnapshotBlock(NodeId From, InstallSnapshot Block) : Effect;

    /// <summary>
    /// Replace the state machine's state by this received snapshot, in order with <see cref="Commit"/>; report <see cref="RaftInput.Applied"/> with its last index.
    /// Returned only when the journal has confirmed the installation.
    /// </summary>
    /// <param name="Snapshot">The snapshot.</param>
    public sealed record RestoreState(SnapshotInfo Snapshot) : Effect;
}
