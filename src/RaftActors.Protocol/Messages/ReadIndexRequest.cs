namespace RaftActors.Protocol;

/// <summary>A follower asks its leader from which index on a read is linearizable (thesis section 6.4).</summary>
/// <param name="Term">The follower's term.</param>
/// <param name="Context">The follower's own number for this attempt, never used again by the same run of the node.</param>
public sealed record ReadIndexRequest(Term Term, ulong Context) : PeerMessage(Term), IMayLeaveAtOnce;
