using System.CommandLine;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors readonly</c>: a node refuses writes while it leads.</summary>
internal static class ReadOnlyCommand
{
    public static Command Create() => new("readonly", "Let a node refuse writes while it leads. Reads, replication and changes of the membership go on. Ends with 'off' or with the node's process.")
    {
        Mode("on", "Refuse writes.", static (admin, node, system, stream, timeout, cancel) => admin.EnterReadOnlyModeAsync(node, system, stream, timeout, cancel)),
        Mode("off", "Take writes again.", static (admin, node, system, stream, timeout, cancel) => admin.LeaveReadOnlyModeAsync(node, system, stream, timeout, cancel)),
    };

    private static Command Mode(string name, string description, OperatorOptions.Request request) =>
        new OperatorOptions(10, "The node that this is for, host:port. Not the leader in its place.").On(new Command(name, description), _ => request);
}
