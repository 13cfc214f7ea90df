namespace RaftActors.Protocol;

/// <summary>Where a round of votes stands.</summary>
internal enum QuorumOutcome : byte
{
    /// <summary>The missing answers decide.</summary>
    Pending = 0,

    /// <summary>A quorum has said yes.</summary>
    Won = 1,

    /// <summary>So many have said no that a quorum can no longer say yes.</summary>
    Lost = 2,
}
