using System.CommandLine;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors transfer</c>: another leader, without a gap.</summary>
internal static class TransferCommand
{
    public static Command Create()
    {
        Option<uint> to = new("--to") { Description = "The voter that shall lead; 0 for whoever is furthest." };
        OperatorOptions common = new(10);
        Command command = new("transfer", "Hand the leadership of a stream over. When the target does not take over in time, the leader serves on.") { to };
        common.AddTo(command);
        command.SetAction((parsed, token) => common.RunAsync(
            parsed,
            (admin, node, system, stream, timeout, cancel) => admin.TransferLeadershipAsync(node, system, stream, new NodeId(parsed.GetValue(to)), timeout, cancel),
            token));
        return command;
    }
}
