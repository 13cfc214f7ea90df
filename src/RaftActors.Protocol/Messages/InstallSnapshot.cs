namespace RaftActors.Protocol;

/// <summary>A block of a snapshot, for a member that lacks entries which the leader's log no longer holds (Raft paper section 7).</summary>
/// <param name="Term">The leader's term.</param>
/// <param name="Token">Counts the leader's messages of this term together with <see cref="AppendEntries.Token"/>.</param>
/// <param name="Snapshot">What the snapshot stands for; the same in every block.</param>
/// <param name="Id">Names the content: blocks with the same snapshot and id are parts of the same bytes, whoever sends them.</param>
/// <param name="Offset">Where the block begins.</param>
/// <param name="TotalSize">The size of the whole content.</param>
/// <param name="Data">The block.</param>
/// <param name="Checksum">CRC32C of <paramref name="Data"/>.</param>
public sealed record InstallSnapshot(
    Term Term,
    ulong Token,
    SnapshotInfo Snapshot,
    ulong Id,
    long Offset,
    long TotalSize,
    ReadOnlyMemory<byte> Data,
    uint Checksum) : PeerMessage(Term), IMayLeaveAtOnce
{
    /// <summary>Where the next block begins.</summary>
    public long End => Offset + Data.Length;

    /// <summary>True for the block that completes the content.</summary>
    public bool IsLast => End == TotalSize;

    /// <inheritdoc/>
    public override string ToString() =>
        $"InstallSnapshot {{ Term = {Term}, Token = {Token}, Last = {Snapshot.Last}, Id = {Id:x}, Bytes = {Offset}..{End} of {TotalSize} }}";
}
