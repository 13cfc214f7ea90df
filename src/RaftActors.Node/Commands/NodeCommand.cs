using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Configuration;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors node --config FILE</c>: runs one node until SIGTERM or SIGINT.</summary>
internal static class NodeCommand
{
    private const string ExtensionName = "RaftActors.RaftStreamsExtension, RaftActors";

    public static Command Create()
    {
        Option<string> config = new("--config") { Description = "HOCON file of the node; includes are looked up beside it.", Required = true };
        Option<uint?> nodeId = new("--node-id") { Description = "Stands before raft-actors.node-id of the file, so that nodes can share one." };
        Option<string> system = new("--system") { Description = "Name of the ActorSystem; the same on all nodes.", DefaultValueFactory = _ => "raftactors" };
        Command command = new("node", "Run a node: every stream under raft-actors.streams of the configuration file.") { config, nodeId, system };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetValue(config)!, parsed.GetValue(nodeId), parsed.GetValue(system)!, cancellationToken));
        return command;
    }

    /// <summary>The configuration of a node, with the defaults of the journal behind it.</summary>
    /// <exception cref="ConfigFileException">The file cannot be read or is not HOCON.</exception>
    public static async Task<Config> LoadAsync(string path, uint? nodeId, CancellationToken cancellationToken)
    {
        Config config = await HoconFile.LoadAsync(path, cancellationToken).ConfigureAwait(false);
        if (nodeId is { } id)
        {
            config = ConfigurationFactory.ParseString(string.Create(CultureInfo.InvariantCulture, $"raft-actors.node-id = {id}")).WithFallback(config);
        }

        return config.WithFallback(RaftActors.Journal.RaftJournal.DefaultConfig());
    }

    /// <summary>What cannot work is said before anything begins.</summary>
    public static async Task CheckStorageAsync(Config config, CancellationToken cancellationToken)
    {
        // Settings first: a wrong one must be refused before there are files.
        _ = new RaftSettings(config);
        CheckPort(config);
        PluginSettings.Check(config);
        await SqliteJournal.PrepareAsync(config, cancellationToken).ConfigureAwait(false);
        await WalFiles.CheckAsync(config, cancellationToken).ConfigureAwait(false);
        await PostgreSqlJournal.CheckAsync(config, cancellationToken).ConfigureAwait(false);
    }

    private static void CheckPort(Config config)
    {
        const string Key = "akka.remote.dot-netty.tcp.port";
        string port = config.GetString(Key, "0") ?? "0";
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > ushort.MaxValue)
        {
            throw new RaftConfigurationException(Key, port, "must be a port, 0 to 65535");
        }
    }

    private static async Task<int> RunAsync(string path, uint? nodeId, string systemName, CancellationToken cancellationToken)
    {
        ActorSystem? system = null;
        try
        {
            Config config = await LoadAsync(path, nodeId, cancellationToken).ConfigureAwait(false);
            Config withExtension = ConfigurationFactory.ParseString($"akka.extensions = [\"{ExtensionName}\"]").WithFallback(config);
            if (!withExtension.HasPath("akka.actor.provider"))
            {
                withExtension = ConfigurationFactory.ParseString("akka.actor.provider = remote").WithFallback(withExtension);
            }

            await CheckStorageAsync(withExtension, cancellationToken).ConfigureAwait(false);
            system = await Task.Run(() => ActorSystem.Create(systemName, withExtension.WithFallback(RaftSettings.Serializers())), cancellationToken).ConfigureAwait(false);
            RaftStreams streams = RaftStreams.Get(system);
            return await ServeAsync(system, streams).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (system is not null)
            {
                await system.Terminate().ConfigureAwait(false);
            }

            return await FailAsync(e).ConfigureAwait(false);
        }
    }

    private static async Task<int> ServeAsync(ActorSystem system, RaftStreams streams)
    {
        // One answer for the three ways to end: a signal, a failed stream, somebody terminating the system.
        TaskCompletionSource<int> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        IActorRef watcher = system.ActorOf(FailureWatcher.Props(reason => end.TrySetResult(reason)), "node-failure-watcher");
        system.EventStream.Subscribe(watcher, typeof(StreamFailed));
        _ = system.WhenTerminated.ContinueWith(_ => end.TrySetResult(ExitCode.Failure), TaskScheduler.Default);

        await Console.Out.WriteLineAsync($"node {streams.NodeId} is up with {streams.Streams.Count} stream(s): {string.Join(", ", streams.Streams)}").ConfigureAwait(false);
        int code = await end.Task.ConfigureAwait(false);

        // Drains the streams and hands over before the port closes; see the phases in reference.conf.
        await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance).ConfigureAwait(false);
        await system.WhenTerminated.ConfigureAwait(false);
        return code;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            end.TrySetResult(ExitCode.Ok);
        }
    }

    /// <summary>One line for people, and the exit code for scripts.</summary>
    public static async Task<int> FailAsync(Exception e)
    {
        (int code, string message) = Explain(e);
        await Console.Error.WriteLineAsync($"raftactors: {message}").ConfigureAwait(false);
        return code;
    }

    private static (int Code, string Message) Explain(Exception e)
    {
        for (Exception? inner = e; inner is not null; inner = (inner as AggregateException)?.InnerExceptions.FirstOrDefault() ?? inner.InnerException)
        {
            switch (inner)
            {
                case ConfigFileException or RaftConfigurationException:
                    return (ExitCode.Configuration, inner.Message);
                case DatabaseUnusableException or WalFilesException or StreamStartException or BootstrapException:
                    return (ExitCode.Storage, inner.Message);
                case SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }:
                    return (ExitCode.Address, "the remoting port is in use by another process (akka.remote.dot-netty.tcp.port).");
                case SocketException socket:
                    return (ExitCode.Address, $"the remoting address cannot be used (akka.remote.dot-netty.tcp): {socket.Message}");
            }
        }

        return (ExitCode.Failure, e.ToString());
    }

    private sealed class FailureWatcher : ReceiveActor
    {
        public FailureWatcher(Action<int> failed)
        {
            Receive<StreamFailed>(message =>
            {
                Console.Error.WriteLine($"raftactors: stream {message.Stream} failed: {message.Reason}. The node stops; a restart recovers.");
                failed(ExitCode.StreamFailed);
            });
        }

        public static Props Props(Action<int> failed) => Akka.Actor.Props.Create(() => new FailureWatcher(failed));
    }
}
