using System.CommandLine;
using RaftActors.Node.Bench;
using RaftActors.Node.Commands;

namespace RaftActors.Node;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        RootCommand root = new("Runs and operates RaftActors nodes.")
        {
            NodeCommand.Create(),
            BootstrapCommand.Create(),
            StatusCommand.Create(),
            SimulateCommand.Create(),
            JournalCommand.Create(),
            MembersCommand.Create(),
            TransferCommand.Create(),
            RecoverCommand.Create(),
            PauseCommand.Create(),
            ReadOnlyCommand.Create(),
            BenchCommand.Create(),
            BenchNodeCommand.Create(),
            BenchPeerCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync($"raftactors: {error.Message}").ConfigureAwait(false);
            }

            await Console.Error.WriteLineAsync("raftactors --help lists what is allowed.").ConfigureAwait(false);
            return ExitCode.Usage;
        }

        // Signals are the node's own business: draining may take longer than the 2 s of the parser's handler.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }).ConfigureAwait(false);
    }
}
