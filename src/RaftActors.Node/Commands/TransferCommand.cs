using System.CommandLine;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors transfer</c>: another leader, without a gap.</summary>
internal static class TransferCommand
{
    public static Command Create()
    {
        Option<uint> to = new("--to") { Description = "The voter that shall lead; 0 for whoever is furthest." };
        return new OperatorOptions(10).On(
            new Command("transfer", "Hand the leadership of a stream over. When the target does not take over in time, the leader serves on.") { to },
            parsed => (admin, node, system, stream, timeout, cancel) => admin.TransferLeadershipAsync(node, system, stream, new NodeId(parsed.GetValue(to)), timeout, cancel));
    }
}
