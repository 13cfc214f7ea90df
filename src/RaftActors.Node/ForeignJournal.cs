using RaftActors.Protocol;

namespace RaftActors.Node;

/// <summary>What is said of a journal that is another node's.</summary>
internal static class ForeignJournal
{
    /// <summary>Why it is refused; null when it is not.</summary>
    /// <param name="node"><c>raft-actors.node-id</c>.</param>
    /// <param name="persistenceIds">Who has something in it.</param>
    public static string? Why(NodeId node, IEnumerable<string> persistenceIds) => JournalOwner.OtherThan(node, persistenceIds) is { IsNone: false } other
        ? $"is the journal of node {other}, not of node {node} (raft-actors.node-id). Give every node a journal of its own; a node that has lost its journal is removed and added again"
        : null;
}
