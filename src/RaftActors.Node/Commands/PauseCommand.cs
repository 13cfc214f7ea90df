using System.CommandLine;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors pause</c>: a member gets no entries for a while.</summary>
internal static class PauseCommand
{
    public static Command Create()
    {
        Option<uint> member = new("--member") { Description = "The member that gets no entries.", Required = true };
        Option<double> seconds = OptionRules.Seconds("--seconds", "For how long; 0: go on at once.", 60, mayBeNone: true);
        return new OperatorOptions(10).On(
            new Command("pause", "Stop the replication of a member for a while. It counts as healthy, but acknowledges nothing: when the others are not a quorum, nothing is committed.") { member, seconds },
            parsed => (admin, node, system, stream, timeout, cancel) =>
                admin.PauseReplicationAsync(node, system, stream, new NodeId(parsed.GetValue(member)), TimeSpan.FromSeconds(parsed.GetValue(seconds)), timeout, cancel));
    }
}
