using System.Collections.Concurrent;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Akka.Serialization;

namespace Akka.Actor;

/// <summary>Actors of this process.</summary>
public sealed class LocalActorRefProvider : IActorRefProvider
{
    private readonly Func<ActorPath, IInternalActorRef> _deadLettersFactory;
    private readonly ConcurrentDictionary<string, IInternalActorRef> _extraNames = new();
    private readonly TaskCompletionSource<Status> _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ActorPath _tempNode;
    private ActorSystemImpl _system;
    private VirtualPathContainer _temp;
    private RootGuardianActorRef _root;
    private long _tempNumber = -1;
    private MessageDispatcher _defaultDispatcher;
    private MailboxType _defaultMailbox;
    private MailboxType _userMailbox;

    public LocalActorRefProvider(string systemName, Settings settings, EventStream eventStream)
        : this(systemName, settings, eventStream, null, null)
    {
    }

    public LocalActorRefProvider(
        string systemName,
        Settings settings,
        EventStream eventStream,
        Deployer deployer,
        Func<ActorPath, IInternalActorRef> deadLettersFactory)
    {
        Settings = settings;
        EventStream = eventStream;
        Deployer = deployer ?? new Deployer(settings);
        RootPath = new RootActorPath(new Address("akka", systemName));
        Log = new BusLogging(eventStream, $"LocalActorRefProvider({RootPath.Address})", typeof(LocalActorRefProvider), settings.LogFormatter);
        _deadLettersFactory = deadLettersFactory ?? (path => new DeadLetterActorRef(this, path, eventStream));
        DeadLetters = _deadLettersFactory(RootPath / "deadLetters");
        IgnoreRef = new IgnoreActorRef(this);
        _tempNode = RootPath / "temp";
    }

    public Settings Settings { get; }

    public EventStream EventStream { get; }

    public ILoggingAdapter Log { get; }

    public Deployer Deployer { get; }

    public ActorPath RootPath { get; }

    public IActorRef DeadLetters { get; }

    public IActorRef IgnoreRef { get; }

    public IInternalActorRef RootGuardian => _root;

    public LocalActorRef Guardian { get; private set; }

    public LocalActorRef SystemGuardian { get; private set; }

    public IInternalActorRef TempContainer => _temp;

    public Task TerminationTask => _terminated.Task;

    public Address DefaultAddress => RootPath.Address;

    public Information SerializationInformation { get; private set; }

    public void Init(ActorSystemImpl system)
    {
        _system = system;
        SerializationInformation = new Information(RootPath.Address, system);
        _defaultDispatcher = system.Dispatchers.DefaultGlobalDispatcher;
        _defaultMailbox = system.Mailboxes.Lookup(Mailboxes.DefaultMailboxId);
        _userMailbox = system.Mailboxes.GetMailboxType(Props.Empty, _defaultDispatcher.Configurator.Config);
        var dispatcher = system.Dispatchers.InternalDispatcher;

        var supervisor = new RootGuardianSupervisor(new RootActorPath(RootPath.Address, "bubble-walker"), this, _terminated, Log);
        var rootStrategy = new OneForOneStrategy(cause =>
        {
            Log.Log(LogLevel.ErrorLevel, cause, "A guardian failed: the system ends");
            return Directive.Stop;
        });
        _root = new RootGuardianActorRef(
            system, new Props(typeof(GuardianActor), rootStrategy), dispatcher, _defaultMailbox, supervisor, RootPath, (IInternalActorRef)DeadLetters, _extraNames);
        _temp = new VirtualPathContainer(system.Provider, _tempNode, _root);
        _root.SetTempContainer(_temp);

        var userStrategy = SupervisorStrategyConfigurator.CreateConfigurator(Settings.SupervisorStrategyClass).Create();
        var userProps = system.GuardianProps is { HasValue: true } given ? given.Value : new Props(typeof(GuardianActor), userStrategy);
        Guardian = CreateGuardian(system, userProps, dispatcher, "user");
        SystemGuardian = CreateGuardian(
            system, new Props(typeof(SystemGuardianActor), SupervisorStrategy.DefaultStrategy, Guardian), dispatcher, "system");

        _root.Start();
        Guardian.Start();
        SystemGuardian.Start();

        // Sent to the watcher, a Watch makes it watch.
        SystemGuardian.SendSystemMessage(new Dispatch.SysMsg.Watch(Guardian, SystemGuardian));
        _root.SendSystemMessage(new Dispatch.SysMsg.Watch(SystemGuardian, _root));
    }

    private LocalActorRef CreateGuardian(ActorSystemImpl system, Props props, MessageDispatcher dispatcher, string name)
    {
        var cell = _root.Cell;
        cell.ReserveChild(name);
        var guardian = new LocalActorRef(system, props, dispatcher, _defaultMailbox, _root, RootPath / name);
        cell.InitChild(guardian);
        return guardian;
    }

    public IActorRef RootGuardianAt(Address address) => address == RootPath.Address ? _root : DeadLetters;

    /// <summary>Lets <paramref name="actor"/> be found at /<paramref name="name"/>.</summary>
    public void RegisterExtraName(string name, IInternalActorRef actor) => _extraNames[name] = actor;

    public ActorPath TempPath() => new ChildActorPath(_tempNode, ActorCell.GenerateName(Interlocked.Increment(ref _tempNumber)), ActorCell.UndefinedUid);

    public void RegisterTempActor(IInternalActorRef actorRef, ActorPath path) => _temp.AddChild(path.Name, actorRef);

    public void UnregisterTempActor(ActorPath path) => _temp.RemoveChild(path.Name);

    public FutureActorRef<T> CreateFutureRef<T>(TaskCompletionSource<T> tcs) => new(tcs, null, _system?.Provider ?? this);

    public IInternalActorRef ActorOf(
        ActorSystemImpl system,
        Props props,
        IInternalActorRef supervisor,
        ActorPath path,
        bool systemService,
        Deploy deploy,
        bool lookupDeploy,
        bool async)
    {
        if (lookupDeploy && Deployer.Lookup(path) is { } configured)
            props = props.WithDeploy(configured);
        if (deploy is not null)
            props = props.WithDeploy(deploy);

        var deployment = props.Deploy;
        MessageDispatcher dispatcher;
        MailboxType mailboxType;
        if (deployment.Dispatcher.Length == 0 && deployment.Mailbox.Length == 0 && !system.Mailboxes.HasRequiredType(props.Type))
        {
            // The usual case needs no look-ups.
            dispatcher = systemService ? system.Dispatchers.InternalDispatcher : _defaultDispatcher;
            return new LocalActorRef(system, props, dispatcher, systemService ? _defaultMailbox : _userMailbox, supervisor, path);
        }

        try
        {
            dispatcher = deployment.Dispatcher.Length > 0 ? system.Dispatchers.Lookup(deployment.Dispatcher)
                : systemService ? system.Dispatchers.InternalDispatcher
                : _defaultDispatcher;
            mailboxType = system.Mailboxes.GetMailboxType(props, dispatcher.Configurator.Config);
        }
        catch (Exception e)
        {
            throw new ConfigurationException($"[{path}] cannot have the dispatcher [{deployment.Dispatcher}] with the mailbox [{deployment.Mailbox}]", e);
        }

        return new LocalActorRef(system, props, dispatcher, mailboxType, supervisor, path);
    }

    public IActorRef ResolveActorRef(string path)
    {
        if (ActorPath.TryParse(path, out var parsed) && parsed.Address == RootPath.Address)
            return Resolve(parsed, parsed.Elements);
        Log.Log(LogLevel.DebugLevel, null, $"There is nobody to be found at [{path}] in this system");
        return DeadLetters;
    }

    public IActorRef ResolveActorRef(ActorPath path)
    {
        if (path.Root.Address == RootPath.Address)
            return Resolve(path, path.Elements);
        Log.Log(LogLevel.DebugLevel, null, $"[{path}] is not in this system");
        return DeadLetters;
    }

    /// <summary>The actor at these names under the root, or a reference to nobody at <paramref name="path"/>.</summary>
    internal IActorRef Resolve(ActorPath path, IReadOnlyList<string> elements)
    {
        if (elements.Count == 0)
            return _root;
        var found = _root.GetChild(elements);
        if (found.IsNobody() || (path.Uid != ActorCell.UndefinedUid && found.Path.Uid != ActorCell.UndefinedUid && found.Path.Uid != path.Uid))
            return new EmptyLocalActorRef(_system.Provider, RootPath / elements, EventStream);
        return found;
    }

    public Address GetExternalAddressFor(Address address) => address == RootPath.Address ? address : null;
}
