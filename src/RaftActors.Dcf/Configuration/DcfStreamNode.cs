using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>One element of the cluster configuration: a node in a stream.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">The node.</param>
/// <param name="Ip">Address or host name at which the node listens and is reached.</param>
/// <param name="Port">TCP port, 1 to 65535; one per node, shared by all its streams.</param>
/// <param name="Role">The node's role in this stream.</param>
public sealed record DcfStreamNode(StreamId Stream, NodeId Node, string Ip, int Port, DcfRole Role)
{
    /// <summary>Its group (DCF: group), such as a zone; 0 for none. Groups that must have every commit are named by MAJORITY_GROUPS.</summary>
    public int Group { get; init; }

    /// <summary>How much it is wanted as leader (DCF: election priority); equal numbers are equal chances.</summary>
    public int Priority { get; init; }

    /// <summary><c>ip:port</c>, IPv6 addresses in brackets.</summary>
    public string Address => Ip.Contains(':', StringComparison.Ordinal) ? $"[{Ip}]:{Port}" : $"{Ip}:{Port}";

    /// <summary>The kind of member that the role stands for.</summary>
    public MemberKind Kind => Role switch
    {
        DcfRole.Logger => MemberKind.LogOnly,
        DcfRole.Passive => MemberKind.Learner,
        _ => MemberKind.Voter,
    };
}
