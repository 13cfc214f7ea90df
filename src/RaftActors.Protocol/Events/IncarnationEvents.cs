namespace RaftActors.Protocol;

/// <summary>A member whose journal named no incarnation has taken this one. Written before it says anything to anybody.</summary>
/// <param name="Incarnation">Above 0; see <see cref="RaftOptions.Incarnation"/>.</param>
public sealed record IncarnationTaken(ulong Incarnation) : RaftEvent;

/// <summary>
/// This member knows from now on which incarnation of another one belongs to the stream: the one that it met first in that one's present stay. Written before it counts a promise of that incarnation.
/// </summary>
/// <param name="Member">The other one.</param>
/// <param name="Joined">When its stay began (<see cref="StreamMembership.JoinedAt"/>): who is removed and added again begins another.</param>
/// <param name="Incarnation">Above 0.</param>
public sealed record MemberMet(NodeId Member, EntryId Joined, ulong Incarnation) : RaftEvent;
