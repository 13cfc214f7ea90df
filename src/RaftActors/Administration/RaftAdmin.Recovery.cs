using System.Collections.Immutable;
using System.Text.Json;
using RaftActors.Administration;

namespace RaftActors;

// Forced recovery: ask everybody first, then force it on the furthest.
public sealed partial class RaftAdmin
{
    /// <summary>Asks the survivors of a stream how far they are. Changes nothing.</summary>
    /// <param name="survivors">Every member that shall go on, and where it listens.</param>
    /// <param name="systemName">The name of the nodes' ActorSystem, when an address does not say.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="timeout">How long to wait for each answer.</param>
    /// <param name="cancellationToken">Gives up earlier.</param>
    public async Task<RecoveryPlan> PlanRecoveryAsync(
        IReadOnlyDictionary<NodeId, string> survivors, string systemName, StreamId stream, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(survivors);
        List<SurvivorReport> reports = [];
        List<NodeId> silent = [];
        HashSet<NodeId> members = [];
        HashSet<NodeId> voters = [];
        NodeId leader = NodeId.None;
        Task<JsonElement?>[] asked = [.. survivors.Select(s => AskAsync(s.Key, s.Value, systemName, stream, timeout, cancellationToken))];
        foreach ((NodeId id, Task<JsonElement?> answer) in survivors.Keys.Zip(asked))
        {
            if (await answer.ConfigureAwait(false) is not { } status)
            {
                silent.Add(id);
                continue;
            }

            reports.Add(new SurvivorReport(
                id,
                new EntryId(new Term(Long(status, "last_term")), new LogIndex(Long(status, "last_index"))),
                Long(status, "commit_term") == 0 ? EntryId.Zero : new EntryId(new Term(Long(status, "commit_term")), new LogIndex(Long(status, "commit")))));
            JsonElement membership = status.GetProperty("membership");
            foreach (string kind in (string[])["voters", "outgoing", "learners", "loggers"])
            {
                members.UnionWith(membership.GetProperty(kind).EnumerateArray().Select(e => new NodeId(e.GetUInt32())));
            }

            voters.UnionWith(membership.GetProperty("voters").EnumerateArray().Select(e => new NodeId(e.GetUInt32())));
            voters.ExceptWith(membership.GetProperty("loggers").EnumerateArray().Select(e => new NodeId(e.GetUInt32())));
            NodeId heard = new((uint)Long(status, "leader"));
            leader = heard.IsNone ? leader : heard;
        }

        // Whoever knows most to be committed first: a longer log beside it may hold what was never committed.
        NodeId furthest = reports.Where(r => voters.Contains(r.Id)).OrderByDescending(r => r.Last.Term).ThenByDescending(r => r.Last.Index).Select(r => r.Id).FirstOrDefault();
        return new RecoveryPlan(stream, [.. survivors.Keys.Order()], [.. reports.OrderBy(r => r.Id)], [.. silent.Order()], furthest, [.. members.Except(survivors.Keys).Order()], leader);
    }

    /// <summary>
    /// Forces a recovery on the survivor that is furthest, see <see cref="RaftStream.ForceRecoveryAsync"/>: acknowledged writes may be lost for good. All survivors are asked first; those that do not
    /// answer are named all the same, and are stopped when they turn up with more.
    /// </summary>
    /// <param name="survivors">Every member that shall go on, and where it listens.</param>
    /// <param name="systemName">The name of the nodes' ActorSystem, when an address does not say.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="on">The survivor to force it on; null for the furthest of those that answer.</param>
    /// <param name="acceptShorterLog">True to go on although another survivor has more, or knows more to be committed.</param>
    /// <param name="timeout">How long to wait for each answer.</param>
    /// <param name="cancellationToken">Gives up earlier.</param>
    /// <returns>A JSON object: <c>outcome</c> is done, refused or unknown; the rest says more.</returns>
    /// <exception cref="NodeUnreachableException">Nobody answered, or the node does not take such requests.</exception>
    public async Task<string> ForceRecoveryAsync(
        IReadOnlyDictionary<NodeId, string> survivors,
        string systemName,
        StreamId stream,
        TimeSpan timeout,
        NodeId? on = null,
        bool acceptShorterLog = false,
        CancellationToken cancellationToken = default)
    {
        RecoveryPlan plan = await PlanRecoveryAsync(survivors, systemName, stream, timeout, cancellationToken).ConfigureAwait(false);
        NodeId target = on ?? plan.Furthest;
        if (!survivors.TryGetValue(target, out string? address))
        {
            throw new NodeUnreachableException("No voter among the survivors answered: there is nobody to force the recovery on.");
        }

        SurvivorReport[] others = [.. plan.Reports.Where(r => r.Id != target)];
        string verb = $"{AdminCommands.Recover} {stream} {RecoveryWords.Write(plan.Survivors)} {RecoveryWords.Write(others)} {(acceptShorterLog ? "shorter" : "strict")} {AdminCommands.LossAccepted}";
        return await CommandOnceAsync(address, systemName, verb, timeout, cancellationToken).ConfigureAwait(false);
    }

    private static long Long(JsonElement status, string name) => status.GetProperty(name).GetInt64();

    private async Task<JsonElement?> AskAsync(NodeId id, string address, string systemName, StreamId stream, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            foreach (string line in await GetStatusAsync(address, systemName, timeout, cancellationToken).ConfigureAwait(false))
            {
                using JsonDocument parsed = JsonDocument.Parse(line);
                JsonElement status = parsed.RootElement;
                bool isIt = Long(status, "stream_id") == stream.Value && Long(status, "node_id") == id.Value;
                if (isIt && status.GetProperty("health").GetString() is "healthy" or "noleader")
                {
                    return status.Clone();
                }
            }
        }
        catch (NodeUnreachableException)
        {
            // It counts as silent.
        }

        return null;
    }
}
