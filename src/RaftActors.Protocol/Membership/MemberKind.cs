namespace RaftActors.Protocol;

/// <summary>What a member may do, apart from the <see cref="Role"/> it plays at the moment.</summary>
public enum MemberKind : byte
{
    /// <summary>Votes, stores the log, applies it, may lead.</summary>
    Voter = 0,

    /// <summary>Receives and applies the log; has no vote (DCF: PASSIVE).</summary>
    Learner = 1,

    /// <summary>Votes and stores the log; serves nobody (DCF: LOGGER; braft: witness). Leads only when nobody else can be elected, until somebody else is up to date.</summary>
    LogOnly = 2,
}
