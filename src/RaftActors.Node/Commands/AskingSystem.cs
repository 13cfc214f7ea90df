using System.Text.Json;
using Akka.Actor;
using Akka.Configuration;

namespace RaftActors.Node.Commands;

/// <summary>The short-lived ActorSystem from which the commands ask nodes.</summary>
internal static class AskingSystem
{
    /// <summary>The configuration file, or nothing where none is named; null when it cannot be used, which is told: exit code 3.</summary>
    public static async Task<Config?> LoadAsync(string? path, CancellationToken cancellationToken)
    {
        try
        {
            return path is null ? ConfigurationFactory.Empty : await HoconFile.LoadAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (ConfigFileException e)
        {
            await Console.Error.WriteLineAsync($"raftactors: {e.Message}").ConfigureAwait(false);
            return null;
        }
    }

    /// <summary>Asks, and gives the exit code: that of the question, or 7 when a node did not answer.</summary>
    public static async Task<int> AskAsync(string name, Config file, Func<RaftAdmin, Task<int>> ask, CancellationToken cancellationToken)
    {
        using ActorSystem system = await CreateAsync(name, file, cancellationToken).ConfigureAwait(false);
        int code;
        try
        {
            code = await ask(new RaftAdmin(system)).ConfigureAwait(false);
        }
        catch (NodeUnreachableException e)
        {
            code = await TellAsync(e).ConfigureAwait(false);
        }

        await system.Terminate().ConfigureAwait(false);
        return code;
    }

    /// <summary>Prints the JSON answer. Exit code 0 when it was done, 1 when it was refused or the outcome is unknown.</summary>
    public static async Task<int> PrintAsync(string answer)
    {
        await Console.Out.WriteLineAsync(answer).ConfigureAwait(false);
        using JsonDocument json = JsonDocument.Parse(answer);
        return json.RootElement.GetProperty("outcome").GetString() == "done" ? ExitCode.Ok : ExitCode.Failure;
    }

    /// <summary>Tells that a node did not answer; exit code 7.</summary>
    public static async Task<int> TellAsync(NodeUnreachableException e)
    {
        await Console.Error.WriteLineAsync($"raftactors: {e.Message}").ConfigureAwait(false);
        return ExitCode.Unreachable;
    }

    /// <summary>Makes it. TLS and frame sizes of the file apply to the asking side too; its address and extensions do not.</summary>
    private static Task<ActorSystem> CreateAsync(string name, Config file, CancellationToken cancellationToken)
    {
        Config own = ConfigurationFactory.ParseString("""
            akka.actor.provider = remote
            akka.remote.dot-netty.tcp.hostname = "127.0.0.1"
            akka.remote.dot-netty.tcp.port = 0
            akka.extensions = []
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            """).WithFallback(file);
        return Task.Run(() => ActorSystem.Create(name, own), cancellationToken);
    }
}
