using System.CommandLine;
using RaftActors.Node.Commands;

namespace RaftActors.Node;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        RootCommand root = new("Runs and operates RaftActors nodes.")
        {
            NodeCommand.Create(),
            StatusCommand.Create(),
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

        return await parsed.InvokeAsync().ConfigureAwait(false);
    }
}
