using System.CommandLine;
using Akka.Configuration;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors status</c>: one JSON object per stream and node, each on one line.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        Option<string[]> nodes = new("--nodes")
        {
            Description = "Where the nodes listen, host:port, comma-separated or repeated.",
            AllowMultipleArgumentsPerToken = true,
        };
        Option<string?> config = new("--config") { Description = "Take the nodes (raft-actors.nodes) from this HOCON file." };
        Option<string> system = new("--system") { Description = "Name of the nodes' ActorSystem.", DefaultValueFactory = _ => "raftactors" };
        Option<double> timeout = OptionRules.Timeout("Seconds to wait for each node.", 3);
        Command command = new("status", "Ask every node; prints one JSON object per stream and node on one line. Exit code 7 when a node does not answer.")
        {
            nodes, config, system, timeout,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(nodes) ?? [],
            parsed.GetValue(config),
            parsed.GetValue(system)!,
            TimeSpan.FromSeconds(parsed.GetValue(timeout)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] nodes, string? configPath, string systemName, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (await AskingSystem.LoadAsync(configPath, cancellationToken).ConfigureAwait(false) is not { } config)
        {
            return ExitCode.Configuration;
        }

        List<string> addresses = [.. nodes.SelectMany(n => n.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        if (addresses.Count == 0)
        {
            addresses.AddRange(NodesOf(config));
        }

        if (addresses.Count == 0)
        {
            await Console.Error.WriteLineAsync("raftactors: no node to ask. Give --nodes host:port,... or --config with raft-actors.nodes.").ConfigureAwait(false);
            return ExitCode.Usage;
        }

        return await AskingSystem.AskAsync(systemName + "-status", config, admin => PrintAsync(admin, addresses, systemName, timeout, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<int> PrintAsync(RaftAdmin admin, IReadOnlyList<string> addresses, string systemName, TimeSpan timeout, CancellationToken cancellationToken)
    {
        int code = ExitCode.Ok;

        // All at once, printed in the order given.
        Task<IReadOnlyList<string>>[] asked = [.. addresses.Select(a => admin.GetStatusAsync(a, systemName, timeout, cancellationToken))];
        foreach (Task<IReadOnlyList<string>> answer in asked)
        {
            try
            {
                foreach (string line in await answer.ConfigureAwait(false))
                {
                    await Console.Out.WriteLineAsync(line).ConfigureAwait(false);
                }
            }
            catch (NodeUnreachableException e)
            {
                // The others may answer all the same.
                code = await AskingSystem.TellAsync(e).ConfigureAwait(false);
            }
        }

        return code;
    }

    private static IEnumerable<string> NodesOf(Config config) =>
        config.HasPath("raft-actors.nodes")
            ? config.GetConfig("raft-actors.nodes").AsEnumerable().OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => n.Value.GetString())
            : [];
}
