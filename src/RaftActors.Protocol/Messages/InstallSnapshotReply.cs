namespace RaftActors.Protocol;

/// <summary>The answer to <see cref="InstallSnapshot"/>; a promise when it says that the snapshot is installed.</summary>
/// <param name="Term">The follower's own term.</param>
/// <param name="Token">The token of the request.</param>
/// <param name="Accepted">False when the block does not join what is there, or was damaged: go on at <paramref name="Offset"/>.</param>
/// <param name="Snapshot">The last index of the snapshot.</param>
/// <param name="Id">The content's id from the request.</param>
/// <param name="Offset">How much of the content the follower has stored.</param>
/// <param name="Installed">True when the follower's log and disk cover everything up to <paramref name="Snapshot"/>, by this snapshot or otherwise.</param>
public sealed record InstallSnapshotReply(
    Term Term,
    ulong Token,
    bool Accepted,
    LogIndex Snapshot,
    ulong Id,
    long Offset,
    bool Installed) : PeerMessage(Term), IPromise;
