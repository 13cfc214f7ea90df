using Akka.Contract.Tests.Actors;
using Akka.Pattern;

namespace Akka.Contract.Tests.Systems;

/// <summary>A supervisor that lets some (virtual) time pass before it starts its child again.</summary>
public sealed class BackoffSpec : ContractSpec
{
    private readonly TestProbe _events;

    public BackoffSpec()
        : base("""
            akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            akka.loglevel = OFF
            """)
    {
        _events = CreateTestProbe();
    }

    [Fact]
    public void A_child_that_stops_must_be_started_again_after_the_backoff()
    {
        var supervisor = Start(OnStop());
        supervisor.Tell("one");
        _events.ExpectMsg("it:one");

        supervisor.Tell("stop");

        _events.ExpectMsg("it:PostStop");
        ExpectStartInTime();
        supervisor.Tell("two");
        _events.ExpectMsg("it:two");
    }

    [Fact]
    public void A_child_that_fails_must_be_started_again_after_the_backoff()
    {
        var supervisor = Start(Backoff.OnFailure(Reporter.Props(_events.Ref), "child", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), 0, -1));

        supervisor.Tell(new Boom());

        _events.ExpectMsg("it:PostStop");
        ExpectStartInTime();
        supervisor.Tell("two");
        _events.ExpectMsg("it:two");
    }

    [Fact]
    public void Messages_must_be_answered_while_the_child_is_down_if_so_told()
    {
        var supervisor = Start(OnStop().WithReplyWhileStopped("later"));

        supervisor.Tell("stop");
        _events.ExpectMsg("it:PostStop");

        AwaitAssert(
            () =>
            {
                supervisor.Tell("anyone?");
                ExpectMsg("later", TimeSpan.FromMilliseconds(200));
            },
            Patience);
    }

    [Fact]
    public void Restarts_must_be_counted_until_the_count_is_reset()
    {
        var supervisor = Start(OnStop().WithManualReset());
        for (var restart = 1; restart <= 2; restart++)
        {
            supervisor.Tell("stop");
            _events.ExpectMsg("it:PostStop");
            ExpectStartInTime();
            supervisor.Tell(BackoffSupervisor.GetRestartCount.Instance);
            Assert.Equal(restart, ExpectMsg<BackoffSupervisor.RestartCount>().Count);
        }

        supervisor.Tell(BackoffSupervisor.Reset.Instance);
        supervisor.Tell(BackoffSupervisor.GetRestartCount.Instance);

        Assert.Equal(0, ExpectMsg<BackoffSupervisor.RestartCount>().Count);
    }

    [Fact]
    public void The_supervisor_must_tell_its_child()
    {
        var supervisor = Start(OnStop());

        supervisor.Tell(BackoffSupervisor.GetCurrentChild.Instance);

        var child = ExpectMsg<BackoffSupervisor.CurrentChild>().Ref;
        Assert.Equal(supervisor.Path / "child", child.Path);
    }

    [Fact]
    public void Too_many_restarts_must_end_the_supervisor()
    {
        var supervisor = Start(OnStop().WithManualReset().WithMaxNrOfRetries(1));
        Watch(supervisor);

        supervisor.Tell("stop");
        _events.ExpectMsg("it:PostStop");
        ExpectStartInTime();
        supervisor.Tell("stop");
        _events.ExpectMsg("it:PostStop");

        ExpectTerminated(supervisor);
    }

    private BackoffOptions OnStop() =>
        Backoff.OnStop(Reporter.Props(_events.Ref), "child", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), 0, -1);

    private IActorRef Start(BackoffOptions options)
    {
        var supervisor = Sys.ActorOf(BackoffSupervisor.Props(options), "supervisor");
        _events.ExpectMsg("it:PreStart");
        return supervisor;
    }

    // The supervisor may not have heard of the end yet when the clock is moved for the first time.
    private void ExpectStartInTime() => AwaitAssert(
        () =>
        {
            ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(10));
            _events.ExpectMsg("it:PreStart", TimeSpan.FromMilliseconds(200));
        },
        Patience,
        TimeSpan.FromMilliseconds(5));
}
