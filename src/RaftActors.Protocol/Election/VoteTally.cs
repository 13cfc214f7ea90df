namespace RaftActors.Protocol;

/// <summary>The answers of one round of votes or pre-votes (Raft paper section 5.2). Exists only while the round does.</summary>
internal sealed class VoteTally
{
    private readonly StreamMembership _membership;
    private readonly Dictionary<NodeId, bool> _answers = [];

    /// <summary>Opens a round.</summary>
    public VoteTally(StreamMembership membership) => _membership = membership;

    /// <summary>Where the round stands.</summary>
    public QuorumOutcome Outcome => JointQuorum.Count(_membership, _answers);

    /// <summary>True when this voter has answered.</summary>
    public bool HasAnswerOf(NodeId voter) => _answers.ContainsKey(voter);

    /// <summary>Counts an answer. A voter's first answer stands: a repeated message changes nothing.</summary>
    public void Record(NodeId voter, bool granted) => _answers.TryAdd(voter, granted);
}
