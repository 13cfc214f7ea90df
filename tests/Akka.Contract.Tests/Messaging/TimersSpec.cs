namespace Akka.Contract.Tests.Messaging;

/// <summary>Timers by key, in virtual time and on the thread of the test.</summary>
public sealed class TimersSpec : ContractSpec
{
    public TimersSpec()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public void A_single_timer_must_fire_once_and_not_before_its_time()
    {
        var (actor, timers) = Start();
        timers.StartSingleTimer("key", "tick", TimeSpan.FromSeconds(10));
        Assert.True(timers.IsTimerActive("key"));

        Time.Advance(TimeSpan.FromSeconds(9));
        Fence(actor);
        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectMsg("tick");

        Assert.False(timers.IsTimerActive("key"));
        Time.Advance(TimeSpan.FromSeconds(30));
        Fence(actor);
    }

    [Fact]
    public void A_periodic_timer_must_fire_again_and_again_until_cancelled()
    {
        var (actor, timers) = Start();
        timers.StartPeriodicTimer("key", "tick", TimeSpan.FromSeconds(10));

        for (var round = 0; round < 3; round++)
        {
            Time.Advance(TimeSpan.FromSeconds(10));
            ExpectMsg("tick");
        }

        timers.Cancel("key");
        Assert.False(timers.IsTimerActive("key"));
        Time.Advance(TimeSpan.FromSeconds(10));
        Fence(actor);
    }

    [Fact]
    public void A_periodic_timer_must_respect_its_initial_delay()
    {
        var (actor, timers) = Start();
        timers.StartPeriodicTimer("key", "tick", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));

        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectMsg("tick");
        Time.Advance(TimeSpan.FromSeconds(9));
        Fence(actor);
        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectMsg("tick");
    }

    [Fact]
    public void A_timer_started_under_a_key_in_use_must_replace_the_old_one()
    {
        var (actor, timers) = Start();
        timers.StartSingleTimer("key", "old", TimeSpan.FromSeconds(10));

        timers.StartSingleTimer("key", "new", TimeSpan.FromSeconds(20));

        Time.Advance(TimeSpan.FromSeconds(15));
        Fence(actor);
        Time.Advance(TimeSpan.FromSeconds(5));
        ExpectMsg("new");
    }

    [Fact]
    public void Timers_of_different_keys_must_not_touch_each_other()
    {
        var (actor, timers) = Start();
        timers.StartSingleTimer("one", "1", TimeSpan.FromSeconds(1));
        timers.StartSingleTimer("two", "2", TimeSpan.FromSeconds(2));
        timers.StartSingleTimer("three", "3", TimeSpan.FromSeconds(3));

        timers.Cancel("two");
        timers.Cancel("never started");

        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectMsg("1");
        Time.Advance(TimeSpan.FromSeconds(1));
        Fence(actor);
        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectMsg("3");
    }

    [Fact]
    public void CancelAll_must_cancel_all()
    {
        var (actor, timers) = Start();
        timers.StartSingleTimer("one", "1", TimeSpan.FromSeconds(1));
        timers.StartPeriodicTimer("two", "2", TimeSpan.FromSeconds(1));

        timers.CancelAll();

        Time.Advance(TimeSpan.FromSeconds(1));
        Fence(actor);
    }

    [Fact]
    public void A_restart_must_cancel_the_timers_of_the_old_incarnation()
    {
        var (actor, timers) = Start();
        timers.StartPeriodicTimer("key", "tick", TimeSpan.FromSeconds(1));

        EventFilter.Exception<Boom>().ExpectOne(() => actor.Tell(new Boom()));
        ExpectMsg("restarted");

        Time.Advance(TimeSpan.FromSeconds(1));
        Fence(actor);
    }

    [Fact]
    public void A_message_of_a_replaced_timer_that_waits_in_the_mailbox_must_not_be_delivered()
    {
        // This one needs a mailbox that fills while the actor is busy.
        var actor = Sys.ActorOf(Props.Create(() => new Replacing(TestActor)));
        actor.Tell("start");
        ExpectMsg("started");
        var block = new Block();
        actor.Tell(block);
        Assert.True(block.Entered.Wait(Patience));

        Time.Advance(TimeSpan.FromSeconds(1));
        block.Release.Set();

        ExpectMsg("replaced");
        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectMsg("new");
    }

    [Fact]
    public void A_message_of_a_cancelled_timer_that_waits_in_the_mailbox_must_not_be_delivered()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Cancelling(TestActor)));
        actor.Tell("start");
        ExpectMsg("started");
        var block = new Block();
        actor.Tell(block);
        Assert.True(block.Entered.Wait(Patience));

        Time.Advance(TimeSpan.FromSeconds(1));
        block.Release.Set();

        ExpectMsg("cancelled");
        Fence(actor);
    }

    private (IActorRef Actor, ITimerScheduler Timers) Start()
    {
        var actor = ActorOfAsTestActorRef<Timed>(Props.Create(() => new Timed(TestActor)));
        return (actor, actor.UnderlyingActor.Timers);
    }

    private void Fence(IActorRef actor)
    {
        actor.Tell("fence");
        ExpectMsg("fence");
    }

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        private readonly IActorRef _report;

        public Timed(IActorRef report)
        {
            _report = report;
            Receive<Exception>(failure => throw failure);
            ReceiveAny(message => report.Tell(message));
        }

        public ITimerScheduler Timers { get; set; }

        protected override void PostRestart(Exception reason) => _report.Tell("restarted");
    }

    private sealed class Replacing : ReceiveActor, IWithTimers
    {
        public Replacing(IActorRef report)
        {
            Receive<Block>(block =>
            {
                block.Hold();
                Timers.StartSingleTimer("key", "new", TimeSpan.FromSeconds(1));
                report.Tell("replaced");
            });
            Receive<string>(text => text == "start", _ =>
            {
                Timers.StartSingleTimer("key", "old", TimeSpan.FromSeconds(1));
                report.Tell("started");
            });
            Receive<string>(text => report.Tell(text));
        }

        public ITimerScheduler Timers { get; set; }
    }

    private sealed class Cancelling : ReceiveActor, IWithTimers
    {
        public Cancelling(IActorRef report)
        {
            Receive<Block>(block =>
            {
                block.Hold();
                Timers.Cancel("key");
                report.Tell("cancelled");
            });
            Receive<string>(text => text == "start", _ =>
            {
                Timers.StartSingleTimer("key", "old", TimeSpan.FromSeconds(1));
                report.Tell("started");
            });
            Receive<string>(text => report.Tell(text));
        }

        public ITimerScheduler Timers { get; set; }
    }
}
