using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using RaftActors.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>
/// One node, in the words of DCF: register callbacks, start it from the cluster JSON, write on the leader, ask. Every stream that the
/// JSON gives the node runs in one ActorSystem over one port. Members are thread-safe, except that callbacks are registered
/// before the start.
/// </summary>
public sealed partial class Dcf : IAsyncDisposable
{
    private readonly DcfCallbackTable _callbacks = new();
    private readonly DcfOptions _options;
    private ActorSystem? _system;
    private ImmutableDictionary<StreamId, RaftStream> _streams = ImmutableDictionary<StreamId, RaftStream>.Empty;
    private int _state;

    /// <summary>Makes a node that is not started yet.</summary>
    /// <param name="options">Data path, settings, state machines.</param>
    public Dcf(DcfOptions? options = null) => _options = options ?? new DcfOptions();

    private enum State
    {
        New,
        Started,
        Stopped,
    }

    /// <summary>This node. None before the start.</summary>
    public NodeId NodeId { get; private set; }

    /// <summary>The cluster that is in force, from the metadata. Null before the start.</summary>
    public DcfClusterConfig? Cluster { get; private set; }

    /// <summary>The node's ActorSystem, for applications that run actors of their own beside the streams.</summary>
    /// <exception cref="InvalidOperationException">The node is not started.</exception>
    public ActorSystem System => _system ?? throw new InvalidOperationException("The node is not started; call StartAsync first.");

    /// <summary>The streams this node belongs to, in ascending order.</summary>
    public IReadOnlyList<StreamId> Streams => [.. _streams.Keys.Order()];

    /// <summary>Registers the callback for committed writes of the leader.</summary>
    /// <param name="callback">Called in log order, one call at a time a stream; exceptions are reported and swallowed.</param>
    /// <exception cref="InvalidOperationException">The node is started already.</exception>
    public void RegisterAfterWriter(AfterWriter callback) => Register(() => _callbacks.AfterWriter = callback);

    /// <summary>Registers the callback for entries that become committed on a follower.</summary>
    /// <inheritdoc cref="RegisterAfterWriter"/>
    public void RegisterConsensusNotify(ConsensusNotify callback) => Register(() => _callbacks.ConsensusNotify = callback);

    /// <summary>Registers the callback for changes of this node's own role.</summary>
    /// <inheritdoc cref="RegisterAfterWriter"/>
    public void RegisterStatusNotify(StatusNotify callback) => Register(() => _callbacks.StatusNotify = callback);

    /// <summary>Registers the callback for a new leader.</summary>
    /// <inheritdoc cref="RegisterAfterWriter"/>
    public void RegisterElectionNotify(ElectionNotify callback) => Register(() => _callbacks.ElectionNotify = callback);

    /// <summary>Registers the callback for messages of other nodes (<see cref="SendMsg"/>).</summary>
    /// <inheritdoc cref="RegisterAfterWriter"/>
    public void RegisterMsgProc(MsgProc callback) => Register(() => _callbacks.MsgProc = callback);

    /// <summary>Registers the callback for what went wrong.</summary>
    /// <inheritdoc cref="RegisterAfterWriter"/>
    public void RegisterExceptionReport(ExceptionReport callback) => Register(() => _callbacks.ExceptionReport = callback);

    /// <summary>
    /// Starts the node (DCF: <c>dcf_start</c>). The first start checks <paramref name="cluster"/> and writes it to the metadata below
    /// the data path; every later start reads the metadata and ignores <paramref name="cluster"/>, and says so in the log. Completes
    /// when every stream has recovered and takes part.
    /// </summary>
    /// <param name="nodeId">This node, above 0.</param>
    /// <param name="cluster">The cluster JSON, or the older string form; see <see cref="DcfClusterConfig.Parse"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; what was started is stopped again.</param>
    /// <exception cref="DcfConfigurationException">Bad configuration, a node id that is not in it, a data path that cannot be used, or a port that is taken. Nothing runs then.</exception>
    /// <exception cref="RaftActorsException">A stream could not start; the message says why.</exception>
    /// <exception cref="InvalidOperationException">The node was started before.</exception>
    public async Task StartAsync(uint nodeId, string cluster, CancellationToken cancellationToken = default)
    {
        if (Interlocked.CompareExchange(ref _state, (int)State.Started, (int)State.New) != (int)State.New)
        {
            throw new InvalidOperationException("This node was started before; make a new Dcf for another start.");
        }

        try
        {
            await StartOnceAsync(new NodeId(nodeId), cluster, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await StopAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops the node (DCF: <c>dcf_stop</c>): finishes or refuses what is open, gives up leadership, stops. May be called more than once.</summary>
    public async Task StopAsync()
    {
        Interlocked.Exchange(ref _state, (int)State.Stopped);
        ActorSystem? system = Interlocked.Exchange(ref _system, null);
        if (system is not null)
        {
            // The streams hook into the phases: they drain and step down before the remoting port closes.
            await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance).ConfigureAwait(false);
            await system.WhenTerminated.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    /// <summary>The handle of one stream, for what DCF has no word for.</summary>
    /// <param name="stream">The stream.</param>
    /// <exception cref="StreamNotFoundException">This node does not belong to it.</exception>
    public RaftStream GetStream(StreamId stream) =>
        _streams.TryGetValue(stream, out RaftStream? found) ? found : throw new StreamNotFoundException(stream);

    /// <summary>Writes on the leader (DCF: <c>dcf_write</c>). Another node answers <see cref="DcfWriteStatus.NotLeader"/> and who leads.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="buffer">What to write; copied before the call returns.</param>
    /// <param name="key">Carried along and given to the callbacks.</param>
    /// <param name="cancellationToken">Gives up waiting; the write may still be committed.</param>
    public Task<DcfWriteResult> WriteAsync(StreamId stream, ReadOnlyMemory<byte> buffer, ulong key = 0, CancellationToken cancellationToken = default) =>
        ProposeAsync(stream, buffer, new ProposeOptions { Key = key, Forward = false }, cancellationToken);

    /// <summary>Writes on any node (DCF: <c>dcf_universal_write</c>): a node that does not lead forwards to the one that does.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public Task<DcfWriteResult> UniversalWriteAsync(StreamId stream, ReadOnlyMemory<byte> buffer, ulong key = 0, CancellationToken cancellationToken = default) =>
        ProposeAsync(stream, buffer, new ProposeOptions { Key = key, Forward = true }, cancellationToken);

    /// <summary>Sends bytes to another node of the stream, beside the log, at most once (DCF: <c>dcf_send_msg</c>); there <see cref="RegisterMsgProc"/> gets them.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="destination">The node.</param>
    /// <param name="buffer">At most <c>max-user-message-size</c> bytes; copied before the call returns.</param>
    public MessageResult SendMsg(StreamId stream, NodeId destination, ReadOnlyMemory<byte> buffer) => GetStream(stream).SendMessage(destination, buffer);

    /// <summary>Sends the same bytes to every other node of the stream (DCF: <c>dcf_broadcast_msg</c>).</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="buffer">At most <c>max-user-message-size</c> bytes; copied before the call returns.</param>
    /// <returns>What became of each.</returns>
    public ImmutableSortedDictionary<NodeId, MessageResult> BroadcastMsg(StreamId stream, ReadOnlyMemory<byte> buffer) => GetStream(stream).BroadcastMessage(buffer);

    private void Register(Action set)
    {
        if (_state != (int)State.New)
        {
            throw new InvalidOperationException("Callbacks are registered before the start, so that none of them misses anything.");
        }

        set();
    }

    private async Task<DcfWriteResult> ProposeAsync(StreamId stream, ReadOnlyMemory<byte> buffer, ProposeOptions options, CancellationToken cancellationToken)
    {
        ProposalAnswer answer = await GetStream(stream).ProposeAsync(buffer, options, cancellationToken).ConfigureAwait(false);
        return answer switch
        {
            ProposalCommitted committed => new(DcfWriteStatus.Committed, committed.Index, NodeId.None, null),
            CommittedNotApplied committed => new(DcfWriteStatus.Committed, committed.Index, NodeId.None, committed.Reason),
            NotLeader other => new(DcfWriteStatus.NotLeader, LogIndex.Zero, other.Leader, "This node does not lead the stream."),
            Overloaded overloaded => new(DcfWriteStatus.Overloaded, LogIndex.Zero, NodeId.None, overloaded.Reason),
            ProposalRefused refused => new(DcfWriteStatus.Refused, LogIndex.Zero, NodeId.None, refused.Reason),
            OutcomeUnknown unknown => new(DcfWriteStatus.OutcomeUnknown, LogIndex.Zero, NodeId.None, unknown.Reason),
            _ => new(DcfWriteStatus.OutcomeUnknown, LogIndex.Zero, NodeId.None, $"Unexpected answer {answer.GetType().Name}."),
        };
    }

    private async Task StartOnceAsync(NodeId node, string cluster, CancellationToken cancellationToken)
    {
        if (node.IsNone)
        {
            throw new DcfConfigurationException("node_id is 0. Allowed: 1 to 4294967295.");
        }

        string dataPath = DataPath;
        DcfMetadata? metadata = DcfMetadata.Load(dataPath, node);
        bool firstStart = metadata is null;
        DcfClusterConfig config = metadata?.Cluster ?? DcfClusterConfig.Parse(cluster);
        ImmutableArray<DcfStreamNode> mine = config.Of(node);

        ActorSystem system = await CreateSystemAsync(mine[0]).ConfigureAwait(false);
        _system = system;

        // Written only once the port is ours: a start that cannot work leaves nothing behind.
        metadata ??= DcfMetadata.Create(dataPath, node, config);
        ILoggingAdapter log = Logging.GetLogger(system, typeof(Dcf));
        if (firstStart)
        {
            log.Info("Node {0}: first start, the cluster configuration is written to {1}.", node, metadata.Path);
        }
        else
        {
            log.Info("Node {0}: the cluster configuration comes from {1}; the one given to this start is ignored.", node, metadata.Path);
        }

        NodeId = node;
        Cluster = config;
        RaftStreams streams = RaftStreams.Get(system);
        RefuseToBeAhead(streams.Settings.StreamDefaults);
        foreach (DcfStreamNode place in mine)
        {
            StreamId id = place.Stream;
            DcfStreamObserver observer = new(id, _callbacks, _applied.TryGetValue(id, out LogIndex applied) ? applied : null);
            RaftStream stream = await streams.StartStreamAsync(
                new StreamDefinition
                {
                    Id = id,
                    NodeId = node,
                    Members = config.MembersOf(id),
                    Join = _options.Join,
                    Quorum = new QuorumRule { RequiredGroups = [.. MajorityGroups] },
                    StateMachine = () => _options.StateMachine?.Invoke(id) ?? new ChainedHashStateMachine(),
                    Observer = observer,
                },
                cancellationToken).ConfigureAwait(false);
            await CheckAppliedAsync(stream, observer, cancellationToken).ConfigureAwait(false);
            _streams = _streams.SetItem(id, stream);
        }
    }

    private async Task<ActorSystem> CreateSystemAsync(DcfStreamNode place)
    {
        Config address = ConfigurationFactory.ParseString(string.Create(CultureInfo.InvariantCulture, $$"""
            akka.actor.provider = remote
            akka.remote.dot-netty.tcp.hostname = "{{place.Ip}}"
            akka.remote.dot-netty.tcp.port = {{place.Port}}
            """));
        Config config = address.WithFallback(OwnConfig());
        CheckParams(config);
        try
        {
            // Binding the remoting port happens inside; a pool thread keeps a caller's context free of it.
            return await Task.Run(() => ActorSystem.Create(_options.SystemName, config.WithFallback(RaftSettings.Serializers()))).ConfigureAwait(false);
        }
        catch (Exception e) when (SocketErrorOf(e) is { } error)
        {
            throw new DcfConfigurationException($"Node {place.Node} cannot listen at {place.Address}: {error}", e);
        }
    }

    private static string? SocketErrorOf(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket)
            {
                return socket.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? "the port is in use by another process."
                    : socket.Message;
            }
        }

        return null;
    }
}
