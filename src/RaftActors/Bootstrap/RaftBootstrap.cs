using Akka.Actor;
using Akka.Event;
using RaftActors.Configuration;
using RaftActors.Dispatch;
using RaftActors.Runtime;
using RaftActors.Snapshots;

namespace RaftActors;

/// <summary>
/// Prepares the storage of a member before the stream runs there for the first time (braft: <c>bootstrap</c>): with its membership, and with a first snapshot from a state machine when the stream does
/// not begin empty.
/// </summary>
/// <remarks>
/// Two ways lead to a running stream. All members are prepared with the same options, but for <see cref="BootstrapOptions.NodeId"/>, and started as ever. Or one is prepared as the only member; the
/// others start with empty storage and <see cref="StreamDefinition.Join"/>, are added (<see cref="RaftStream.AddMemberAsync"/>) and fed by it. What must not be: some of several members prepared,
/// and others started empty as members; the empty ones could elect one of themselves, and the prepared state would be lost. Preparing needs the actor system's journal and snapshot store, not
/// the extension: load it (or start the streams) afterwards.
/// </remarks>
public static class RaftBootstrap
{
    /// <summary>Writes journal and, when asked for, snapshot through the plugins that <c>raft-actors.journal</c> names in the actor system.</summary>
    /// <param name="system">An actor system whose configuration names the member's journal and snapshot store. The stream must not run in it.</param>
    /// <param name="options">What to write.</param>
    /// <param name="cancellationToken">Gives up. What was written by then may have to be deleted before another attempt.</param>
    /// <exception cref="RaftConfigurationException">A setting or the membership is impossible.</exception>
    /// <exception cref="BootstrapException">The storage is not empty, the state machine cannot save its state, or a plugin failed. The storage is not to be used then unless it was not empty before.</exception>
    public static async Task RunAsync(ActorSystem system, BootstrapOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(options);
        ExtendedActorSystem extended = (ExtendedActorSystem)system;
        system.Settings.InjectTopLevelFallback(RaftSettings.Reference());
        RaftSettings settings = new(system.Settings.Config);
        StreamMembership membership = Check(options);
        StreamSettings stream = settings.ForStream(options.Settings, $"stream {options.Id}.settings");
        if (system.HasExtension<RaftStreams>() && RaftStreams.Get(system).TryGetStream(options.Id, out _))
        {
            throw new BootstrapException(options.Id, options.NodeId, "the stream runs in this actor system");
        }

        ExtensionSetup.RegisterSerializers(extended);
        ExtensionSetup.CheckReplayFilter(extended, settings, Logging.GetLogger(system, typeof(RaftBootstrap)));
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // The streams of this actor system may come long after this.
        system.ActorOf(DispatcherKeeper.Props(NodeEnvironment.Consensus));
        system.ActorOf(DispatcherKeeper.Props(NodeEnvironment.UserCode));
        IActorRef actor = system.ActorOf(BootstrapActor.Props(options, membership, stream, settings, done, cancellationToken));
        try
        {
            if (await Task.WhenAny(done.Task, system.WhenTerminated).WaitAsync(cancellationToken).ConfigureAwait(false) != done.Task)
            {
                throw new BootstrapException(options.Id, options.NodeId, "the actor system has terminated");
            }

            await done.Task.ConfigureAwait(false);
        }
        finally
        {
            system.Stop(actor);
        }
    }

    /// <summary>
    /// The same for a stream of <c>raft-actors.streams</c>: members, quorum, settings and state machine are as configured there.
    /// </summary>
    /// <param name="system">An actor system with the node's configuration, without the extension. The stream must not run in it.</param>
    /// <param name="id">The stream.</param>
    /// <param name="lastLogIndex">How many entries the state stands for; 0 for an empty state machine.</param>
    /// <param name="state">What the state machine reads with <see cref="IStateMachine.LoadSnapshotAsync"/>, to its end: the state that becomes the first snapshot. Given exactly when <paramref name="lastLogIndex"/> is above 0.</param>
    /// <param name="cancellationToken">Gives up. What was written by then may have to be deleted before another attempt.</param>
    /// <exception cref="RaftConfigurationException">A setting or the membership is impossible, the stream is not configured, or the state machine cannot read the state. Nothing is written then.</exception>
    /// <exception cref="BootstrapException">The storage is not empty, the state machine cannot save its state, or a plugin failed. The storage is not to be used then unless it was not empty before.</exception>
    public static async Task RunConfiguredAsync(ActorSystem system, StreamId id, LogIndex lastLogIndex = default, Stream? state = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(system);
        if (lastLogIndex > LogIndex.Zero != state is not null)
        {
            throw new ArgumentException("A state and the index of the last entry that it stands for belong together.", nameof(state));
        }

        system.Settings.InjectTopLevelFallback(RaftSettings.Reference());
        RaftSettings settings = new(system.Settings.Config);
        ConfiguredStream configured = settings.Streams.FirstOrDefault(s => s.Id == id)
            ?? throw new RaftConfigurationException(
                $"{RaftSettings.Root}.streams",
                id.ToString(),
                settings.Streams.IsEmpty ? "has no stream" : $"has no stream with this id; there are {string.Join(", ", settings.Streams.Select(s => s.Id).Order())}");
        StreamDefinition definition = ExtensionSetup.Define(configured, settings, (ExtendedActorSystem)system);
        if (definition.Join)
        {
            throw new RaftConfigurationException($"{configured.Path}.join", "on", "must be off: a member that joins gets everything from the others, and its storage stays empty until then");
        }

        IStateMachine? machine = state is null ? null : await LoadAsync(definition, configured.StateMachine, state, cancellationToken).ConfigureAwait(false);
        await RunAsync(
            system,
            new BootstrapOptions
            {
                Id = id,
                NodeId = definition.NodeId,
                Members = definition.Members,
                Quorum = definition.Quorum,
                LastLogIndex = lastLogIndex,
                StateMachine = machine is null ? null : () => machine,
                Settings = definition.Settings,
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IStateMachine> LoadAsync(StreamDefinition definition, string name, Stream state, CancellationToken cancellationToken)
    {
        IStateMachine machine = definition.StateMachine();
        string key = $"stream {definition.Id}.state";
        try
        {
            await machine.LoadSnapshotAsync(state, cancellationToken).ConfigureAwait(false);
            if (await state.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) != 0)
            {
                throw new RaftConfigurationException(key, null, $"must be what {name} saves in a snapshot: it goes on behind what that reads");
            }
        }
        catch (Exception e) when (e is not (OperationCanceledException or RaftConfigurationException))
        {
            // User code throws what it likes; whatever it is, this is not a state of that state machine.
            throw new RaftConfigurationException(key, null, $"must be what {name} saves in a snapshot: {e.Message}", e);
        }

        return machine;
    }

    private static StreamMembership Check(BootstrapOptions options)
    {
        string key = $"stream {options.Id}.members";
        if (options.Members.IsDefault || options.Members.All(m => m.Id != options.NodeId))
        {
            throw new RaftConfigurationException(key, null, $"must contain this member, node {options.NodeId}");
        }

        if (options.LastLogIndex > LogIndex.Zero && options.StateMachine is null)
        {
            throw new RaftConfigurationException($"stream {options.Id}.state-machine", null, "must be given, because the log shall begin behind entries that it stands for");
        }

        try
        {
            StreamMembership membership = new(options.Members, default, options.Quorum);
            return membership.Voters.IsEmpty ? throw new RaftConfigurationException(key, null, "must contain a voter") : membership;
        }
        catch (ArgumentException e)
        {
            throw new RaftConfigurationException(key, null, e.Message, e);
        }
    }
}
