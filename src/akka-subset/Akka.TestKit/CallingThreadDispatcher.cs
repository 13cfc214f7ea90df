using Akka.Configuration;
using Akka.Dispatch;

namespace Akka.TestKit;

/// <summary>
/// Processes a message on the thread that sends it, before Tell returns. A message to an actor that is busy (on this
/// or another thread) waits in its mailbox for that run to finish.
/// </summary>
public class CallingThreadDispatcher : MessageDispatcher
{
    /// <summary>The name in configuration and in Props.WithDispatcher.</summary>
    public static new string Id = "akka.test.calling-thread-dispatcher";

    /// <summary>Created by <see cref="CallingThreadDispatcherConfigurator"/>.</summary>
    public CallingThreadDispatcher(MessageDispatcherConfigurator configurator)
        : base(configurator)
    {
        base.Id = configurator.Config.GetString("id", Id);
        Throughput = int.MaxValue;
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run) => run.Run();

    /// <inheritdoc/>
    protected override void Shutdown()
    {
        // No thread of its own, so nothing to end.
    }
}

/// <summary>Creates the one <see cref="CallingThreadDispatcher"/> of a configuration section.</summary>
public class CallingThreadDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly CallingThreadDispatcher _dispatcher;

    /// <summary>Called by the dispatcher registry.</summary>
    public CallingThreadDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
        _dispatcher = new CallingThreadDispatcher(this);
    }

    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => _dispatcher;
}
