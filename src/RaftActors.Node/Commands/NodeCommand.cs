using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors node --config FILE</c>: runs one node until SIGTERM or SIGINT.</summary>
internal static class NodeCommand
{
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
        NodeId node = new RaftSettings(config).NodeId;
        CheckPort(config);
        PluginSettings.Check(config);
        await SqliteJournal.PrepareAsync(config, node, cancellationToken).ConfigureAwait(false);
        await WalFiles.CheckAsync(config, node, cancellationToken).ConfigureAwait(false);
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
            if (!config.HasPath("akka.actor.provider"))
            {
                config = ConfigurationFactory.ParseString("akka.actor.provider = remote").WithFallback(config);
            }

            // This one is left to ServeAsync: what becomes of the streams would be told before anybody listens.
            IEnumerable<string> extensions = config.GetStringList("akka.extensions", []).Where(e => !e.StartsWith(typeof(RaftStreamsExtension).FullName!, StringComparison.Ordinal));
            config = ConfigurationFactory.ParseString($"akka.extensions = [{string.Join(", ", extensions.Select(e => $"\"{e}\""))}]").WithFallback(config);
            await CheckStorageAsync(config, cancellationToken).ConfigureAwait(false);
            system = await Task.Run(() => ActorSystem.Create(systemName, config.WithFallback(RaftSettings.Serializers())), cancellationToken).ConfigureAwait(false);
            return await ServeAsync(system).ConfigureAwait(false);
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

    private static async Task<int> ServeAsync(ActorSystem system)
    {
        // One answer for the three ways to end: a signal, a failed stream, somebody terminating the system.
        TaskCompletionSource<int> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        IActorRef watcher = system.ActorOf(FailureWatcher.Props(reason => end.TrySetResult(reason)), "node-failure-watcher");
        system.EventStream.Subscribe(watcher, typeof(StreamStarted));
        system.EventStream.Subscribe(watcher, typeof(StreamFailed));
        _ = system.WhenTerminated.ContinueWith(_ => end.TrySetResult(ExitCode.Failure), TaskScheduler.Default);

        // This starts them.
        RaftStreams streams = RaftStreams.Get(system);
        IReadOnlyList<StreamId> configured = [.. streams.Settings.Streams.Select(s => s.Id).Order()];
        await Console.Out.WriteLineAsync($"node {streams.NodeId} is up with {configured.Count} stream(s): {string.Join(", ", configured)}").ConfigureAwait(false);
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
        for (Exception? inner = e; inner is not null; inner = inner.InnerException)
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

    /// <summary>Tells a stream that could not begin, which most likely cannot after a restart either, from one that fails later.</summary>
    private sealed class FailureWatcher : ReceiveActor
    {
        private readonly HashSet<StreamId> _started = [];

        public FailureWatcher(Action<int> failed)
        {
            Receive<StreamStarted>(message => _started.Add(message.Stream));
            Receive<StreamFailed>(message =>
            {
                bool ran = _started.Contains(message.Stream);
                string reason = message.Reason.TrimEnd('.');
                Console.Error.WriteLine(ran
                    ? $"raftactors: stream {message.Stream} failed: {reason}. The node stops; a restart recovers."
                    : $"raftactors: stream {message.Stream} could not be started: {reason}. The node stops.");
                failed(ran ? ExitCode.StreamFailed : ExitCode.Storage);
            });
        }

        public static Props Props(Action<int> failed) => Akka.Actor.Props.Create(() => new FailureWatcher(failed));
    }
}
