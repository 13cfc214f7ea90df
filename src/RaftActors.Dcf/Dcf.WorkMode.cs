using System.Text.Json;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

// The day on which a majority is gone.
public sealed partial class Dcf
{
    private static readonly TimeSpan AskWait = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Goes on without a majority (DCF: <c>dcf_set_work_mode</c>): a forced recovery, see <see cref="RaftStream.ForceRecoveryAsync"/>. <b>Acknowledged writes that none of the nodes that answer has are
    /// lost</b>, and nodes that do not answer are fenced: they come back with empty disks only. All nodes of the stream are asked how far they are; the recovery takes place on the furthest, which need
    /// not be this one. DCF expects the call on every node that is left; here one is enough, and calls on others are refused because the stream works again.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="mode"><see cref="DcfWorkMode.Minority"/>. <see cref="DcfWorkMode.Normal"/> is what the stream is in afterwards by itself; nodes come back with <see cref="AddMemberAsync"/>.</param>
    /// <param name="voteNum">How many nodes have to answer, this one included; with fewer nothing is done.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<DcfAdminResult> SetWorkModeAsync(StreamId stream, DcfWorkMode mode, int voteNum, CancellationToken cancellationToken = default)
    {
        if (mode == DcfWorkMode.Normal)
        {
            return new DcfAdminResult(true, NodeId.None, null);
        }

        StreamStatus status = await GetStream(stream).GetStatusAsync(cancellationToken).ConfigureAwait(false);
        RaftAdmin admin = new(System);
        Dictionary<NodeId, string> all = status.Membership.Members.Concat(status.Membership.Outgoing).DistinctBy(m => m.Id).ToDictionary(m => m.Id, m => m.Address);
        try
        {
            RecoveryPlan plan = await admin.PlanRecoveryAsync(all, System.Name, stream, AskWait, cancellationToken).ConfigureAwait(false);
            if (plan.Reports.Length < voteNum)
            {
                return new DcfAdminResult(false, plan.Leader, $"{plan.Reports.Length} nodes of stream {stream} answer; vote_num is {voteNum}.");
            }

            Dictionary<NodeId, string> survivors = plan.Reports.ToDictionary(r => r.Id, r => all[r.Id]);
            using JsonDocument answer = JsonDocument.Parse(await admin.ForceRecoveryAsync(survivors, System.Name, stream, AskWait, cancellationToken: cancellationToken).ConfigureAwait(false));
            bool done = answer.RootElement.GetProperty("outcome").GetString() == "done";
            return new DcfAdminResult(done, done ? plan.Furthest : plan.Leader, done ? null : answer.RootElement.GetProperty("reason").GetString());
        }
        catch (NodeUnreachableException e)
        {
            return new DcfAdminResult(false, NodeId.None, e.Message);
        }
    }
}
