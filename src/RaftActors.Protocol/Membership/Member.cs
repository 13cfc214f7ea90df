namespace RaftActors.Protocol;

/// <summary>One member of a stream: who, what kind, and where.</summary>
/// <param name="Id">The member's node id.</param>
/// <param name="Kind">What it may do.</param>
/// <param name="Address">Where it listens, as <c>host:port</c>; the core only carries it along.</param>
public sealed record Member(NodeId Id, MemberKind Kind, string Address)
{
    /// <summary>
    /// How much the member is wanted as leader (DCF: election priority). The others let a voter with a higher number try first; equal numbers are equal chances.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>
    /// The group of the member, such as its zone or site; 0 for none, never negative. A membership may require that each of some groups has what is committed
    /// (<see cref="QuorumRule.RequiredGroups"/>; DCF: group).
    /// </summary>
    public int Group { get; init; }
}
