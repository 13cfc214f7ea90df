using System.CommandLine;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors bootstrap</c>: prepares the empty storage of a node for a stream, with a first snapshot from a file.</summary>
internal static class BootstrapCommand
{
    public static Command Create()
    {
        Option<string> config = new("--config") { Description = "HOCON file of the node; includes are looked up beside it.", Required = true };
        Option<uint?> nodeId = new("--node-id") { Description = "Stands before raft-actors.node-id of the file, so that nodes can share one." };
        Option<string> system = new("--system") { Description = "Name of the ActorSystem, as for raftactors node.", DefaultValueFactory = _ => "raftactors" };
        Option<uint> stream = new("--stream") { Description = "The stream, one of raft-actors.streams.", Required = true };
        Option<string?> state = new("--state") { Description = "A file with the state to begin with: what the stream's state machine saves in a snapshot." };
        Option<long> lastIndex = new("--last-index") { Description = "How many entries that state stands for; the log begins behind them. The same for all members." };
        Command command = new("bootstrap", "Prepare the empty storage of a node that does not run: the stream begins with a given state and membership. To be done for every member, or for one that begins alone.")
        {
            config, nodeId, system, stream, state, lastIndex,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(state) is null != (result.GetValue(lastIndex) == 0) || result.GetValue(lastIndex) < 0)
            {
                result.AddError("--state FILE and --last-index N, above 0, belong together: the state, and how many entries it stands for.");
            }
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(config)!,
            parsed.GetValue(nodeId),
            parsed.GetValue(system)!,
            new StreamId(parsed.GetValue(stream)),
            parsed.GetValue(state),
            new LogIndex(parsed.GetValue(lastIndex)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string path, uint? nodeId, string systemName, StreamId stream, string? statePath, LogIndex last, CancellationToken cancellationToken)
    {
        ActorSystem? system = null;
        FileStream? state = null;
        try
        {
            Config own = await NodeCommand.LoadAsync(path, nodeId, cancellationToken).ConfigureAwait(false);

            // Nobody talks to it: no port, no streams.
            Config config = ConfigurationFactory.ParseString("""
                akka.actor.provider = local
                akka.extensions = []
                """).WithFallback(own);
            CheckDurable(config);
            state = statePath is null ? null : Open(statePath);
            await NodeCommand.CheckStorageAsync(config, cancellationToken).ConfigureAwait(false);
            system = await Task.Run(() => ActorSystem.Create(systemName, config), cancellationToken).ConfigureAwait(false);
            await RaftBootstrap.RunConfiguredAsync(system, stream, last, state, cancellationToken).ConfigureAwait(false);

            string begins = state is null
                ? "the log begins with its membership"
                : string.Create(CultureInfo.InvariantCulture, $"the log begins behind entry {last}, with the state of {state.Name} ({state.Length} bytes)");
            await Console.Out.WriteLineAsync($"stream {stream} is prepared on node {config.GetString("raft-actors.node-id")}: {begins}.").ConfigureAwait(false);
            await Console.Out.WriteLineAsync("Prepare every other member with the same options before any of them starts; a member that is started empty could be elected, and the state would be lost.").ConfigureAwait(false);
            return ExitCode.Ok;
        }
        catch (Exception e)
        {
            return await NodeCommand.FailAsync(e).ConfigureAwait(false);
        }
        finally
        {
            if (state is not null)
            {
                await state.DisposeAsync().ConfigureAwait(false);
            }

            if (system is not null)
            {
                await system.Terminate().ConfigureAwait(false);
            }
        }
    }

    private static void CheckDurable(Config config)
    {
        string chosen = config.GetString("raft-actors.journal.plugin", string.Empty);
        string plugin = chosen.Length > 0 ? chosen : config.GetString("akka.persistence.journal.plugin", string.Empty);
        if (plugin is "" or "akka.persistence.journal.inmem")
        {
            throw new ConfigFileException("The journal of this node is in memory (akka.persistence.journal.plugin): what is prepared would be gone when this program ends.");
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(Path.GetFullPath(path), new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigFileException($"The state file {Path.GetFullPath(path)} cannot be read: {e.Message}", e);
        }
    }
}
