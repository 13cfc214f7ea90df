using System.Diagnostics;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit.Internal;

namespace Akka.TestKit;

/// <summary>
/// The base of a test class: an actor system, a test actor whose inbox the Expect methods read, and everything that
/// waits for something. Not thread safe, as a test is not.
/// </summary>
public abstract partial class TestKitBase : IActorRefFactory
{
    private static readonly Lazy<Config> Defaults = new(() =>
        ConfigurationFactory.FromResource("Akka.TestKit.Internal.Reference.conf", typeof(TestKitBase).Assembly));

    private static readonly Lazy<Config> FullDebug = new(() => ConfigurationFactory.ParseString("""
        akka {
          loglevel = DEBUG
          stdout-loglevel = DEBUG
          log-dead-letters = on
          log-dead-letters-during-shutdown = on
          actor.debug {
            receive = on
            autoreceive = on
            lifecycle = on
            event-stream = on
            unhandled = on
            fsm = on
            router-misconfiguration = on
          }
        }
        """));

    private static int _testActorNumber;

    private readonly ITestKitAssertions _assertions;
    private MessageInbox _inbox;
    private MessageEnvelope _lastMessage = NullMessageEnvelope.Instance;
    private TimeSpan? _end;
    private bool _lastWasNoMessage;

    /// <summary>Uses <paramref name="system"/>, or a new system with the default configuration.</summary>
    protected TestKitBase(ITestKitAssertions assertions, ActorSystem system = null, string testActorName = null)
        : this(assertions, system, ActorSystemSetup.Empty, null, testActorName)
    {
    }

    /// <summary>Creates a system from <paramref name="setup"/>.</summary>
    protected TestKitBase(ITestKitAssertions assertions, ActorSystemSetup setup, string actorSystemName = null, string testActorName = null)
        : this(assertions, null, setup, actorSystemName, testActorName)
    {
    }

    /// <summary>Creates a system from <paramref name="config"/>, with the test kit's defaults beneath it.</summary>
    protected TestKitBase(ITestKitAssertions assertions, Config config, string actorSystemName = null, string testActorName = null)
        : this(assertions, null, ActorSystemSetup.Empty.And(BootstrapSetup.Create().WithConfig(config ?? Config.Empty)), actorSystemName, testActorName)
    {
    }

    /// <summary>Uses <paramref name="system"/>, or creates one from <paramref name="config"/>.</summary>
    protected TestKitBase(ITestKitAssertions assertions, ActorSystem system, ActorSystemSetup config, string actorSystemName, string testActorName)
    {
        _assertions = assertions ?? throw new ArgumentNullException(nameof(assertions));
        InitializeTest(system, config, actorSystemName, testActorName);
    }

    /// <summary>The test kit's defaults.</summary>
    public static Config DefaultConfig => Defaults.Value;

    /// <summary>Everything logged.</summary>
    public static Config FullDebugConfig => FullDebug.Value;

    /// <summary>A clock that never goes back.</summary>
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>The system under test.</summary>
    public ActorSystem Sys { get; private set; }

    /// <summary>The section akka.test.</summary>
    public TestKitSettings TestKitSettings { get; private set; }

    /// <summary>The actor whose inbox this kit reads, and the implicit sender of what the test sends.</summary>
    public IActorRef TestActor { get; private set; }

    /// <summary>A log source for the test itself.</summary>
    public ILoggingAdapter Log { get; private set; }

    /// <summary>Expectations about what is logged.</summary>
    public EventFilterFactory EventFilter { get; private set; }

    /// <summary>Whether messages wait in the inbox.</summary>
    public bool HasMessages => _inbox.Count > 0;

    /// <summary>Who sent the message that was taken last.</summary>
    public IActorRef LastSender => _lastMessage.Sender;

    /// <summary>The message that was taken last.</summary>
    public object LastMessage => _lastMessage.Message;

    /// <summary>An EventFilter for another system.</summary>
    public EventFilterFactory CreateEventFilter(ActorSystem system) => new(this, system);

    /// <summary>A further actor that puts what it gets into this kit's inbox.</summary>
    public IActorRef CreateTestActor(string name)
    {
        var props = Props.Create(() => new InternalTestActor(_inbox)).WithDispatcher("akka.test.test-actor.dispatcher");
        return ((ExtendedActorSystem)Sys).SystemActorOf(props, name);
    }

    /// <summary>Has the test actor run <paramref name="pilot"/> for every message.</summary>
    public void SetAutoPilot(AutoPilot pilot) => TestActor.Tell(new InternalTestActor.SetAutoPilot(pilot), TestActor);

    /// <summary>Drops messages of type <typeparamref name="TMsg"/> instead of queueing them.</summary>
    public void IgnoreMessages<TMsg>() => Ignore(message => message is TMsg);

    /// <summary>Drops the messages that <paramref name="shouldIgnoreMessage"/> picks.</summary>
    public void IgnoreMessages<TMsg>(Func<TMsg, bool> shouldIgnoreMessage) => Ignore(message => message is TMsg typed && shouldIgnoreMessage(typed));

    /// <summary>Drops the messages that <paramref name="shouldIgnoreMessage"/> picks.</summary>
    public void IgnoreMessages(Func<object, bool> shouldIgnoreMessage) => Ignore(shouldIgnoreMessage);

    /// <summary>Drops nothing any more.</summary>
    public void IgnoreNoMessages() => Ignore(null);

    /// <summary>Has the test actor watch <paramref name="actorToWatch"/>; its end arrives as Terminated.</summary>
    public IActorRef Watch(IActorRef actorToWatch)
    {
        TestActor.Tell(new InternalTestActor.Watch(actorToWatch), TestActor);
        return actorToWatch;
    }

    /// <summary>As <see cref="Watch"/>.</summary>
    public Task<IActorRef> WatchAsync(IActorRef actorToWatch) => Task.FromResult(Watch(actorToWatch));

    /// <summary>Ends <see cref="Watch"/>.</summary>
    public IActorRef Unwatch(IActorRef actorToUnwatch)
    {
        TestActor.Tell(new InternalTestActor.Unwatch(actorToUnwatch), TestActor);
        return actorToUnwatch;
    }

    /// <summary>As <see cref="Unwatch"/>.</summary>
    public Task<IActorRef> UnwatchAsync(IActorRef actorToUnwatch) => Task.FromResult(Unwatch(actorToUnwatch));

    /// <summary>A probe: an actor of its own with an inbox of its own.</summary>
    public virtual TestProbe CreateTestProbe(string name = null) => CreateTestProbe(Sys, name);

    /// <summary>A probe in another system.</summary>
    public virtual TestProbe CreateTestProbe(ActorSystem system, string name = null) => new(system, _assertions, name);

    /// <summary>A latch whose timeouts follow the time factor.</summary>
    public virtual TestLatch CreateTestLatch(int count = 1) => TestLatch.Create(this, count);

    /// <summary>A barrier whose timeouts follow the time factor.</summary>
    public TestBarrier CreateTestBarrier(int count) => new(this, count);

    /// <summary>Terminates the system under test.</summary>
    public virtual void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) =>
        Shutdown(Sys, duration, verifySystemShutdown);

    /// <summary>Terminates <paramref name="system"/> and waits for that.</summary>
    protected virtual void Shutdown(ActorSystem system, TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        system ??= Sys;
        var wait = duration ?? Min(Dilated(TestKitSettings.DefaultTimeout), TimeSpan.FromSeconds(10));
        var implicitSender = ReferenceEquals(system, Sys) && this is not INoImplicitSender;
        if (!system.Terminate().Wait(wait))
        {
            var problem = $"Failed to stop [{system.Name}] within [{wait}]\n{(system as ExtendedActorSystem)?.PrintTree()}";
            if (verifySystemShutdown)
            {
                throw new TimeoutException(problem);
            }

            system.Log.Warning("{0}", problem);
        }

        if (implicitSender)
        {
            ImplicitSender.Clear(TestActor);
        }
    }

    /// <summary>Sets this kit up; called once, by the constructor.</summary>
    protected void InitializeTest(ActorSystem system, Config config, string actorSystemName, string testActorName) =>
        InitializeTest(system, ActorSystemSetup.Empty.And(BootstrapSetup.Create().WithConfig(config)), actorSystemName, testActorName);

    /// <summary>Sets this kit up; called once, by the constructor.</summary>
    protected virtual void InitializeTest(ActorSystem system, ActorSystemSetup config, string actorSystemName, string testActorName)
    {
        Sys = system ?? ActorSystem.Create(actorSystemName ?? "test", WithDefaults(config));
        if (!Sys.HasExtension<TestKitSettings>())
        {
            // The first kit on a system that somebody else configured.
            if (system is not null)
            {
                Sys.Settings.InjectTopLevelFallback(DefaultConfig);
            }

            Sys.RegisterExtension(new TestKitExtension());
            Sys.RegisterExtension(new TestKitAssertionsExtension(_assertions));
        }

        TestKitSettings = TestKitExtension.For(Sys);
        EventFilter = new EventFilterFactory(this);
        Log = Logging.GetLogger(Sys, GetType());
        _inbox = new MessageInbox();
        TestActor = CreateTestActor(testActorName ?? $"testActor{Interlocked.Increment(ref _testActorNumber)}");
        if (this is not INoImplicitSender)
        {
            ImplicitSender.Set(TestActor);
        }
    }

    internal void Fail(string message) => _assertions.Fail("{0}", message);

    internal ITestKitAssertions UsedAssertions => _assertions;

    private static ActorSystemSetup WithDefaults(ActorSystemSetup setup)
    {
        var bootstrap = setup.Get<BootstrapSetup>();
        if (bootstrap.HasValue)
        {
            var given = bootstrap.Value.Config;
            var config = given.HasValue ? given.Value.WithFallback(DefaultConfig) : DefaultConfig;
            return setup.And(bootstrap.Value.WithConfig(config));
        }

        return setup.And(BootstrapSetup.Create().WithConfig(DefaultConfig));
    }

    private void Ignore(Func<object, bool> ignore) => TestActor.Tell(new InternalTestActor.SetIgnore(ignore), TestActor);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
