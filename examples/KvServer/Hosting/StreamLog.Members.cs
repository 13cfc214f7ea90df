using System.Text.Json;
using KvServer.Server;
using RaftActors;
using RaftActors.Protocol;

namespace KvServer.Hosting;

// The stream's membership. What this node cannot do because it does not lead, the leader is asked for over remoting.
internal sealed partial class StreamLog
{
    private static readonly TimeSpan ChangeTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan TransferTimeout = TimeSpan.FromSeconds(5);

    public async Task<IReadOnlyList<ClusterMember>> GetMembersAsync(CancellationToken cancellation)
    {
        StreamStatus status = await Stream.GetStatusAsync(cancellation).ConfigureAwait(false);
        return [.. status.Membership.Members.OrderBy(m => m.Id).Select(m => new ClusterMember(m.Id.Value, KindOf(m.Kind), m.Address, m.Id == status.Leader))];
    }

    public async Task<ChangeOutcome> AddAsync(uint id, string address, ClusterMemberKind kind, CancellationToken cancellation)
    {
        NodeId node = new(id);
        StreamStatus status = await Stream.GetStatusAsync(cancellation).ConfigureAwait(false);

        // Who is there already keeps its priority and its group.
        return status.Membership.Find(node) is not null
            ? await ChangeAsync(
                Stream.ChangeMemberAsync(node, KindOf(kind), null, ChangeTimeout, cancellation),
                (admin, leader, system) => admin.ChangeMemberAsync(leader, system, Stream.Id, node, KindOf(kind), null, ChangeTimeout, cancellation)).ConfigureAwait(false)
            : await ChangeAsync(
                Stream.AddMemberAsync(new Member(node, KindOf(kind), address), ChangeTimeout, cancellation),
                (admin, leader, system) => admin.AddMemberAsync(leader, system, Stream.Id, new Member(node, KindOf(kind), address), ChangeTimeout, cancellation)).ConfigureAwait(false);
    }

    public Task<ChangeOutcome> RemoveAsync(uint id, CancellationToken cancellation)
    {
        NodeId node = new(id);
        return ChangeAsync(
            Stream.RemoveMemberAsync(node, ChangeTimeout, cancellation),
            (admin, leader, system) => admin.RemoveMemberAsync(leader, system, Stream.Id, node, ChangeTimeout, cancellation));
    }

    public async Task<ChangeOutcome> TransferAsync(uint id, CancellationToken cancellation)
    {
        NodeId target = new(id);
        return await Stream.TransferLeadershipAsync(target, TransferTimeout, cancellation).ConfigureAwait(false) switch
        {
            LeadershipTransferred done => ChangeOutcome.Done(done.Leader.Value),
            LeadershipNotTransferred { Outcome: TransferOutcome.LeadsAlready } done => ChangeOutcome.Done(done.Leader.IsNone ? id : done.Leader.Value),
            LeadershipNotTransferred { Outcome: TransferOutcome.NotLeader, LeaderAddress: { } leader } =>
                await AskLeaderAsync(leader, (admin, address, system) => admin.TransferLeadershipAsync(address, system, Stream.Id, target, TransferTimeout, cancellation)).ConfigureAwait(false),
            LeadershipNotTransferred { Outcome: TransferOutcome.NotLeader } refused => ChangeOutcome.Not(ChangeOutcomeKind.NoLeader, refused.Reason),
            LeadershipNotTransferred refused => ChangeOutcome.Not(ChangeOutcomeKind.Refused, refused.Reason),
            { } other => ChangeOutcome.Not(ChangeOutcomeKind.Unknown, $"unexpected answer {other.GetType().Name}"),
        };
    }

    private static ClusterMemberKind KindOf(MemberKind kind) => kind switch
    {
        MemberKind.Learner => ClusterMemberKind.Learner,
        MemberKind.LogOnly => ClusterMemberKind.LogOnly,
        _ => ClusterMemberKind.Voter,
    };

    private static MemberKind KindOf(ClusterMemberKind kind) => kind switch
    {
        ClusterMemberKind.Learner => MemberKind.Learner,
        ClusterMemberKind.LogOnly => MemberKind.LogOnly,
        _ => MemberKind.Voter,
    };

    private static ChangeOutcomeKind KindOf(string? refusal) => refusal switch
    {
        nameof(ChangeRefusal.NotLeader) or nameof(ChangeRefusal.NotReady) or nameof(ChangeRefusal.Transferring) => ChangeOutcomeKind.NoLeader,
        nameof(ChangeRefusal.LeadershipLost) => ChangeOutcomeKind.Unknown,
        _ => ChangeOutcomeKind.Refused,
    };

    private async Task<ChangeOutcome> ChangeAsync(Task<MembershipAnswer> change, Func<RaftAdmin, string, string, Task<string>> atLeader) =>
        await change.ConfigureAwait(false) switch
        {
            MembershipCommitted => ChangeOutcome.Done(),
            MembershipNotChanged { Refusal: ChangeRefusal.NotLeader, LeaderAddress: { } leader } => await AskLeaderAsync(leader, atLeader).ConfigureAwait(false),
            MembershipNotChanged refused => ChangeOutcome.Not(KindOf(refused.Refusal.ToString()), refused.Reason),
            MembershipOutcomeUnknown unknown => ChangeOutcome.Not(ChangeOutcomeKind.Unknown, unknown.Reason),
            { } other => ChangeOutcome.Not(ChangeOutcomeKind.Unknown, $"unexpected answer {other.GetType().Name}"),
        };

    private async Task<ChangeOutcome> AskLeaderAsync(string leader, Func<RaftAdmin, string, string, Task<string>> ask)
    {
        if (_admin is not { } admin || _system is not { } system)
        {
            return ChangeOutcome.Not(ChangeOutcomeKind.NoLeader, $"{leader} leads");
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(await ask(admin, leader, system).ConfigureAwait(false));
            JsonElement answer = json.RootElement;
            string? reason = answer.TryGetProperty("reason", out JsonElement text) ? text.GetString() : null;
            uint node = answer.TryGetProperty("leader", out JsonElement id) ? id.GetUInt32() : 0;
            string? refusal = answer.TryGetProperty("refusal", out JsonElement word) ? word.GetString() : null;
            return (answer.GetProperty("outcome").GetString(), refusal) switch
            {
                ("done", _) or (_, nameof(TransferOutcome.LeadsAlready)) => ChangeOutcome.Done(node),
                ("refused", _) => ChangeOutcome.Not(KindOf(refusal), reason),
                _ => ChangeOutcome.Not(ChangeOutcomeKind.Unknown, reason),
            };
        }
        catch (NodeUnreachableException e)
        {
            // It may have got the request, and its answer may be what is lost.
            return ChangeOutcome.Not(ChangeOutcomeKind.Unknown, e.Message);
        }
    }
}
