using System.Text.Json;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

// Who belongs to a stream, and who leads it. Every call works on every node: one that does not lead sends it on to the leader.
public sealed partial class Dcf
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Adds a node to a stream (DCF: <c>dcf_add_member</c>). Start it with <see cref="DcfOptions.Join"/>. A voter first catches up as a passive member.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="nodeId">The new node.</param>
    /// <param name="ip">Where it listens.</param>
    /// <param name="port">The port.</param>
    /// <param name="role">What it shall be; LEADER means a voter.</param>
    /// <param name="waitTimeout">How long to wait for the outcome; null for a minute.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<DcfAdminResult> AddMemberAsync(StreamId stream, uint nodeId, string ip, int port, DcfRole role, TimeSpan? waitTimeout = null, CancellationToken cancellationToken = default)
    {
        Member member = new(new NodeId(nodeId), KindOf(role), $"{ip}:{port}");
        TimeSpan wait = waitTimeout ?? DefaultWait;
        return ChangeAsync(
            GetStream(stream).AddMemberAsync(member, wait, cancellationToken),
            (admin, leader) => admin.AddMemberAsync(leader, System.Name, stream, member, wait, cancellationToken));
    }

    /// <summary>Removes a node from a stream (DCF: <c>dcf_remove_member</c>).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="nodeId">The node; it may be dead, and it may be the leader.</param>
    /// <param name="waitTimeout">How long to wait for the outcome; null for a minute.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<DcfAdminResult> RemoveMemberAsync(StreamId stream, uint nodeId, TimeSpan? waitTimeout = null, CancellationToken cancellationToken = default)
    {
        NodeId member = new(nodeId);
        TimeSpan wait = waitTimeout ?? DefaultWait;
        return ChangeAsync(
            GetStream(stream).RemoveMemberAsync(member, wait, cancellationToken),
            (admin, leader) => admin.RemoveMemberAsync(leader, System.Name, stream, member, wait, cancellationToken));
    }

    /// <summary>Changes what a node is in a stream, and how much it is wanted as leader (DCF: <c>dcf_change_member_role</c>, <c>dcf_change_member</c>).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="role">What it shall be; LEADER means a voter.</param>
    /// <param name="priority">Its priority from then on; null to keep it.</param>
    /// <param name="waitTimeout">How long to wait for the outcome; null for a minute.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<DcfAdminResult> ChangeMemberRoleAsync(StreamId stream, uint nodeId, DcfRole role, int? priority = null, TimeSpan? waitTimeout = null, CancellationToken cancellationToken = default)
    {
        NodeId member = new(nodeId);
        TimeSpan wait = waitTimeout ?? DefaultWait;
        return ChangeAsync(
            GetStream(stream).ChangeMemberAsync(member, KindOf(role), priority, wait, cancellationToken),
            (admin, leader) => admin.ChangeMemberAsync(leader, System.Name, stream, member, KindOf(role), priority, wait, cancellationToken));
    }

    /// <summary>
    /// Changes a node by JSON (DCF: <c>dcf_change_member</c>): <c>[{"stream_id":1,"node_id":2,"group":3,"priority":5,"role":"PASSIVE"}]</c>, where group, priority and role are kept when they are not there.
    /// </summary>
    /// <param name="change">One element, alone or in an array.</param>
    /// <param name="waitTimeout">How long to wait for the outcome; null for a minute.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="DcfConfigurationException">Malformed JSON, an unknown key, or a value out of its range.</exception>
    public async Task<DcfAdminResult> ChangeMemberAsync(string change, TimeSpan? waitTimeout = null, CancellationToken cancellationToken = default)
    {
        DcfMemberChange wanted = DcfMemberChange.Parse(change);
        RaftStream handle = GetStream(wanted.Stream);
        StreamStatus status = await handle.GetStatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Membership.Find(wanted.Node) is not { } member)
        {
            return new DcfAdminResult(false, status.Leader, $"Node {wanted.Node} is not in stream {wanted.Stream}.");
        }

        MemberKind kind = wanted.Role is { } role ? KindOf(role) : member.Kind;
        TimeSpan wait = waitTimeout ?? DefaultWait;
        return await ChangeAsync(
            handle.ChangeMembershipAsync(new MembershipChange.ChangeKind(wanted.Node, kind, wanted.Priority, wanted.Group), wait, cancellationToken),
            (admin, leader) => admin.ChangeMemberAsync(leader, System.Name, wanted.Stream, wanted.Node, kind, wanted.Priority, wanted.Group, wait, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Changes which groups have to have every commit (DCF: <c>dcf_set_param("MAJORITY_GROUPS", ...)</c>). Part of the membership here: one call holds for all nodes.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="groups">The groups; none to require none.</param>
    /// <param name="waitTimeout">How long to wait for the outcome; null for a minute.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<DcfAdminResult> SetMajorityGroupsAsync(StreamId stream, IEnumerable<int> groups, TimeSpan? waitTimeout = null, CancellationToken cancellationToken = default)
    {
        RaftStream handle = GetStream(stream);
        StreamStatus status = await handle.GetStatusAsync(cancellationToken).ConfigureAwait(false);
        QuorumRule rule = status.Membership.Quorum with { RequiredGroups = [.. groups] };
        TimeSpan wait = waitTimeout ?? DefaultWait;
        return await ChangeAsync(
            handle.ChangeQuorumAsync(rule, wait, cancellationToken),
            (admin, leader) => admin.ChangeQuorumAsync(leader, System.Name, stream, rule, wait, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Lets a node lead a stream (DCF: <c>dcf_promote_leader</c>). When it does not take over in time, the present leader serves on.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="nodeId">The node that shall lead.</param>
    /// <param name="waitTimeout">How long to wait; null for the longest election timeout.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<DcfAdminResult> PromoteLeaderAsync(StreamId stream, uint nodeId, TimeSpan? waitTimeout = null, CancellationToken cancellationToken = default)
    {
        NodeId target = new(nodeId);
        RaftStream handle = GetStream(stream);
        TransferAnswer answer = await handle.TransferLeadershipAsync(target, waitTimeout, cancellationToken).ConfigureAwait(false);
        return answer switch
        {
            LeadershipTransferred done => new(done.Leader == target, done.Leader, done.Leader == target ? null : $"Node {done.Leader} leads now."),
            LeadershipNotTransferred { Outcome: TransferOutcome.NotLeader, LeaderAddress: { } leader } =>
                await AskLeaderAsync(admin => admin.TransferLeadershipAsync(leader, System.Name, stream, target, waitTimeout ?? TimeSpan.FromSeconds(10), cancellationToken)).ConfigureAwait(false),
            LeadershipNotTransferred refused => new(false, refused.Leader, refused.Reason),
            _ => new(false, NodeId.None, $"Unexpected answer {answer.GetType().Name}."),
        };
    }

    /// <summary>This node gives up leading a stream (DCF: <c>dcf_demote_follower</c>), and asks the furthest voter to lead. Does nothing when it does not lead.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task DemoteFollowerAsync(StreamId stream, CancellationToken cancellationToken = default) => GetStream(stream).StepDownAsync(cancellationToken);

    /// <summary>This node stands for election in a stream at once (DCF: <c>dcf_timeout_notify</c>). The others refuse while they hear a leader.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task TimeoutNotifyAsync(StreamId stream, CancellationToken cancellationToken = default) => GetStream(stream).TriggerElectionAsync(cancellationToken);

    /// <summary>
    /// Stops the replication of a node for a while (DCF: <c>dcf_pause_rep</c>): it gets heartbeats, but no entries. If the other voters are not a quorum, nothing is committed meanwhile.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="pauseTime">How long; zero: go on at once. At most <c>max-replication-pause</c>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<DcfAdminResult> PauseRepAsync(StreamId stream, uint nodeId, TimeSpan pauseTime, CancellationToken cancellationToken = default)
    {
        NodeId member = new(nodeId);
        PauseAnswer answer = await GetStream(stream).PauseReplicationAsync(member, pauseTime, cancellationToken).ConfigureAwait(false);
        return answer switch
        {
            ReplicationPaused => new(true, NodeId.None, null),
            ReplicationNotPaused { Outcome: PauseOutcome.NotLeader, LeaderAddress: { } leader } =>
                await AskLeaderAsync(admin => admin.PauseReplicationAsync(leader, System.Name, stream, member, pauseTime, TimeSpan.FromSeconds(10), cancellationToken)).ConfigureAwait(false),
            ReplicationNotPaused refused => new(false, refused.Leader, refused.Reason),
            _ => new(false, NodeId.None, $"Unexpected answer {answer.GetType().Name}."),
        };
    }

    private async Task<DcfAdminResult> ChangeAsync(Task<MembershipAnswer> change, Func<RaftAdmin, string, Task<string>> atLeader)
    {
        MembershipAnswer answer = await change.ConfigureAwait(false);
        return answer switch
        {
            MembershipCommitted => new(true, NodeId.None, null),
            MembershipNotChanged { Refusal: ChangeRefusal.NotLeader, LeaderAddress: { } leader } => await AskLeaderAsync(admin => atLeader(admin, leader)).ConfigureAwait(false),
            MembershipNotChanged refused => new(false, refused.Leader, refused.Reason),
            MembershipOutcomeUnknown unknown => new(false, NodeId.None, unknown.Reason),
            _ => new(false, NodeId.None, $"Unexpected answer {answer.GetType().Name}."),
        };
    }

    private async Task<DcfAdminResult> AskLeaderAsync(Func<RaftAdmin, Task<string>> ask)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(await ask(new RaftAdmin(System)).ConfigureAwait(false));
            JsonElement answer = json.RootElement;
            bool done = answer.GetProperty("outcome").GetString() == "done";
            NodeId leader = answer.TryGetProperty("leader", out JsonElement id) ? new NodeId(id.GetUInt32()) : NodeId.None;
            return new DcfAdminResult(done, leader, done ? null : answer.GetProperty("reason").GetString());
        }
        catch (NodeUnreachableException e)
        {
            return new DcfAdminResult(false, NodeId.None, e.Message);
        }
    }

    private static MemberKind KindOf(DcfRole role) => role switch
    {
        DcfRole.Logger => MemberKind.LogOnly,
        DcfRole.Passive => MemberKind.Learner,
        _ => MemberKind.Voter,
    };
}
