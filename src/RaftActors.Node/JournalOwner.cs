using System.Text.RegularExpressions;

namespace RaftActors.Node;

/// <summary>
/// Whose journal it is. A node that is given the journal of another one finds nothing under its own name: it would begin as if it had never voted and never acknowledged an entry.
/// </summary>
internal static partial class JournalOwner
{
    /// <summary>Why the journal is not that of <paramref name="node"/>; null when it is, or nobody's yet.</summary>
    /// <param name="persistenceIds">Everybody who has something in the journal.</param>
    /// <param name="node"><c>raft-actors.node-id</c>; empty or 0 when there is none.</param>
    public static string? WhyForeign(IEnumerable<string> persistenceIds, string node)
    {
        string? other = null;
        foreach (string id in persistenceIds)
        {
            if (Member().Match(id) is not { Success: true } match)
            {
                continue; // Other actors may keep their events beside those of streams.
            }

            if (match.Groups[1].Value == node)
            {
                return null;
            }

            other ??= match.Groups[1].Value;
        }

        return other is null || node is "" or "0"
            ? null
            : $"is the journal of node {other}, not of node {node} (raft-actors.node-id). Give every node a journal of its own; a node that has lost its journal is removed and added again";
    }

    [GeneratedRegex(@"^raft-stream-\d+-node-(\d+)$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Member();
}
