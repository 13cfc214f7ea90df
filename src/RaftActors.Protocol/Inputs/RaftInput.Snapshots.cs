namespace RaftActors.Protocol;

public abstract partial record RaftInput
{
    /// <summary>
    /// A snapshot of the state machine is on disk, described by <see cref="RaftCore.DescribeSnapshot"/>. The log may forget what it covers, up to a reserve.
    /// One that is older than what is known is ignored.
    /// </summary>
    /// <param name="Snapshot">What it stands for.</param>
    public sealed record SnapshotTaken(SnapshotInfo Snapshot) : RaftInput;

    /// <summary>
    /// The log forgets entries now, without a reserve (DCF: dcf_truncate). Ignored when the newest snapshot does not cover what goes, or the state machine has not applied it; entries of a batch that is
    /// kept stay.
    /// </summary>
    /// <param name="FirstKept">The first entry that is kept.</param>
    public sealed record TruncateLog(LogIndex FirstKept) : RaftInput;

    /// <summary>The next block for a peer has been read (<see cref="Effect.SendSnapshot"/>).</summary>
    /// <param name="Peer">Who needs it.</param>
    /// <param name="Snapshot">The snapshot.</param>
    /// <param name="Id">The content's id.</param>
    /// <param name="Offset">Where the block begins.</param>
    /// <param name="TotalSize">The size of the whole content.</param>
    /// <param name="Data">The block.</param>
    /// <param name="Checksum">CRC32C of <paramref name="Data"/>.</param>
    public sealed record SnapshotBlockRead(
        NodeId Peer,
        SnapshotInfo Snapshot,
        ulong Id,
        long Offset,
        long TotalSize,
        ReadOnlyMemory<byte> Data,
        uint Checksum) : RaftInput
    {
        /// <inheritdoc/>
        public override string ToString() => $"SnapshotBlockRead {{ Peer = {Peer}, Last = {Snapshot.Last}, Bytes = {Offset}+{Data.Length} of {TotalSize} }}";
    }

    /// <summary>A snapshot could not be read or was not answered for too long. The peer is asked again with the next heartbeat.</summary>
    /// <param name="Peer">Who needs it.</param>
    public sealed record SnapshotSendFailed(NodeId Peer) : RaftInput;

    /// <summary>A block is stored, or was of no use (<see cref="Effect.StoreSnapshotBlock"/>).</summary>
    /// <param name="From">Who sent it.</param>
    /// <param name="Block">The block.</param>
    /// <param name="Accepted">False when it does not join what is there.</param>
    /// <param name="Offset">How much of the content is stored.</param>
    public sealed record SnapshotBlockStored(NodeId From, InstallSnapshot Block, bool Accepted, long Offset) : RaftInput;

    /// <summary>The content is complete, checked and on disk: it may be installed.</summary>
    /// <param name="From">Who sent the last block.</param>
    /// <param name="Block">The last block.</param>
    public sealed record SnapshotReceived(NodeId From, InstallSnapshot Block) : RaftInput;
}
