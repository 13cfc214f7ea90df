namespace RaftActors.Protocol;

/// <summary>The answer to a <see cref="ReadIndexRequest"/>, sent once a quorum has confirmed the leader.</summary>
/// <param name="Term">The leader's term.</param>
/// <param name="Context">The number from the request.</param>
/// <param name="Accepted">False when the asked member does not lead, or lost its term before it could confirm.</param>
/// <param name="Index">Accepted: a state machine that has applied this index answers linearizably.</param>
public sealed record ReadIndexReply(Term Term, ulong Context, bool Accepted, LogIndex Index) : PeerMessage(Term), IMayLeaveAtOnce;
