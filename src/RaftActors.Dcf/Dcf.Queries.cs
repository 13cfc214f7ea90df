using System.Text.Json;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

// What DCF answers about streams and nodes. Everything typed is in GetStream(stream).GetStatusAsync().
public sealed partial class Dcf
{
    /// <summary>One JSON object for each stream of this node (DCF: <c>dcf_query_cluster_info</c>, <c>dcf_query_statistics_info</c>).</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<string> QueryClusterInfoAsync(CancellationToken cancellationToken = default)
    {
        string[] all = await Task.WhenAll(Streams.Select(s => QueryStreamInfoAsync(s, cancellationToken))).ConfigureAwait(false);
        return $"[{string.Join(',', all)}]";
    }

    /// <summary>What this node knows of a stream, as one JSON object (DCF: <c>dcf_query_stream_info</c>).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<string> QueryStreamInfoAsync(StreamId stream, CancellationToken cancellationToken = default) =>
        StreamStatusJson.Write(await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Who leads a stream, and where (DCF: <c>dcf_query_leader_info</c>).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>None and null while nobody is known to lead.</returns>
    public async Task<(NodeId Node, string? Address)> QueryLeaderInfoAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        StreamStatus status = await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false);
        return (status.Leader, status.Membership.Find(status.Leader)?.Address);
    }

    /// <summary>True when this node takes part in a stream whose leader it knows (DCF: <c>dcf_node_is_healthy</c>).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<bool> NodeIsHealthyAsync(StreamId stream, CancellationToken cancellationToken = default) =>
        (await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false)).Health == StreamHealth.Healthy;

    /// <summary>Term and role of this node in a stream (DCF: <c>dcf_get_current_term_and_role</c>).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<(Term Term, Role Role)> GetCurrentTermAndRoleAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        StreamStatus status = await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false);
        return (status.Term, status.Role);
    }

    /// <summary>Whether another node of a stream can be reached and answers for it (DCF: <c>dcf_get_conn_status</c>); asked over the network, not remembered.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<bool> GetConnStatusAsync(StreamId stream, uint nodeId, CancellationToken cancellationToken = default)
    {
        StreamStatus status = await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false);
        return status.Membership.Find(new NodeId(nodeId)) is { } member && await AskAsync(stream, member, cancellationToken).ConfigureAwait(false) is not null;
    }

    /// <summary>The last index of this node's log (DCF: <c>dcf_get_last_index</c>), and the last on its disk (<c>dcf_get_node_last_disk_index</c>).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<(LogIndex Last, LogIndex OnDisk)> GetLastIndexAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        StreamStatus status = await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false);
        return (status.LastEntry.Index, status.DurableIndex);
    }

    /// <summary>The last index of the leader's log (DCF: <c>dcf_get_leader_last_index</c>), and its commit index (<c>dcf_get_data_commit_index</c>, leader).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when no leader is known, or it does not answer.</returns>
    public async Task<(LogIndex Last, LogIndex Committed)?> GetLeaderLastIndexAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        StreamStatus status = await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false);
        return status.Membership.Find(status.Leader) is { } leader && await AskAsync(stream, leader, cancellationToken).ConfigureAwait(false) is { } answer
            ? (new LogIndex(answer.GetProperty("last_index").GetInt64()), new LogIndex(answer.GetProperty("commit").GetInt64()))
            : null;
    }

    /// <summary>What this node knows to be committed (DCF: <c>dcf_get_data_commit_index</c>, local).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<LogIndex> GetDataCommitIndexAsync(StreamId stream, CancellationToken cancellationToken = default) =>
        (await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false)).CommitIndex;

    /// <summary>The lowest index that any node of a stream has applied (DCF: <c>dcf_get_cluster_min_applied_idx</c>). Loggers apply nothing and do not count.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when a node does not answer: then nobody knows.</returns>
    public async Task<LogIndex?> GetClusterMinAppliedIndexAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        StreamStatus status = await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false);
        JsonElement?[] all = await Task.WhenAll(status.Membership.Members.Where(m => m.Kind != MemberKind.LogOnly).Select(m => AskAsync(stream, m, cancellationToken))).ConfigureAwait(false);
        return all.Length > 0 && all.All(a => a is not null) ? new LogIndex(all.Min(a => a!.Value.GetProperty("applied").GetInt64())) : null;
    }

    /// <summary>Whether every node of a stream has applied everything that this one knows to be committed (DCF: <c>dcf_check_if_all_logs_applied</c>).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<bool> CheckIfAllLogsAppliedAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        LogIndex committed = await GetDataCommitIndexAsync(stream, cancellationToken).ConfigureAwait(false);
        return await GetClusterMinAppliedIndexAsync(stream, cancellationToken).ConfigureAwait(false) >= committed;
    }

    /// <summary>Reads one committed entry from this node's log (DCF: <c>dcf_read</c>); a compacted one says so.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="index">Its index.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<CommittedEntryAnswer> ReadAsync(StreamId stream, LogIndex index, CancellationToken cancellationToken = default) => GetStream(stream).ReadCommittedAsync(index, cancellationToken);

    private async Task<JsonElement?> AskAsync(StreamId stream, Member member, CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<string> lines = member.Id == NodeId
                ? [await QueryStreamInfoAsync(stream, cancellationToken).ConfigureAwait(false)]
                : await new RaftAdmin(System).GetStatusAsync(member.Address, System.Name, AskWait, cancellationToken).ConfigureAwait(false);
            foreach (string line in lines)
            {
                using JsonDocument status = JsonDocument.Parse(line);
                if (status.RootElement.GetProperty("stream_id").GetUInt32() == stream.Value && status.RootElement.GetProperty("node_id").GetUInt32() == member.Id.Value)
                {
                    return status.RootElement.Clone();
                }
            }
        }
        catch (NodeUnreachableException)
        {
            // It does not answer: that is the answer.
        }

        return null;
    }
}
