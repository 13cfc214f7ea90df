namespace RaftActors.Protocol;

/// <summary>
/// The leader asks a voter to stand for election at once, without a pre-vote: leadership transfer (thesis section 3.10).
/// </summary>
/// <param name="Term">The leader's term.</param>
public sealed record TimeoutNow(Term Term) : PeerMessage(Term), IMayLeaveAtOnce;
