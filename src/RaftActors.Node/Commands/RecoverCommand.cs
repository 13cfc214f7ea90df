using System.CommandLine;
using System.Globalization;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors recover</c>: go on without a majority. Shows first what may be lost, and does nothing before that is confirmed in words.</summary>
internal static class RecoverCommand
{
    public static Command Create()
    {
        Option<string[]> survivors = new("--survivor") { Description = "A member that goes on, ID=HOST:PORT; once for each. Whoever is not named is fenced for good.", Required = true, AllowMultipleArgumentsPerToken = true };
        Option<uint> stream = new("--stream") { Description = "The stream's id.", Required = true };
        Option<uint?> on = new("--on") { Description = "The survivor to force it on; the furthest when not given." };
        Option<bool> shorter = new("--take-shorter-log") { Description = "Go on although another survivor has more. What only that one has is lost." };
        Option<string?> confirm = new("--confirm") { Description = "The words that the command asks for. Without them it only shows what it would do." };
        Option<string?> config = new("--config") { Description = "Take TLS and frame sizes from this HOCON file." };
        Option<string> system = new("--system") { Description = "Name of the nodes' ActorSystem.", DefaultValueFactory = _ => "raftactors" };
        Option<double> timeout = OptionRules.Timeout("Seconds to wait for each answer.", 10);
        Command command = new("recover", "Go on without a majority: a forced recovery that may lose acknowledged writes. For the day on which a majority is gone for good.")
        {
            survivors, stream, on, shorter, confirm, config, system, timeout,
        };
        command.SetAction(async (parsed, token) =>
        {
            Dictionary<NodeId, string> named = [];
            foreach (string word in parsed.GetValue(survivors)!)
            {
                string[] parts = word.Split('=', 2);
                if (parts.Length != 2 || !uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint id) || id == 0 || !named.TryAdd(new NodeId(id), parts[1]))
                {
                    await Console.Error.WriteLineAsync($"raftactors: '{word}' is not ID=HOST:PORT, or stands twice").ConfigureAwait(false);
                    return ExitCode.Usage;
                }
            }

            if (await AskingSystem.LoadAsync(parsed.GetValue(config), token).ConfigureAwait(false) is not { } settings)
            {
                return ExitCode.Configuration;
            }

            NodeId? target = parsed.GetValue(on) is { } number ? new NodeId(number) : null;
            Recovery recovery = new(named, new StreamId(parsed.GetValue(stream)), target, parsed.GetValue(shorter), parsed.GetValue(confirm), parsed.GetValue(system)!, TimeSpan.FromSeconds(parsed.GetValue(timeout)));
            return await AskingSystem.AskAsync(recovery.System + "-admin", settings, admin => RunAsync(admin, recovery, token), token).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(RaftAdmin admin, Recovery recovery, CancellationToken token)
    {
        RecoveryPlan plan = await admin.PlanRecoveryAsync(recovery.Survivors, recovery.System, recovery.Stream, recovery.Timeout, token).ConfigureAwait(false);
        string words = $"lose data in stream {recovery.Stream}";
        foreach (string line in Describe(plan, recovery.On ?? plan.Furthest))
        {
            await Console.Error.WriteLineAsync(line).ConfigureAwait(false);
        }

        if (recovery.Confirmation != words)
        {
            await Console.Error.WriteLineAsync($"Nothing was changed. To go on: --confirm \"{words}\"").ConfigureAwait(false);
            return recovery.Confirmation is null ? ExitCode.Failure : ExitCode.Usage;
        }

        string answer = await admin.ForceRecoveryAsync(recovery.Survivors, recovery.System, recovery.Stream, recovery.Timeout, recovery.On, recovery.TakeShorterLog, token).ConfigureAwait(false);
        return await AskingSystem.PrintAsync(answer).ConfigureAwait(false);
    }

    private static IEnumerable<string> Describe(RecoveryPlan plan, NodeId target)
    {
        yield return $"Forced recovery of stream {plan.Stream}: the survivors are members {string.Join(", ", plan.Survivors)}.";
        foreach (SurvivorReport report in plan.Reports)
        {
            yield return $"  member {report.Id}: last entry {report.Last}, knows {report.Committed} to be committed{(report.Id == target ? "   <- the stream goes on from here" : string.Empty)}";
        }

        foreach (NodeId silent in plan.Silent)
        {
            yield return $"  member {silent}: NO ANSWER. It may have more than the others; when it turns up with more, it is stopped";
        }

        yield return plan.Excluded.IsEmpty ? "Nobody is left out." : $"Left out, and fenced for good as soon as they hear of it: members {string.Join(", ", plan.Excluded)}. They come back with empty disks only.";
        yield return "Every write that was acknowledged and is not in that log IS LOST. Members left out that are alive and cannot be reached go on with the old history until they are.";
        if (!plan.Leader.IsNone)
        {
            yield return $"Member {plan.Leader} leads, as a survivor says: the recovery will be refused while it is heard.";
        }
    }

    private sealed record Recovery(
        IReadOnlyDictionary<NodeId, string> Survivors, StreamId Stream, NodeId? On, bool TakeShorterLog, string? Confirmation, string System, TimeSpan Timeout);
}
