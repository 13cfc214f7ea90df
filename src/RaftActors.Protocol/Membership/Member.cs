namespace RaftActors.Protocol;

/// <summary>One member of a stream: who, what kind, and where.</summary>
/// <param name="Id">The member's node id.</param>
/// <param name="Kind">What it may do.</param>
/// <param name="Address">Where it listens, as <c>host:port</c>; the core only carries it along.</param>
public sealed record Member(NodeId Id, MemberKind Kind, string Address);
