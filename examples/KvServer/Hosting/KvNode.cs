using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using KvServer.Server;
using KvServer.State;
using RaftActors;
using RaftActors.Dcf;
using RaftActors.Protocol;

namespace KvServer.Hosting;

/// <summary>One node from start to end: data folder, stream, RESP port, and what makes it stop.</summary>
internal static class KvNode
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Runs until a signal comes or the stream fails.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="StartException">The node could not be started; everything is as it was before.</exception>
    public static async Task<int> RunAsync(CommandLineOptions options)
    {
        // The first thing: a signal during the start must not kill the process half way.
        TaskCompletionSource<Ending> ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Stop(c, ending));
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => Stop(c, ending));
        if (options.StopWithInput)
        {
            _ = WatchInputAsync(ending);
        }

        KvSettings settings = KvSettings.Load(options);
        string cluster = await ReadClusterAsync(options.ClusterFile).ConfigureAwait(false);
        DcfClusterConfig parsed = ParseCluster(options, cluster);
        StreamId streamId = options.Stream is { } chosen ? new StreamId(chosen) : parsed.Of(new NodeId(options.NodeId)).Min(n => n.Stream);

        using DataFolder folder = DataFolder.Open(options.DataFolder, options.NodeId, settings.ClusterName);
        Config config = settings.Config;
        if (settings.JournalInDataFolder)
        {
            SqliteFile.Prepare(folder.JournalFile, options.NodeId, WasStarted(folder.Path, options.NodeId), settings.CheckJournalBelow);
            config = ConfigurationFactory.ParseString($"akka.persistence.journal.sql.connection-string = {Quoted($"Data Source={folder.JournalFile}")}").WithFallback(config);
        }

        if (settings.SnapshotsInDataFolder)
        {
            config = ConfigurationFactory.ParseString($"akka.persistence.snapshot-store.local.dir = {Quoted(folder.SnapshotFolder)}").WithFallback(config);
        }

        KvDatabase database = new();
        StreamLog log = new();
        ILoggingAdapter? logger = null;
        await using RespServer server = Bind(settings.Server with { Warn = text => logger?.Warning("{0}", text) }, log, database);
        CheckPeerPort(folder.Path, options.NodeId, parsed);
        await using Dcf node = new(new DcfOptions
        {
            DataPath = folder.Path,
            Config = config,
            SystemName = "kv",
            Join = options.Join,
            StateMachine = id => id == streamId ? new KvStateMachine(database) : new KvStateMachine(new KvDatabase()),
        });
        if (!await StartAsync(node, options, cluster, ending.Task).ConfigureAwait(false))
        {
            return ExitCode.Ok; // Told to stop while it was starting.
        }

        logger = Logging.GetLogger(node.System, "KvServer");
        RaftStream stream = StreamOf(node, streamId);
        log.Attach(stream, node.System);
        IActorRef watcher = node.System.ActorOf(Props.Create(() => new FailureWatcher(streamId, ending)), "kv-failure-watcher");
        node.System.EventStream.Subscribe(watcher, typeof(StreamFailed));
        StreamStatus status = await stream.GetStatusAsync().ConfigureAwait(false);
        if (status.Health == StreamHealth.Failed)
        {
            throw new StartException(ExitCode.Storage, $"Stream {streamId} failed at start: {status.FailureReason}");
        }

        Listen(server);
        await Console.Out.WriteLineAsync($"ready: node {options.NodeId}, stream {streamId}, clients at {server.Endpoint}, data in {folder.Path}").ConfigureAwait(false);
        using CancellationTokenSource expiring = new();
        Task expiry = ExpireAsync(server, expiring.Token);

        Ending end = await ending.Task.ConfigureAwait(false);
        await expiring.CancelAsync().ConfigureAwait(false);
        await expiry.ConfigureAwait(false);
        return end.Failure is { } failure ? await FailAsync(server, node, failure).ConfigureAwait(false) : await StopAsync(server, node, end.Reason).ConfigureAwait(false);
    }

    private static void Stop(PosixSignalContext context, TaskCompletionSource<Ending> ending)
    {
        context.Cancel = true;
        if (!ending.TrySetResult(new Ending($"signal {context.Signal}", null)))
        {
            // Asked a second time: whoever asks does not want to wait.
            Environment.Exit(ExitCode.Failure);
        }
    }

    private static async Task WatchInputAsync(TaskCompletionSource<Ending> ending)
    {
        await Task.Yield();
        byte[] ignored = new byte[256];
        await using Stream input = Console.OpenStandardInput();
        while (await input.ReadAsync(ignored).ConfigureAwait(false) > 0)
        {
        }

        ending.TrySetResult(new Ending("standard input has ended", null));
    }

    private static async Task<string> ReadClusterAsync(string file)
    {
        try
        {
            return await File.ReadAllTextAsync(file).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(ExitCode.Configuration, $"The cluster file {Path.GetFullPath(file)} cannot be read: {e.Message}", e);
        }
    }

    private static DcfClusterConfig ParseCluster(CommandLineOptions options, string text)
    {
        try
        {
            DcfClusterConfig cluster = DcfClusterConfig.Parse(text);
            _ = cluster.Of(new NodeId(options.NodeId));
            return cluster;
        }
        catch (DcfConfigurationException e)
        {
            throw new StartException(ExitCode.Configuration, $"{options.ClusterFile}: {e.Message}", e);
        }
    }

    private static RespServer Bind(ServerOptions options, StreamLog log, KvDatabase database)
    {
        try
        {
            return new RespServer(options, log, database);
        }
        catch (SocketException e)
        {
            throw RespPort(options, e);
        }
    }

    private static void Listen(RespServer server)
    {
        try
        {
            server.Start();
        }
        catch (SocketException e)
        {
            throw RespPort(server.Options, e);
        }
    }

    private static bool WasStarted(string folder, uint node) => File.Exists(Path.Combine(folder, $"{node}", "metadata", "cluster.json"));

    // Akka would say so too, with a stack trace and the retries of its start in front.
    private static void CheckPeerPort(string folder, uint node, DcfClusterConfig cluster)
    {
        if (WasStarted(folder, node))
        {
            return; // Started before: its address is the one it wrote down then.
        }

        DcfStreamNode place = cluster.Of(new NodeId(node))[0];
        if (!IPAddress.TryParse(place.Ip, out IPAddress? address))
        {
            return;
        }

        using Socket probe = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(address, place.Port));
            probe.Listen(1);
        }
        catch (SocketException e)
        {
            throw new StartException(
                ExitCode.Address,
                e.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? $"The peer port {place.Address} of node {node} in the cluster file is in use by another process."
                    : $"The peer address {place.Address} of node {node} in the cluster file cannot be used: {e.Message} It must be an address of this machine.",
                e);
        }
    }

    private static StartException RespPort(ServerOptions options, SocketException e) => new(
        ExitCode.Address,
        e.SocketErrorCode == SocketError.AddressAlreadyInUse
            ? $"The client port {options.Endpoint} is in use by another process. Choose another with --resp-port (0: any free one)."
            : $"The client port {options.Endpoint} cannot be opened: {e.Message} --bind takes an address of this machine.",
        e);

    private static async Task<bool> StartAsync(Dcf node, CommandLineOptions options, string cluster, Task<Ending> ending)
    {
        using CancellationTokenSource cancel = new();
        Task starting = node.StartAsync(options.NodeId, cluster, cancel.Token);
        try
        {
            if (await Task.WhenAny(starting, ending).ConfigureAwait(false) == starting)
            {
                await starting.ConfigureAwait(false);
                return true;
            }

            await cancel.CancelAsync().ConfigureAwait(false);
            await starting.ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return false;
        }
        catch (DcfConfigurationException e)
        {
            bool address = Causes(e).Any(c => c is SocketException);
            throw new StartException(address ? ExitCode.Address : ExitCode.Configuration, e.Message, e);
        }
        catch (RaftConfigurationException e)
        {
            throw new StartException(ExitCode.Configuration, e.Message, e);
        }
        catch (RaftActorsException e)
        {
            // The stream knows its journal by a name only.
            throw new StartException(ExitCode.Storage, $"{e.Message.TrimEnd('.')}. The data folder is {Path.GetFullPath(options.DataFolder)}.", e);
        }
    }

    private static RaftStream StreamOf(Dcf node, StreamId stream)
    {
        try
        {
            return node.GetStream(stream);
        }
        catch (StreamNotFoundException e)
        {
            throw new StartException(ExitCode.Configuration, $"{e.Message} It runs: {string.Join(", ", node.Streams)}.", e);
        }
    }

    private static IEnumerable<Exception> Causes(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }

    private static async Task ExpireAsync(RespServer server, CancellationToken cancellation)
    {
        // Keys that nobody reads any more have to go too. The leader does it, so that it is done once.
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                if (server.Database.Leads && server.Reads.HasOverdue())
                {
                    await server.Reads.ExpireAsync(cancellation).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }

    private static async Task<int> StopAsync(RespServer server, Dcf node, string reason)
    {
        await Console.Out.WriteLineAsync($"stopping: {reason}").ConfigureAwait(false);
        await server.StopAsync("this server is stopping").ConfigureAwait(false);
        try
        {
            // Gives up leadership before it leaves, so that the others need not find out by waiting.
            await node.StopAsync().WaitAsync(StopTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await Console.Error.WriteLineAsync($"kvserver: the node did not stop within {StopTimeout.TotalSeconds:0} s; what it acknowledged is safe.").ConfigureAwait(false);
            Environment.Exit(ExitCode.Failure);
        }

        await Console.Out.WriteLineAsync("stopped").ConfigureAwait(false);
        return ExitCode.Ok;
    }

    private static async Task<int> FailAsync(RespServer server, Dcf node, string failure)
    {
        // Closed, not answered: whoever waits must take the outcome for unknown.
        server.Abort();
        await Console.Error.WriteLineAsync($"kvserver: {failure} Nothing more is acknowledged; the process ends, a restart recovers.").ConfigureAwait(false);
        try
        {
            await node.StopAsync().WaitAsync(StopTimeout).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"kvserver: the rest of the node did not stop cleanly: {e.Message}").ConfigureAwait(false);
            Environment.Exit(ExitCode.StreamFailed);
        }

        return ExitCode.StreamFailed;
    }

    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private sealed record Ending(string Reason, string? Failure);

    private sealed class FailureWatcher : ReceiveActor
    {
        public FailureWatcher(StreamId stream, TaskCompletionSource<Ending> ending) =>
            Receive<StreamFailed>(failed =>
            {
                if (failed.Stream == stream)
                {
                    ending.TrySetResult(new Ending("the stream failed", $"Stream {failed.Stream} failed: {failed.Reason}."));
                }
            });
    }
}
