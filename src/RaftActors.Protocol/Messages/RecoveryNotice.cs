namespace RaftActors.Protocol;

/// <summary>
/// Tells a member of an older generation that a forced recovery has taken place. Who is named as a member follows the new history, unless it has more than that took over; who is not is fenced.
/// A promise: it leaves when the generation is on its sender's disk.
/// </summary>
/// <param name="Term">The sender's term.</param>
/// <param name="Membership">The membership in force at the sender, with its <see cref="StreamMembership.Recovery"/>.</param>
public sealed record RecoveryNotice(Term Term, StreamMembership Membership) : PeerMessage(Term), IPromise;
