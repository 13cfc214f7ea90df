using Akka.Actor.Internal;

namespace Akka.Contract.Tests;

/// <summary>One actor system per test, patient enough for a loaded machine: a timeout here only ever ends a failing test.</summary>
public abstract class ContractSpec : Akka.TestKit.Xunit2.TestKit
{
    private const string Patient = """
        akka.test.single-expect-default = 20s
        akka.test.filter-leeway = 20s
        akka.test.default-timeout = 20s
        akka.loglevel = INFO
        akka.stdout-loglevel = OFF
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        """;

    // An async test leaves the thread on which it was constructed, with its test actor as the current actor there. What
    // runs on that thread next, such as an Ask between two other systems, must not be taken for a part of this test.
    private static readonly AsyncLocal<ActorCell> Flow = new(change =>
    {
        if (change.ThreadContextChanged && change.CurrentValue is null && ReferenceEquals(InternalCurrentActorCellKeeper.Current, change.PreviousValue))
        {
            InternalCurrentActorCellKeeper.Current = null;
        }
    });

    protected ContractSpec(string hocon = "akka {}")
        : base(ConfigurationFactory.ParseString(hocon).WithFallback(ConfigurationFactory.ParseString(Patient)), "contract")
    {
        Flow.Value = InternalCurrentActorCellKeeper.Current;
    }

    protected static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    /// <summary>The dispatcher that runs actors on the thread that sends to them.</summary>
    protected static string CallingThread => CallingThreadDispatcher.Id;

    /// <summary>Fills the mailbox of <paramref name="actor"/> while it cannot look at it, and then lets it.</summary>
    protected static void WhileBlocked(IActorRef actor, Action fill)
    {
        var block = new Block();
        actor.Tell(block);
        Assert.True(block.Entered.Wait(Patience), "The actor did not get the blocking message.");
        fill();
        block.Release.Set();
    }

    /// <summary>The exception and everything it wraps.</summary>
    protected static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var one = exception; one is not null; one = one.InnerException)
        {
            yield return one;
        }
    }
}

/// <summary>A message whose handler waits for the test.</summary>
public sealed class Block : INoSerializationVerificationNeeded
{
    public ManualResetEventSlim Entered { get; } = new();

    public ManualResetEventSlim Release { get; } = new();

    public void Hold()
    {
        Entered.Set();
        if (!Release.Wait(TimeSpan.FromSeconds(60)))
        {
            throw new TimeoutException("The test did not release the actor.");
        }
    }
}

/// <summary>A failure on purpose.</summary>
public sealed class Boom : Exception
{
    public Boom(string message = "boom")
        : base(message)
    {
    }
}
