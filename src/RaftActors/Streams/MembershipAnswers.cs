namespace RaftActors;

/// <summary>What came of a change of the membership. Exactly one of the three sealed records below.</summary>
public abstract record MembershipAnswer
{
    private protected MembershipAnswer()
    {
    }
}

/// <summary>The change is complete and committed.</summary>
/// <param name="Membership">Who belongs to the stream now.</param>
/// <param name="Index">The entry that says so.</param>
public sealed record MembershipCommitted(StreamMembership Membership, LogIndex Index) : MembershipAnswer;

/// <summary>The change did not take place.</summary>
/// <param name="Refusal">Why, for programs.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="Leader">Who leads, as far as known.</param>
/// <param name="LeaderAddress">Where the leader is; null when unknown.</param>
public sealed record MembershipNotChanged(ChangeRefusal Refusal, string Reason, NodeId Leader, string? LeaderAddress) : MembershipAnswer;

/// <summary>The change may or may not take place, or may be under way still. The membership in the status tells; asking for the same change again does no harm.</summary>
/// <param name="Reason">What happened.</param>
public sealed record MembershipOutcomeUnknown(string Reason) : MembershipAnswer;

/// <summary>What came of a leadership transfer. One of the two sealed records below.</summary>
public abstract record TransferAnswer
{
    private protected TransferAnswer()
    {
    }
}

/// <summary>Another member leads.</summary>
/// <param name="Leader">Who; usually the one that was asked for.</param>
/// <param name="Term">Its term.</param>
public sealed record LeadershipTransferred(NodeId Leader, Term Term) : TransferAnswer;

/// <summary>The office was not handed over.</summary>
/// <param name="Outcome">Why, for programs.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="Leader">Who leads, as far as known.</param>
/// <param name="LeaderAddress">Where the leader is; null when unknown.</param>
public sealed record LeadershipNotTransferred(TransferOutcome Outcome, string Reason, NodeId Leader, string? LeaderAddress) : TransferAnswer;
