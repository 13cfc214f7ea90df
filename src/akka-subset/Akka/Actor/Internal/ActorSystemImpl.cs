using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Text;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Akka.Util;

namespace Akka.Actor.Internal;

public class ActorSystemImpl : ExtendedActorSystem
{
    private readonly ConcurrentDictionary<Type, Lazy<object>> _extensions = new();
    private readonly Stack<Action> _terminationCallbacks = new();
    private readonly TaskCompletionSource _whenTerminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _terminationLock = new();
    private readonly Option<Props> _guardianProps;
    private bool _callbacksRun;
    private int _finalTerminate;

    public ActorSystemImpl(string name)
        : this(name, ConfigurationFactory.Default(), ActorSystemSetup.Empty)
    {
    }

    public ActorSystemImpl(string name, Config config, ActorSystemSetup setup, Option<Props>? guardianProps = null)
    {
        if (string.IsNullOrEmpty(name) || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || name[0] is '-' or '_')
        {
            throw new ArgumentException(
                $"[{name}] is no name for an actor system: it consists of letters, digits, and '-' or '_' after the first", nameof(name));
        }

        ArgumentNullException.ThrowIfNull(config);
        Name = name;
        _guardianProps = guardianProps ?? Option<Props>.None;
        Settings = new Settings(this, config, setup);
        SerializeAllMessages = Settings.SerializeAllMessages;
        EventStream = new EventStream(Settings.DebugEventStream);
        EventStream.StartStdoutLogger(Settings);
        Log = new BusLogging(EventStream, $"ActorSystem({name})", typeof(ActorSystem), Settings.LogFormatter);
        Scheduler = CreateScheduler();
        Provider = CreateProvider();
        ActorPipelineResolver = new ActorProducerPipelineResolver(() => Log);
        try
        {
            Serialization = new Serialization.Serialization(this);
            Mailboxes = new Mailboxes(this);
            Dispatchers = new Dispatchers(this, new DefaultDispatcherPrerequisites(EventStream, Scheduler, Settings, Mailboxes), Log);
            Provider.Init(this);
        }
        catch
        {
            (Scheduler as IDisposable)?.Dispose();
            throw;
        }
    }

    public override string Name { get; }

    public override Settings Settings { get; }

    public override EventStream EventStream { get; }

    public override ILoggingAdapter Log { get; }

    public override IScheduler Scheduler { get; }

    public override IActorRefProvider Provider { get; }

    public override Serialization.Serialization Serialization { get; }

    public override Mailboxes Mailboxes { get; }

    public override Dispatchers Dispatchers { get; }

    public override ActorProducerPipelineResolver ActorPipelineResolver { get; }

    public override IActorRef DeadLetters => Provider.DeadLetters;

    public override IActorRef IgnoreRef => Provider.IgnoreRef;

    public override IInternalActorRef Guardian => Provider.Guardian;

    public override IInternalActorRef SystemGuardian => Provider.SystemGuardian;

    public override IInternalActorRef LookupRoot => Provider.RootGuardian;

    public override Task WhenTerminated => _whenTerminated.Task;

    public Option<Props> GuardianProps => _guardianProps;

    internal AddressTerminatedTopic AddressTerminatedTopic { get; } = new();

    internal bool SerializeAllMessages { get; }

    private IScheduler CreateScheduler()
    {
        var type = TypeNames.Find(Settings.SchedulerClass)
            ?? throw new ConfigurationException($"akka.scheduler.implementation: there is no type [{Settings.SchedulerClass}]");
        return (IScheduler)CreateByReflection(type, Settings.Config, Log);
    }

    private IActorRefProvider CreateProvider()
    {
        var type = TypeNames.Find(Settings.ProviderClass)
            ?? throw new ConfigurationException($"akka.actor.provider: there is no type [{Settings.ProviderClass}]");
        if (!typeof(IActorRefProvider).IsAssignableFrom(type))
            throw new ConfigurationException($"akka.actor.provider: [{Settings.ProviderClass}] is no IActorRefProvider");
        try
        {
            return (IActorRefProvider)CreateByReflection(type, Name, Settings, EventStream);
        }
        catch
        {
            (Scheduler as IDisposable)?.Dispose();
            throw;
        }
    }

    private static object CreateByReflection(Type type, params object[] arguments)
    {
        try
        {
            return Activator.CreateInstance(type, arguments);
        }
        catch (System.Reflection.TargetInvocationException e) when (e.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }

    public void Start()
    {
        try
        {
            ForwardTermination();
            EventStream.StartDefaultLoggers(this);
            EventStream.StartUnsubscriber(this);
            if (Settings.LogDeadLetters > 0)
                SystemActorOf(Props.Create<DeadLetterListener>(), "deadLetterListener");
            RegisterExtension(new CoordinatedShutdownExtension());
            LoadExtensions();
            if (Settings.LogConfigOnStart)
                EventStream.Publish(new Info(Log is BusLogging bus ? bus.LogSource : Name, typeof(ActorSystem), Settings.ToString()));
        }
        catch (Exception)
        {
            FinalTerminate();
            throw;
        }
    }

    private void LoadExtensions()
    {
        foreach (var name in Settings.Config.GetStringList("akka.extensions") ?? [])
        {
            var type = TypeNames.Find(name);
            if (type is null || !typeof(IExtensionId).IsAssignableFrom(type) || type.IsAbstract)
            {
                EventStream.Publish(new Error(null, Name, typeof(ActorSystem), $"akka.extensions: [{name}] is left out, it names no IExtensionId"));
                continue;
            }

            RegisterExtension((IExtensionId)CreateByReflection(type));
        }
    }

    // ---- extensions ----

    public override object RegisterExtension(IExtensionId extension)
    {
        ArgumentNullException.ThrowIfNull(extension);
        var lazy = _extensions.GetOrAdd(
            extension.ExtensionType,
            static (_, self) => new Lazy<object>(() => self.extension.CreateExtension(self.system), LazyThreadSafetyMode.ExecutionAndPublication),
            (system: this, extension));
        try
        {
            return lazy.Value;
        }
        catch
        {
            // The next one to ask may have more luck.
            _extensions.TryRemove(new KeyValuePair<Type, Lazy<object>>(extension.ExtensionType, lazy));
            throw;
        }
    }

    public override object GetExtension(IExtensionId extensionId) =>
        TryGetExtension(extensionId.ExtensionType, out var extension) ? extension : RegisterExtension(extensionId);

    public override T GetExtension<T>() => TryGetExtension<T>(out var extension) ? extension : null;

    public override bool HasExtension(Type type) => TryGetExtension(type, out _);

    public override bool HasExtension<T>() => TryGetExtension(typeof(T), out _);

    public override bool TryGetExtension(Type extensionType, out object extension)
    {
        extension = _extensions.TryGetValue(extensionType, out var lazy) ? lazy.Value : null;
        return extension is not null;
    }

    public override bool TryGetExtension<T>(out T extension)
    {
        var found = TryGetExtension(typeof(T), out var value);
        extension = (T)value;
        return found;
    }

    // ---- actors ----

    public override IActorRef ActorOf(Props props, string name = null) => Provider.Guardian.Cell.AttachChild(props, false, name);

    public override IActorRef SystemActorOf(Props props, string name = null) => Provider.SystemGuardian.Cell.AttachChild(props, true, name);

    public override IActorRef SystemActorOf<TActor>(string name = null) => SystemActorOf(Props.Create<TActor>(), name);

    public override ActorSelection ActorSelection(ActorPath actorPath) => ActorRefFactoryShared.ActorSelection(actorPath, this);

    public override ActorSelection ActorSelection(string actorPath) => ActorRefFactoryShared.ActorSelection(actorPath, this, LookupRoot);

    public override void Stop(IActorRef actor)
    {
        var parent = ((IInternalActorRef)actor).Parent;
        if (parent.Equals(Guardian))
            Guardian.Tell(new Dispatch.SysMsg.StopChild(actor), ActorRefs.NoSender);
        else if (parent.Equals(SystemGuardian))
            SystemGuardian.Tell(new Dispatch.SysMsg.StopChild(actor), ActorRefs.NoSender);
        else
            ((IInternalActorRef)actor).Stop();
    }

    // ---- the end ----

    public override void RegisterOnTermination(Action code)
    {
        ArgumentNullException.ThrowIfNull(code);
        lock (_terminationLock)
        {
            if (_callbacksRun)
                throw new InvalidOperationException("The actor system is gone already");
            _terminationCallbacks.Push(code);
        }
    }

    public override Task Terminate()
    {
        if (Settings.CoordinatedShutdownRunByActorSystemTerminate && TryGetExtension<CoordinatedShutdown>(out var shutdown))
            _ = shutdown.Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance);
        else
            FinalTerminate();
        return WhenTerminated;
    }

    /// <summary>Stops the actors, whatever coordinated shutdown would have done before.</summary>
    internal Task FinalTerminate()
    {
        if (Interlocked.Exchange(ref _finalTerminate, 1) == 0)
        {
            Log.Log(LogLevel.DebugLevel, null, "The actors are being stopped");
            if (!Settings.LogDeadLettersDuringShutdown)
                StopDeadLetterListener();
            Provider.Guardian.Stop();
        }

        return WhenTerminated;
    }

    private void StopDeadLetterListener()
    {
        if (Provider.SystemGuardian.Cell.GetChildByName("deadLetterListener") is { } listener and not Nobody)
            Stop(listener);
    }

    private void ForwardTermination() => Provider.TerminationTask.ContinueWith(
        static (_, state) => ((ActorSystemImpl)state).Terminated(),
        this,
        CancellationToken.None,
        TaskContinuationOptions.None,
        TaskScheduler.Default);

    private void Terminated()
    {
        try
        {
            while (true)
            {
                Action callback;
                lock (_terminationLock)
                {
                    if (!_terminationCallbacks.TryPop(out callback))
                    {
                        _callbacksRun = true;
                        break;
                    }
                }

                try
                {
                    callback();
                }
                catch (Exception e)
                {
                    EventStream.Publish(new Error(e, Name, typeof(ActorSystem), "A termination callback failed"));
                }
            }

            Dispatchers.Shutdown();
            (Scheduler as IDisposable)?.Dispose();
        }
        finally
        {
            _whenTerminated.TrySetResult();
        }
    }

    public override string PrintTree()
    {
        var text = new StringBuilder();
        Print(LookupRoot, 0);
        return text.ToString();

        void Print(IInternalActorRef actor, int depth)
        {
            text.Append(' ', depth * 2).Append(actor.Path.Name.Length == 0 ? "/" : actor.Path.Name);
            if (actor is not ActorRefWithCell withCell)
            {
                text.Append(' ').AppendLine(actor.GetType().Name);
                return;
            }

            text.Append(' ').AppendLine(withCell.Underlying.Props.Type.Name);
            foreach (var child in withCell.Children)
                Print((IInternalActorRef)child, depth + 1);
        }
    }

    public override string ToString() => $"akka://{Name}";
}
