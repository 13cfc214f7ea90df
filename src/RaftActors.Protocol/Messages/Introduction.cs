using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// Tells which incarnations of the members its sender knows, so that everybody knows everybody's before it matters, and a member that lost its journal hears of it. The sender's own stands in the frame.
/// </summary>
/// <param name="Term">The sender's term.</param>
/// <param name="Context">A question's number, or the number of the question that is answered; 0 for what nobody asked.</param>
/// <param name="Asks">True when the receiver is to answer.</param>
/// <param name="Known">What the sender knows of the members in force, itself included.</param>
public sealed record Introduction(Term Term, ulong Context, bool Asks, ImmutableArray<MemberMet> Known) : PeerMessage(Term), IMayLeaveAtOnce;
