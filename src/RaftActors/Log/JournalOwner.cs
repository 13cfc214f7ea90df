using RaftActors.Runtime;

namespace RaftActors;

/// <summary>
/// Tells whose journal it is, for applications that look before they start streams. A node that is given the journal of another one finds nothing under its own name: it would begin as if it had never voted and
/// never acknowledged an entry.
/// </summary>
public static class JournalOwner
{
    /// <summary>The node whose journal it is instead; none when it is this node's, or nobody's yet.</summary>
    /// <param name="node">Who is about to use it; none when that is not known, and then no journal is another's.</param>
    /// <param name="persistenceIds">Who has events in it. Ids that no stream has do not count: other actors may keep theirs beside.</param>
    public static NodeId OtherThan(NodeId node, IEnumerable<string> persistenceIds)
    {
        ArgumentNullException.ThrowIfNull(persistenceIds);
        NodeId other = NodeId.None;
        foreach (NodeId writer in persistenceIds.Select(LogActor.NodeOf).Where(n => !n.IsNone))
        {
            if (writer == node)
            {
                return NodeId.None;
            }

            other = other.IsNone ? writer : other;
        }

        return node.IsNone ? NodeId.None : other;
    }
}
