using System.CommandLine;
using System.Text.Json;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary>What the commands that change something have in common: whom to ask, about which stream, how long to wait, and what the exit code says.</summary>
internal sealed class OperatorOptions
{
    private readonly Option<string> _node;
    private readonly Option<uint> _stream = new("--stream") { Description = "The stream's id.", Required = true };
    private readonly Option<string?> _config = new("--config") { Description = "Take TLS and frame sizes from this HOCON file." };
    private readonly Option<string> _system = new("--system") { Description = "Name of the nodes' ActorSystem.", DefaultValueFactory = _ => "raftactors" };
    private readonly Option<double> _timeout = new("--timeout") { Description = "Seconds to wait for the outcome." };

    public OperatorOptions(double defaultTimeout, string node = "Any node of the stream, host:port. One that does not lead names the leader, which is asked then.")
    {
        _timeout.DefaultValueFactory = _ => defaultTimeout;
        _node = new Option<string>("--node") { Description = node, Required = true };
    }

    /// <summary>Asks an administrator made for this call.</summary>
    public delegate Task<string> Request(RaftAdmin admin, string node, string system, StreamId stream, TimeSpan timeout, CancellationToken cancellationToken);

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_node, _stream, _config, _system, _timeout])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Prints the JSON answer. Exit code 0 when it was done, 1 when it was refused or the outcome is unknown, 7 when the node did not answer.</summary>
    public async Task<int> RunAsync(ParseResult parsed, Request request, CancellationToken cancellationToken)
    {
        Config config = ConfigurationFactory.Empty;
        try
        {
            if (parsed.GetValue(_config) is { } path)
            {
                config = await HoconFile.LoadAsync(path, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ConfigFileException e)
        {
            await Console.Error.WriteLineAsync($"raftactors: {e.Message}").ConfigureAwait(false);
            return ExitCode.Configuration;
        }

        string name = parsed.GetValue(_system)!;
        using ActorSystem system = await AskingSystem.CreateAsync(name + "-admin", config, cancellationToken).ConfigureAwait(false);
        int code;
        try
        {
            string answer = await request(
                new RaftAdmin(system),
                parsed.GetValue(_node)!,
                name,
                new StreamId(parsed.GetValue(_stream)),
                TimeSpan.FromSeconds(parsed.GetValue(_timeout)),
                cancellationToken).ConfigureAwait(false);
            await Console.Out.WriteLineAsync(answer).ConfigureAwait(false);
            using JsonDocument json = JsonDocument.Parse(answer);
            code = json.RootElement.GetProperty("outcome").GetString() == "done" ? ExitCode.Ok : ExitCode.Failure;
        }
        catch (NodeUnreachableException e)
        {
            await Console.Error.WriteLineAsync($"raftactors: {e.Message}").ConfigureAwait(false);
            code = ExitCode.Unreachable;
        }

        await system.Terminate().ConfigureAwait(false);
        return code;
    }
}
