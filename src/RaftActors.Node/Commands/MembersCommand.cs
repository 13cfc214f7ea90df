using System.CommandLine;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors members add|remove|change</c>: who belongs to a stream.</summary>
internal static class MembersCommand
{
    private const double Patience = 60;

    public static Command Create() => new("members", "Change who belongs to a stream.") { Add(), Remove(), Change(), Quorum() };

    private static Command Add()
    {
        Option<uint> id = new("--id") { Description = "The new member's node id.", Required = true };
        Option<string> address = new("--address") { Description = "Where it listens, host:port.", Required = true };
        Option<string> kind = Kind();
        Option<int> priority = new("--priority") { Description = "How much it is wanted as leader; higher is more." };
        Option<int> group = new("--group") { Description = "Its group (zone); 0 for none." };
        return new OperatorOptions(Patience).On(
            new Command("add", "Add a member; a voter first catches up as a learner. Start its node with join = on.") { id, address, kind, priority, group },
            parsed => (admin, node, system, stream, timeout, cancel) =>
            {
                Member member = new(new NodeId(parsed.GetValue(id)), KindOf(parsed.GetValue(kind)), parsed.GetValue(address)!) { Priority = parsed.GetValue(priority), Group = parsed.GetValue(group) };
                return admin.AddMemberAsync(node, system, stream, member, timeout, cancel);
            });
    }

    private static Command Remove()
    {
        Option<uint> id = new("--id") { Description = "The member's node id.", Required = true };
        return new OperatorOptions(Patience).On(
            new Command("remove", "Remove a member, also a dead one, also the leader; or withdraw one that is being added.") { id },
            parsed => (admin, node, system, stream, timeout, cancel) => admin.RemoveMemberAsync(node, system, stream, new NodeId(parsed.GetValue(id)), timeout, cancel));
    }

    private static Command Change()
    {
        Option<uint> id = new("--id") { Description = "The member's node id.", Required = true };
        Option<string> kind = Kind();
        Option<int?> priority = new("--priority") { Description = "How much it is wanted as leader from then on; unchanged when not given." };
        Option<int?> group = new("--group") { Description = "Its group (zone) from then on; unchanged when not given." };
        return new OperatorOptions(Patience).On(
            new Command("change", "Give a member another kind: promote a learner, demote a voter.") { id, kind, priority, group },
            parsed => (admin, node, system, stream, timeout, cancel) =>
                admin.ChangeMemberAsync(node, system, stream, new NodeId(parsed.GetValue(id)), KindOf(parsed.GetValue(kind)), parsed.GetValue(priority), parsed.GetValue(group), timeout, cancel));
    }

    private static Command Quorum()
    {
        Option<int> commit = new("--commit") { Description = "How many members must have what is committed; 0 for a majority." };
        Option<int> election = new("--election") { Description = "How many votes elect a leader; 0 for a majority." };
        Option<int[]> groups = new("--required-group") { Description = "A group without which nothing is committed; once for each.", AllowMultipleArgumentsPerToken = true };
        return new OperatorOptions(Patience).On(
            new Command("quorum", "Change how many members decide. Commit and election quorum together must be more than the voters.") { commit, election, groups },
            parsed => (admin, node, system, stream, timeout, cancel) =>
            {
                QuorumRule rule = new() { Commit = parsed.GetValue(commit), Election = parsed.GetValue(election), RequiredGroups = [.. parsed.GetValue(groups) ?? []] };
                return admin.ChangeQuorumAsync(node, system, stream, rule, timeout, cancel);
            });
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
