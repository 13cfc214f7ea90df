using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit.Xunit2.Internals;
using Xunit.Abstractions;

namespace Akka.TestKit.Xunit2;

/// <summary>The base of an xunit test class: one system and one test actor per test, terminated when the test is over.</summary>
public class TestKit : TestKitBase, IDisposable
{
    /// <summary>Where the log goes besides the console, if the test gave it.</summary>
    protected readonly ITestOutputHelper Output;

    private bool _disposed;

    /// <summary>Uses <paramref name="system"/>, or a new system with the default configuration.</summary>
    public TestKit(ActorSystem system = null, ITestOutputHelper output = null)
        : base(Assertions, system)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    /// <summary>Creates a system from <paramref name="config"/>.</summary>
    public TestKit(ActorSystemSetup config, string actorSystemName = null, ITestOutputHelper output = null)
        : base(Assertions, config, actorSystemName)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    /// <summary>Creates a system from <paramref name="config"/>.</summary>
    public TestKit(Config config, string actorSystemName = null, ITestOutputHelper output = null)
        : base(Assertions, config, actorSystemName)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    /// <summary>Creates a system from HOCON text.</summary>
    public TestKit(string config, ITestOutputHelper output = null)
        : base(Assertions, ConfigurationFactory.ParseString(config))
    {
        Output = output;
        InitializeLogger(Sys);
    }

    /// <summary>The test kit's defaults.</summary>
    public static new Config DefaultConfig => TestKitBase.DefaultConfig;

    /// <summary>Everything logged.</summary>
    public static new Config FullDebugConfig => TestKitBase.FullDebugConfig;

    /// <summary>The assertions in use.</summary>
    protected static XunitAssertions Assertions { get; } = new();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Called after the test; terminates the system.</summary>
    protected virtual void AfterAll() => Shutdown();

    /// <summary>Ends the test.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            AfterAll();
        }
    }

    /// <summary>Has <paramref name="system"/> log to the test's output too.</summary>
    protected void InitializeLogger(ActorSystem system)
    {
        if (Output is not null)
        {
            StartLogger(system, Props.Create(() => new TestOutputLogger(Output)));
        }
    }

    /// <summary>Has <paramref name="system"/> log to the test's output too, every line with <paramref name="prefix"/> before it.</summary>
    protected void InitializeLogger(ActorSystem system, string prefix)
    {
        if (Output is not null)
        {
            StartLogger(system, Props.Create(() => new TestOutputLogger(new PrefixedOutput(Output, prefix))));
        }
    }

    private static void StartLogger(ActorSystem system, Props props)
    {
        var logger = ((ExtendedActorSystem)system).SystemActorOf(props, "log-test");
        logger.Ask<LoggerInitialized>(new InitializeLogger(system.EventStream), TimeSpan.FromSeconds(5)).Wait();
    }
}
