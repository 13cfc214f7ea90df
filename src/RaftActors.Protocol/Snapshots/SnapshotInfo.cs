namespace RaftActors.Protocol;

/// <summary>What a snapshot stands for: everything up to and including one committed entry (Raft paper section 7). The state itself is the shell's.</summary>
/// <param name="Last">The last entry whose effect the snapshot holds.</param>
/// <param name="Membership">Who belonged to the stream at that entry.</param>
public sealed record SnapshotInfo(EntryId Last, StreamMembership Membership)
{
    /// <inheritdoc/>
    public override string ToString() => $"snapshot {Last}";
}
