namespace KvServer.Server;

/// <summary>Who belongs to the cluster, and who leads it: changed while it runs. Every call works on every node; one that does not lead asks the leader.</summary>
internal interface IClusterMembers
{
    /// <summary>The members as this node knows them.</summary>
    Task<IReadOnlyList<ClusterMember>> GetMembersAsync(CancellationToken cancellation);

    /// <summary>Adds a member, once it has caught up; or gives a present one another kind.</summary>
    Task<ChangeOutcome> AddAsync(uint id, string address, ClusterMemberKind kind, CancellationToken cancellation);

    /// <summary>Removes a member, dead or alive.</summary>
    Task<ChangeOutcome> RemoveAsync(uint id, CancellationToken cancellation);

    /// <summary>Lets a member lead; 0: whichever is furthest. Done: <see cref="ChangeOutcome.Leader"/> leads.</summary>
    Task<ChangeOutcome> TransferAsync(uint id, CancellationToken cancellation);
}

/// <summary>What a member may do.</summary>
internal enum ClusterMemberKind
{
    /// <summary>Votes, may lead.</summary>
    Voter,

    /// <summary>Has everything, votes on nothing.</summary>
    Learner,

    /// <summary>Votes and stores the log, and serves nobody; leads at most as a caretaker.</summary>
    LogOnly,
}

/// <summary>One member.</summary>
/// <param name="Id">Its node id.</param>
/// <param name="Kind">What it may do.</param>
/// <param name="Address">Where it talks to the others.</param>
/// <param name="Leads">It leads, as far as this node knows.</param>
internal sealed record ClusterMember(uint Id, ClusterMemberKind Kind, string Address, bool Leads);

/// <summary>What may be concluded about a change.</summary>
internal enum ChangeOutcomeKind
{
    /// <summary>In force.</summary>
    Done,

    /// <summary>Not done: there is no leader that would do it now. May be tried again.</summary>
    NoLeader,

    /// <summary>Not done, for the reason given.</summary>
    Refused,

    /// <summary>Done or not, now or later. RAFT MEMBERS tells in time.</summary>
    Unknown,
}

/// <summary>What came of a change.</summary>
/// <param name="Kind">What may be concluded.</param>
/// <param name="Leader">A transfer: who leads now.</param>
/// <param name="Reason">Why it is not done.</param>
internal readonly record struct ChangeOutcome(ChangeOutcomeKind Kind, uint Leader, string Reason)
{
    public static ChangeOutcome Done(uint leader = 0) => new(ChangeOutcomeKind.Done, leader, "");

    public static ChangeOutcome Not(ChangeOutcomeKind kind, string? reason) => new(kind, 0, reason ?? "no reason was given");
}
