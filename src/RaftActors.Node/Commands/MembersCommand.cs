using System.CommandLine;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors members add|remove|change</c>: who belongs to a stream.</summary>
internal static class MembersCommand
{
    private const double Patience = 60;

    public static Command Create() => new("members", "Change who belongs to a stream.") { Add(), Remove(), Change() };

    private static Command Add()
    {
        Option<uint> id = new("--id") { Description = "The new member's node id.", Required = true };
        Option<string> address = new("--address") { Description = "Where it listens, host:port.", Required = true };
        Option<string> kind = Kind();
        Option<int> priority = new("--priority") { Description = "How much it is wanted as leader; higher is more." };
        OperatorOptions common = new(Patience);
        Command command = new("add", "Add a member; a voter first catches up as a learner. Start its node with join = on.") { id, address, kind, priority };
        common.AddTo(command);
        command.SetAction((parsed, token) => common.RunAsync(
            parsed,
            (admin, node, system, stream, timeout, cancel) =>
            {
                Member member = new(new NodeId(parsed.GetValue(id)), KindOf(parsed.GetValue(kind)), parsed.GetValue(address)!) { Priority = parsed.GetValue(priority) };
                return admin.AddMemberAsync(node, system, stream, member, timeout, cancel);
            },
            token));
        return command;
    }

    private static Command Remove()
    {
        Option<uint> id = new("--id") { Description = "The member's node id.", Required = true };
        OperatorOptions common = new(Patience);
        Command command = new("remove", "Remove a member, also a dead one, also the leader; or withdraw one that is being added.") { id };
        common.AddTo(command);
        command.SetAction((parsed, token) => common.RunAsync(
            parsed,
            (admin, node, system, stream, timeout, cancel) => admin.RemoveMemberAsync(node, system, stream, new NodeId(parsed.GetValue(id)), timeout, cancel),
            token));
        return command;
    }

    private static Command Change()
    {
        Option<uint> id = new("--id") { Description = "The member's node id.", Required = true };
        Option<string> kind = Kind();
        Option<int?> priority = new("--priority") { Description = "How much it is wanted as leader from then on; unchanged when not given." };
        OperatorOptions common = new(Patience);
        Command command = new("change", "Give a member another kind: promote a learner, demote a voter.") { id, kind, priority };
        common.AddTo(command);
        command.SetAction((parsed, token) => common.RunAsync(
            parsed,
            (admin, node, system, stream, timeout, cancel) =>
                admin.ChangeMemberAsync(node, system, stream, new NodeId(parsed.GetValue(id)), KindOf(parsed.GetValue(kind)), parsed.GetValue(priority), timeout, cancel),
            token));
        return command;
    }

    private static Option<string> Kind()
    {
        Option<string> kind = new("--kind") { Description = "voter, learner or log-only.", DefaultValueFactory = _ => "voter" };
        kind.AcceptOnlyFromAmong("voter", "learner", "log-only");
        return kind;
    }

    private static MemberKind KindOf(string? word) => word switch
    {
        "learner" => MemberKind.Learner,
        "log-only" => MemberKind.LogOnly,
        _ => MemberKind.Voter,
    };
}
