using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;
using Akka.Serialization;

namespace Akka.Remote;

/// <summary>
/// References by address: what is addressed to this system resolves to local actors, everything else to
/// <see cref="RemoteActorRef"/>. Local matters stay with the local provider.
/// </summary>
public class RemoteActorRefProvider : IRemoteActorRefProvider
{
    private readonly LocalActorRefProvider _local;
    private readonly Settings _settings;
    private ActorSystemImpl _system;
    private Remoting _remoting;
    private Information _serializationInformation;
    private ILoggingAdapter _log;

    public RemoteActorRefProvider(string systemName, Settings settings, EventStream eventStream)
    {
        settings.InjectTopLevelFallback(DefaultConfig());
        _settings = settings;
        RemoteSettings = new RemoteSettings(settings.Config);
        _local = new LocalActorRefProvider(systemName, settings, eventStream);
        Deployer = _local.Deployer;
    }

    public RemoteSettings RemoteSettings { get; }
    public Settings Settings => _settings;
    public Deployer Deployer { get; protected set; }
    public RemoteTransport Transport => _remoting;
    public IActorRef RemoteWatcher { get; private set; }
    public IInternalActorRef RemoteDaemon { get; private set; }
    public IInternalActorRef RootGuardian => _local.RootGuardian;
    public LocalActorRef Guardian => _local.Guardian;
    public LocalActorRef SystemGuardian => _local.SystemGuardian;
    public IInternalActorRef TempContainer => _local.TempContainer;
    public IActorRef DeadLetters => _local.DeadLetters;
    public IActorRef IgnoreRef => _local.IgnoreRef;
    public ActorPath RootPath => _local.RootPath;
    public Task TerminationTask => _local.TerminationTask;
    public Address DefaultAddress => _remoting?.DefaultAddress ?? _local.DefaultAddress;

    public Information SerializationInformation
    {
        get
        {
            if (_serializationInformation != null)
                return _serializationInformation;
            var information = new Information(DefaultAddress, _system);
            // Before the transport listens the address is not the one that others will know.
            if (_remoting?.DefaultAddress != null)
                _serializationInformation = information;
            return information;
        }
    }

    public ActorPath TempPath() => _local.TempPath();

    public void RegisterTempActor(IInternalActorRef actorRef, ActorPath path) => _local.RegisterTempActor(actorRef, path);

    public void UnregisterTempActor(ActorPath path) => _local.UnregisterTempActor(path);

    public FutureActorRef<T> CreateFutureRef<T>(TaskCompletionSource<T> tcs) => _local.CreateFutureRef(tcs);

    public virtual void Init(ActorSystemImpl system)
    {
        _system = system;
        _local.Init(system);
        _log = Logging.GetLogger(system, this);
        RemoteDaemon = new EmptyLocalActorRef(this, RootPath / "remote", system.EventStream);
        _remoting = new Remoting(system, this);
        _remoting.Start();
        RemoteWatcher = CreateRemoteWatcher(system);
        system.SystemActorOf(RemoteSettings.ConfigureDispatcher(Props.Create(() => new RemotingTerminator(_remoting, _local.SystemGuardian))), "remoting-terminator");
    }

    protected virtual IActorRef CreateRemoteWatcher(ActorSystemImpl system)
    {
        var failureDetector = CreateRemoteWatcherFailureDetector(system);
        return system.SystemActorOf(
            RemoteSettings.ConfigureDispatcher(Akka.Remote.RemoteWatcher.Props(
                failureDetector,
                RemoteSettings.WatchHeartBeatInterval,
                RemoteSettings.WatchUnreachableReaperInterval,
                RemoteSettings.WatchHeartbeatExpectedResponseAfter)),
            "remote-watcher");
    }

    protected DefaultFailureDetectorRegistry<Address> CreateRemoteWatcherFailureDetector(ActorSystem system) =>
        new(() => FailureDetectorLoader.Load(
            RemoteSettings.WatchFailureDetectorImplementationClass, RemoteSettings.WatchFailureDetectorConfig, system));

    public IInternalActorRef ActorOf(ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path, bool systemService, Deploy deploy, bool lookupDeploy, bool async) =>
        _local.ActorOf(system, props, supervisor, path, systemService, deploy, lookupDeploy, async);

    public IActorRef RootGuardianAt(Address address) =>
        HasAddress(address) ? RootGuardian : CreateRemoteRef(new RootActorPath(address), _remoting.LocalAddressForRemote(address));

    public bool HasAddress(Address address) =>
        address == RootPath.Address || (_remoting != null && _remoting.Addresses.Contains(address));

    public Address GetExternalAddressFor(Address address)
    {
        if (HasAddress(address))
            return RootPath.Address;
        if (string.IsNullOrEmpty(address.Host) || address.Port == null || address.Protocol != Remoting.Protocol)
            return null;
        return _remoting.LocalAddressForRemote(address);
    }

    public IActorRef ResolveActorRef(string path)
    {
        if (ActorPath.TryParse(path, out var parsed))
            return ResolveActorRef(parsed);
        _log.Debug("Resolving [{0}] failed: it is no actor path.", path);
        return _local.DeadLetters;
    }

    public IActorRef ResolveActorRef(ActorPath actorPath)
    {
        if (HasAddress(actorPath.Address))
            return ResolveLocal(actorPath);
        return TryRemoteRef(actorPath) ?? _local.DeadLetters;
    }

    public IActorRef InternalResolveActorRef(string path) => ResolveActorRef(path);

    public IInternalActorRef ResolveActorRefWithLocalAddress(string path, Address localAddress)
    {
        if (!ActorPath.TryParse(path, out var parsed))
        {
            _log.Debug("Resolving [{0}] failed: it is no actor path.", path);
            return (IInternalActorRef)_local.DeadLetters;
        }

        if (HasAddress(parsed.Address))
            return ResolveLocal(parsed);
        return parsed.Address.Protocol == Remoting.Protocol && !string.IsNullOrEmpty(parsed.Address.Host)
            ? CreateRemoteRef(parsed, localAddress)
            : (IInternalActorRef)_local.DeadLetters;
    }

    /// <summary>The target of a frame from the network: an actor of this system or nobody, never a third party.</summary>
    internal IInternalActorRef ResolveInbound(ActorPath path)
    {
        if (HasAddress(path.Address))
            return ResolveLocal(path);
        _log.Error("Dropping messages for the non-local recipient [{0}]; this system is [{1}].", path, DefaultAddress);
        return new EmptyLocalActorRef(this, RootPath / path.Elements, _system.EventStream);
    }

    internal void DeliverSelection(IInternalActorRef anchor, IActorRef? sender, ActorSelectionMessage selection) =>
        ActorSelection.Deliver(anchor, sender, selection);

    protected virtual IInternalActorRef CreateRemoteRef(ActorPath actorPath, Address localAddress) =>
        new RemoteActorRef(_remoting, localAddress, actorPath, Nobody.Instance, Props.None, Deploy.None);

    protected virtual IInternalActorRef CreateRemoteRef(Props props, IInternalActorRef supervisor, Address localAddress, ActorPath rpath, Deploy deployment) =>
        new RemoteActorRef(_remoting, localAddress, rpath, supervisor, props, deployment);

    public Deploy LookUpRemotes(IEnumerable<string> p) => null;

    public void UseActorOnNode(RemoteActorRef actor, Props props, Deploy deploy, IInternalActorRef supervisor) =>
        throw new NotSupportedException("Deployment of actors on other systems is not supported.");

    public void Quarantine(Address address, int? uid) => _remoting.Quarantine(address, uid);

    private IInternalActorRef? TryRemoteRef(ActorPath path)
    {
        try
        {
            return CreateRemoteRef(path, _remoting.LocalAddressForRemote(path.Address));
        }
        catch (RemoteTransportException e)
        {
            _log.Error(e, "Resolving [{0}] failed.", path);
            return null;
        }
    }

    private IInternalActorRef ResolveLocal(ActorPath path)
    {
        var found = (IInternalActorRef)_local.Resolve(path, path.Elements);
        // Nobody's reference keeps the incarnation that was asked for: whoever watches it has to recognise the answer.
        return found is EmptyLocalActorRef && found.Path.Uid != path.Uid
            ? new EmptyLocalActorRef(this, found.Path.WithUid(path.Uid), _system.EventStream)
            : found;
    }

    private static Config DefaultConfig() =>
        ConfigurationFactory.FromResource<RemoteActorRefProvider>("Akka.Remote.Configuration.Remote.conf");
}
