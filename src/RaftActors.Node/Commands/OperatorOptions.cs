using System.CommandLine;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary>What the commands that change something have in common: whom to ask, about which stream, how long to wait, and what the exit code says.</summary>
internal sealed class OperatorOptions
{
    private readonly Option<string> _node;
    private readonly Option<uint> _stream = new("--stream") { Description = "The stream's id.", Required = true };
    private readonly Option<string?> _config = new("--config") { Description = "Take TLS and frame sizes from this HOCON file." };
    private readonly Option<string> _system = new("--system") { Description = "Name of the nodes' ActorSystem.", DefaultValueFactory = _ => "raftactors" };
    private readonly Option<double> _timeout;

    public OperatorOptions(double defaultTimeout, string node = "Any node of the stream, host:port. One that does not lead names the leader, which is asked then.")
    {
        _timeout = OptionRules.Timeout("Seconds to wait for the outcome.", defaultTimeout);
        _node = new Option<string>("--node") { Description = node, Required = true };
    }

    /// <summary>Asks an administrator made for this call.</summary>
    public delegate Task<string> Request(RaftAdmin admin, string node, string system, StreamId stream, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Gives the command these options too, and lets it ask. Prints the JSON answer; the exit code is 0 when it was done, 1 when it was refused or the outcome is unknown, 7 when the node did not answer.</summary>
    public Command On(Command command, Func<ParseResult, Request> request)
    {
        foreach (Option option in (Option[])[_node, _stream, _config, _system, _timeout])
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, token) => RunAsync(parsed, request(parsed), token));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, Request request, CancellationToken cancellationToken)
    {
        if (await AskingSystem.LoadAsync(parsed.GetValue(_config), cancellationToken).ConfigureAwait(false) is not { } config)
        {
            return ExitCode.Configuration;
        }

        string name = parsed.GetValue(_system)!;
        return await AskingSystem.AskAsync(
            name + "-admin",
            config,
            async admin => await AskingSystem.PrintAsync(await request(
                admin,
                parsed.GetValue(_node)!,
                name,
                new StreamId(parsed.GetValue(_stream)),
                TimeSpan.FromSeconds(parsed.GetValue(_timeout)),
                cancellationToken).ConfigureAwait(false)).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
    }
}
