namespace RaftActors;

/// <summary>What came of a request to pause the replication of a member. One of the two sealed records below.</summary>
public abstract record PauseAnswer
{
    private protected PauseAnswer()
    {
    }
}

/// <summary>The leader does as asked.</summary>
/// <param name="Peer">The member.</param>
/// <param name="Duration">How long it gets no entries; zero when it gets them again.</param>
public sealed record ReplicationPaused(NodeId Peer, TimeSpan Duration) : PauseAnswer;

/// <summary>Nothing has changed.</summary>
/// <param name="Outcome">Why, for programs.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="Leader">Who leads, as far as known.</param>
/// <param name="LeaderAddress">Where the leader is; null when unknown.</param>
public sealed record ReplicationNotPaused(PauseOutcome Outcome, string Reason, NodeId Leader, string? LeaderAddress) : PauseAnswer;
