using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Akka;
using Akka.Actor;
using Akka.Event;
using RaftActors.Configuration;
using RaftActors.Remoting;
using RaftActors.Runtime;

namespace RaftActors;

/// <summary>The streams of one actor system: start, stop, find them. Thread-safe.</summary>
public sealed class RaftStreams : IExtension
{
    private readonly ExtendedActorSystem _system;
    private readonly ILoggingAdapter _log;
    private readonly ConcurrentDictionary<StreamId, RaftStream> _streams = new();
    private readonly PeerTraffic _traffic = new();
    private readonly IPeerTransport _transport;
    private readonly RaftClock _clock;
    private readonly TaskCompletionSource _supervisorEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;
    private uint _nodeId;

    internal RaftStreams(ExtendedActorSystem system)
    {
        _system = system;
        _log = Logging.GetLogger(system, this);
        try
        {
            system.Settings.InjectTopLevelFallback(RaftSettings.Reference());
            Settings = new RaftSettings(system.Settings.Config);
            _clock = new RaftClock(system.Scheduler, Settings.CalendarClock);
            ExtensionSetup.RegisterSerializers(system);
            _transport = ExtensionSetup.MakeTransport(system, Settings.Remoting.Transport);
            int frame = Settings.Remoting.MaxFrameBytes;
            if (frame > _transport.MaxFrameBytes)
            {
                throw new RaftConfigurationException(
                    "raft-actors.remoting.max-frame-bytes",
                    frame.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    $"the transport carries at most {_transport.MaxFrameBytes} bytes");
            }

            StreamDefinition[] configured = [.. Settings.Streams.Select(s => ExtensionSetup.Define(s, Settings, system))];
            foreach (StreamDefinition definition in configured)
            {
                Check(definition);
            }

            _nodeId = Settings.NodeId.Value;
            Environment = new NodeEnvironment(
                Settings,
                _transport,
                _traffic,
                _clock,
                frame == 0 ? _transport.MaxFrameBytes : frame,
                Settings.JournalPlugin,
                Settings.SnapshotPlugin);
            Supervisor = system.ActorOf(RaftSupervisor.Props(this, Environment), "raft");
            _transport.Start(Supervisor);
            CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "raft-streams-stop", StopForShutdown);
            foreach (StreamDefinition definition in configured)
            {
                StartConfigured(definition);
            }
        }
        catch (RaftConfigurationException e)
        {
            // Whoever loads extensions may swallow the exception; the reason must not get lost.
            _log.Error(e, "RaftActors cannot start: {0}", e.Message);
            throw;
        }
    }

    /// <summary>The settings in force.</summary>
    public RaftSettings Settings { get; }

    /// <summary>The actor <c>/user/raft</c>.</summary>
    public IActorRef Supervisor { get; }

    /// <summary>This node: <c>raft-actors.node-id</c>, or the member of the first stream that was started; none before.</summary>
    public NodeId NodeId => new(Volatile.Read(ref _nodeId));

    /// <summary>The streams that have been started and not stopped, failed ones among them.</summary>
    public IReadOnlyList<StreamId> Streams => [.. _streams.Keys.Order()];

    /// <summary>What went between this node and its peers.</summary>
    public PeerTrafficCounts Traffic => _traffic.Read();

    /// <summary>The extension of an actor system; made when it is asked for the first time.</summary>
    /// <param name="system">The actor system.</param>
    /// <exception cref="RaftConfigurationException">A setting is unknown or impossible.</exception>
    public static RaftStreams Get(ActorSystem system) => system.WithExtension<RaftStreams, RaftStreamsExtension>();

    /// <summary>Starts a stream here. The task completes when the journal is recovered and this member takes part; a leader need not be known yet.</summary>
    /// <param name="definition">The stream.</param>
    /// <param name="cancellationToken">Stops waiting, not the stream.</param>
    /// <exception cref="RaftConfigurationException">The definition contradicts itself or a setting is impossible.</exception>
    /// <exception cref="StreamStartException">It runs already, or the journal or the state machine failed.</exception>
    public async Task<RaftStream> StartStreamAsync(StreamDefinition definition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(definition);
        if (_stopping)
        {
            throw new StreamStartException(definition.Id, "the node is shutting down");
        }

        StreamSettings settings = Check(definition);
        ExtensionSetup.CheckReplayFilter(_system, Settings, _log);
        Interlocked.CompareExchange(ref _nodeId, definition.NodeId.Value, 0);
        StreamLink link = new(definition, settings);
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Supervisor.Tell(new AddStream(link, started), ActorRefs.NoSender);
        await EndedOr(started.Task, cancellationToken).ConfigureAwait(false);
        return GetStream(definition.Id);
    }

    /// <summary>
    /// Stops a stream here: takes nothing new, waits for what is open (at most <c>stop-timeout</c>), gives up leadership, answers the rest, ends its actors.
    /// </summary>
    /// <param name="id">The stream.</param>
    /// <param name="cancellationToken">Stops waiting, not the stop.</param>
    /// <exception cref="StreamNotFoundException">It does not run here.</exception>
    public Task StopStreamAsync(StreamId id, CancellationToken cancellationToken = default)
    {
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Supervisor.Tell(new RemoveStream(id, stopped), ActorRefs.NoSender);
        return EndedOr(stopped.Task, cancellationToken);
    }

    /// <summary>Stops all streams here, side by side.</summary>
    /// <param name="cancellationToken">Stops waiting, not the stop.</param>
    public Task StopAllAsync(CancellationToken cancellationToken = default) => Task.WhenAll(Streams.Select(id => StopIfRunning(id, cancellationToken)));

    /// <summary>The handle of a stream that runs here.</summary>
    /// <param name="id">The stream.</param>
    /// <exception cref="StreamNotFoundException">It does not run here.</exception>
    public RaftStream GetStream(StreamId id) => TryGetStream(id, out RaftStream? stream) ? stream : throw new StreamNotFoundException(id);

    /// <summary>The handle of a stream, if it runs here.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="stream">Its handle.</param>
    public bool TryGetStream(StreamId id, [NotNullWhen(true)] out RaftStream? stream) => _streams.TryGetValue(id, out stream);

    /// <summary>How every stream is here, in order of ids.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<StreamStatus>> GetStatusAsync(CancellationToken cancellationToken = default) =>
        await Task.WhenAll(_streams.Values.OrderBy(s => s.Id).Select(s => s.GetStatusAsync(cancellationToken))).ConfigureAwait(false);

    internal NodeEnvironment Environment { get; }

    internal void SupervisorEnded() => _supervisorEnded.TrySetResult();

    internal void Registered(StreamLink link) => _streams[link.Id] = new RaftStream(link, _clock);

    internal void Unregistered(StreamLink link)
    {
        if (_streams.TryGetValue(link.Id, out RaftStream? stream) && ReferenceEquals(stream.Link, link))
        {
            _streams.TryRemove(link.Id, out _);
        }
    }

    private StreamSettings Check(StreamDefinition definition)
    {
        string path = $"stream {definition.Id}";
        if (definition.StateMachine is null)
        {
            throw new RaftConfigurationException($"{path}.state-machine", null, "must be given");
        }

        if (definition.Members.IsDefault || (!definition.Join && !definition.Members.Any(m => m.Id == definition.NodeId)))
        {
            throw new RaftConfigurationException($"{path}.members", null, $"must contain this member, node {definition.NodeId}");
        }

        try
        {
            if (new StreamMembership(definition.Members).Voters.IsEmpty && !definition.Join)
            {
                throw new RaftConfigurationException($"{path}.members", null, "must contain a voter");
            }

            if (!definition.Join && definition.Quorum.WhyImpossible(definition.Members) is { } rule)
            {
                throw new RaftConfigurationException($"{path}.quorum", definition.Quorum.ToString(), rule);
            }
        }
        catch (ArgumentException e)
        {
            throw new RaftConfigurationException($"{path}.members", null, e.Message, e);
        }

        foreach (Member peer in definition.Members.Where(m => m.Id != definition.NodeId))
        {
            if (_transport.WhyNot(peer.Address) is { } reason)
            {
                throw new RaftConfigurationException($"{path}.members", peer.Address, reason);
            }
        }

        StreamSettings settings = Settings.ForStream(definition.Settings, $"{path}.settings");
        return _system.Dispatchers.HasDispatcher(settings.StateMachineDispatcher)
            ? settings
            : throw new RaftConfigurationException(
                $"{path}.settings.state-machine-dispatcher", settings.StateMachineDispatcher, "must be the id of a dispatcher in the configuration of the actor system, such as raft-actors.dispatchers.user-code");
    }

    // The supervisor answers while it lives; a message to it may be the first thing that finds out that it does not.
    private async Task EndedOr(Task answer, CancellationToken cancellationToken)
    {
        Task ended = await Task.WhenAny(answer, _supervisorEnded.Task, _system.WhenTerminated).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (ended != answer && !answer.IsCompleted)
        {
            throw new RaftActorsException(ended == _supervisorEnded.Task
                ? "The actor of all streams, /user/raft, has ended: the node is shutting down, or somebody stopped it."
                : "The actor system has terminated.");
        }

        await answer.ConfigureAwait(false);
    }

    private async void StartConfigured(StreamDefinition definition)
    {
        try
        {
            await StartStreamAsync(definition).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Nobody awaits this start; the stream's status and a StreamFailed event say the same.
            LogLines.StartFailed(_log, e, definition.Id);
        }
    }

    private async Task<Done> StopForShutdown()
    {
        _stopping = true;
        await StopAllAsync().ConfigureAwait(false);
        return Done.Instance;
    }

    private async Task StopIfRunning(StreamId id, CancellationToken cancellationToken)
    {
        try
        {
            await StopStreamAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamNotFoundException)
        {
            // Somebody else stopped it meanwhile.
        }
    }
}
