using System.Collections.Immutable;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>
/// The cluster as <c>dcf_start</c> takes it: which nodes form which streams, where each node listens, and its role. Immutable
/// and consistent by construction.
/// </summary>
public sealed class DcfClusterConfig
{
    private DcfClusterConfig(ImmutableArray<DcfStreamNode> nodes) => Nodes = nodes;

    /// <summary>Every node of every stream, in the order of the text.</summary>
    public ImmutableArray<DcfStreamNode> Nodes { get; }

    /// <summary>The streams, in ascending order.</summary>
    public IEnumerable<StreamId> Streams => Nodes.Select(n => n.Stream).Distinct().Order();

    /// <summary>
    /// Reads the JSON form, <c>[{"stream_id":1,"node_id":1,"ip":"127.0.0.1","port":4001,"role":"LEADER"}, ...]</c>, or the older string
    /// form, <c>stream$node$ip$port$role,...</c>; which of the two is told by the first character.
    /// </summary>
    /// <param name="text">The configuration.</param>
    /// <exception cref="DcfConfigurationException">Malformed text, a missing or unknown key, a value out of its range, or nodes that contradict each other.</exception>
    public static DcfClusterConfig Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        if (trimmed.Length == 0)
        {
            throw new DcfConfigurationException(
                "The cluster configuration is empty. Allowed: a JSON array of {stream_id, node_id, ip, port, role}, or stream$node$ip$port$role,...");
        }

        ImmutableArray<DcfStreamNode> nodes = trimmed[0] is '[' or '{' or '"'
            ? DcfJson.Read(text)
            : DcfTextForm.Read(trimmed);
        Check(nodes);
        return new DcfClusterConfig(nodes);
    }

    /// <summary>The members of one stream.</summary>
    /// <param name="stream">The stream.</param>
    public ImmutableArray<Member> MembersOf(StreamId stream) =>
        [.. Nodes.Where(n => n.Stream == stream).OrderBy(n => n.Node).Select(n => new Member(n.Node, n.Kind, n.Address) { Group = n.Group, Priority = n.Priority })];

    /// <summary>What the configuration says of one node: an element per stream it belongs to.</summary>
    /// <param name="node">The node.</param>
    /// <exception cref="DcfConfigurationException">The node is in no stream.</exception>
    public ImmutableArray<DcfStreamNode> Of(NodeId node)
    {
        ImmutableArray<DcfStreamNode> mine = [.. Nodes.Where(n => n.Node == node)];
        if (mine.IsEmpty)
        {
            string known = string.Join(", ", Nodes.Select(n => n.Node).Distinct().Order());
            throw new DcfConfigurationException($"node_id {node} is not in the cluster configuration. Nodes in it: {known}.");
        }

        return mine;
    }

    /// <summary>The JSON form of this configuration, one element a line.</summary>
    public string ToJson() => DcfJson.Write(Nodes);

    private static void Check(ImmutableArray<DcfStreamNode> nodes)
    {
        if (nodes.IsEmpty)
        {
            throw new DcfConfigurationException("The cluster configuration names no node; at least one is needed.");
        }

        Dictionary<(StreamId, NodeId), int> seen = [];
        Dictionary<NodeId, (DcfStreamNode Node, int At)> places = [];
        Dictionary<string, (DcfStreamNode Node, int At)> addresses = new(StringComparer.OrdinalIgnoreCase);
        Dictionary<StreamId, int> leaders = [];
        for (int i = 0; i < nodes.Length; i++)
        {
            DcfStreamNode node = nodes[i];
            if (!seen.TryAdd((node.Stream, node.Node), i))
            {
                throw new DcfConfigurationException(
                    $"Element {i}: node_id {node.Node} appears twice in stream {node.Stream} (first in element {seen[(node.Stream, node.Node)]}). Each node belongs to a stream once.");
            }

            if (!places.TryAdd(node.Node, (node, i)) && !string.Equals(places[node.Node].Node.Address, node.Address, StringComparison.OrdinalIgnoreCase))
            {
                throw new DcfConfigurationException(
                    $"Element {i}: node_id {node.Node} is at {node.Address}, but element {places[node.Node].At} has it at {places[node.Node].Node.Address}. A node has one address for all its streams.");
            }

            if (!addresses.TryAdd(node.Address, (node, i)) && addresses[node.Address].Node.Node != node.Node)
            {
                throw new DcfConfigurationException(
                    $"Element {i}: node_id {node.Node} is at {node.Address}, which element {addresses[node.Address].At} gives to node_id {addresses[node.Address].Node.Node}. Each node needs an address of its own.");
            }

            if (node.Role == DcfRole.Leader && !leaders.TryAdd(node.Stream, i))
            {
                throw new DcfConfigurationException(
                    $"Element {i}: stream {node.Stream} has a second LEADER (the first is in element {leaders[node.Stream]}). At most one is allowed.");
            }
        }

        foreach (StreamId stream in nodes.Select(n => n.Stream).Distinct())
        {
            if (!nodes.Any(n => n.Stream == stream && n.Kind == MemberKind.Voter))
            {
                throw new DcfConfigurationException($"Stream {stream} has nobody who may lead: at least one LEADER or FOLLOWER is needed.");
            }
        }
    }
}
