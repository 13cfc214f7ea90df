namespace RaftActors.Protocol;

/// <summary>What a quorum is asked for: each has its own size (<see cref="QuorumRule"/>).</summary>
internal enum QuorumKind : byte
{
    /// <summary>Has an entry on disk. The only one that required groups take part in.</summary>
    Commit = 0,

    /// <summary>The same, but whatever the groups say: as safe as a commitment, without its zones.</summary>
    CommitWithoutGroups = 1,

    /// <summary>Has answered this leader: so nobody else has been elected (reads, leases, the leader's own check).</summary>
    Read = 2,
}
