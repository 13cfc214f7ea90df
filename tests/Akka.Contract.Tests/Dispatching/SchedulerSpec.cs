using System.Diagnostics;
using Akka.Dispatch;

namespace Akka.Contract.Tests.Dispatching;

/// <summary>The real scheduler, in real time.</summary>
public sealed class SchedulerSpec : ContractSpec
{
    [Fact]
    public void A_message_must_arrive_after_its_delay_and_not_before()
    {
        var clock = Stopwatch.StartNew();
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(100), TestActor, "tick", TestActor);

        ExpectMsg("tick");

        Assert.True(clock.Elapsed >= TimeSpan.FromMilliseconds(95), $"It came after {clock.Elapsed}.");
        Assert.Equal(TestActor, LastSender);
    }

    [Fact]
    public void Messages_must_come_in_the_order_of_their_delays() => Undisturbed(TimeSpan.FromMilliseconds(50), probe =>
    {
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(300), probe, 3, TestActor);
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(100), probe, 1, TestActor);
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(200), probe, 2, TestActor);
    }, probe =>
    {
        probe.ExpectMsg(1);
        probe.ExpectMsg(2);
        probe.ExpectMsg(3);
    });

    [Fact]
    public void A_cancelled_message_must_not_come() => Undisturbed(TimeSpan.FromMilliseconds(50), probe =>
    {
        var cancelable = Sys.Scheduler.ScheduleTellOnceCancelable(TimeSpan.FromMilliseconds(100), probe, "cancelled", TestActor);
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(200), probe, "fence", TestActor);
        cancelable.Cancel();
        Assert.True(cancelable.IsCancellationRequested);
    }, probe => probe.ExpectMsg("fence"));

    [Fact]
    public void A_repeated_message_must_come_until_it_is_cancelled()
    {
        using var cancelable = new Cancelable(Sys.Scheduler);
        Sys.Scheduler.ScheduleTellRepeatedly(TimeSpan.Zero, TimeSpan.FromMilliseconds(20), TestActor, "tick", TestActor, cancelable);

        for (var round = 0; round < 5; round++)
        {
            ExpectMsg("tick");
        }

        cancelable.Cancel();
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(100), TestActor, "fence", TestActor);
        FishForMessage<string>(text => text == "fence");
    }

    [Fact]
    public void A_failing_action_must_not_disturb_the_others()
    {
        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(10), () => throw new Boom());
        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(50), () => TestActor.Tell("fine"));

        ExpectMsg("fine");
    }

    [Fact]
    public void Time_must_go_on()
    {
        Assert.InRange(Sys.Scheduler.Now, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        var before = Sys.Scheduler.MonotonicClock;
        AwaitCondition(() => Sys.Scheduler.MonotonicClock > before, Patience, TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public void A_cancelable_must_cancel_itself_later()
    {
        using var cancelable = new Cancelable(Sys.Scheduler, TimeSpan.FromMilliseconds(50));
        var cancelled = new ManualResetEventSlim();
        cancelable.Token.Register(cancelled.Set);

        Assert.True(cancelled.Wait(Patience));
    }

    // What is expected only holds if the machine let us do our part within the time that the test counts on.
    private void Undisturbed(TimeSpan limit, Action<IActorRef> schedule, Action<TestProbe> expect)
    {
        for (var attempt = 0; ; attempt++)
        {
            var probe = CreateTestProbe();
            var clock = Stopwatch.StartNew();
            schedule(probe.Ref);
            if (clock.Elapsed < limit)
            {
                expect(probe);
                return;
            }

            Assert.True(attempt < 50, "The machine is too busy for a test in real time.");
        }
    }
}

/// <summary>The real scheduler with a wheel that has to go round many times.</summary>
public sealed class SmallWheelSpec : ContractSpec
{
    public SmallWheelSpec()
        : base("""
            akka.scheduler {
              tick-duration = 5ms
              ticks-per-wheel = 4
            }
            """)
    {
    }

    [Fact]
    public void A_delay_longer_than_a_round_must_be_kept()
    {
        var clock = Stopwatch.StartNew();
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(300), TestActor, "late", TestActor);
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(20), TestActor, "soon", TestActor);

        ExpectMsg("soon");
        ExpectMsg("late");

        Assert.True(clock.Elapsed >= TimeSpan.FromMilliseconds(295), $"It came after {clock.Elapsed}.");
    }

    [Fact]
    public void Work_of_many_rounds_must_all_run()
    {
        for (var number = 0; number < 500; number++)
        {
            Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(number), TestActor, number, TestActor);
        }

        Assert.Equal(Enumerable.Range(0, 500), ReceiveN(500).Cast<int>().Order());
    }
}

/// <summary>Virtual time.</summary>
public sealed class TestSchedulerSpec : ContractSpec
{
    public TestSchedulerSpec()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public void Nothing_must_happen_until_the_clock_is_moved_far_enough()
    {
        Time.ScheduleTellOnce(TimeSpan.FromHours(1), TestActor, "tick", TestActor);

        Time.Advance(TimeSpan.FromMinutes(59));
        Fence();
        Time.Advance(TimeSpan.FromMinutes(1));
        ExpectMsg("tick");
    }

    [Fact]
    public void Work_must_run_in_the_order_of_its_time_and_of_scheduling()
    {
        var ran = new List<string>();
        Time.Advanced.ScheduleOnce(TimeSpan.FromSeconds(2), () => ran.Add("2 a"));
        Time.Advanced.ScheduleOnce(TimeSpan.FromSeconds(1), () => ran.Add("1 a"));
        Time.Advanced.ScheduleOnce(TimeSpan.FromSeconds(2), () => ran.Add("2 b"));
        Time.Advanced.ScheduleOnce(TimeSpan.FromSeconds(1), () => ran.Add("1 b"));

        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["1 a", "1 b", "2 a", "2 b"], ran);
    }

    [Fact]
    public void Cancelled_work_must_not_run()
    {
        var cancelable = Time.ScheduleTellOnceCancelable(TimeSpan.FromSeconds(1), TestActor, "cancelled", TestActor);

        cancelable.Cancel();

        Time.Advance(TimeSpan.FromSeconds(1));
        Fence();
    }

    [Fact]
    public void Repeated_work_must_run_once_per_interval()
    {
        var cancelable = Time.ScheduleTellRepeatedlyCancelable(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TestActor, "tick", TestActor);

        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectMsg("tick");
        Time.Advance(TimeSpan.FromSeconds(5));
        Fence();
        Time.Advance(TimeSpan.FromSeconds(5));
        ExpectMsg("tick");

        cancelable.Cancel();
        Time.Advance(TimeSpan.FromSeconds(10));
        Fence();
    }

    [Fact]
    public void Now_must_be_the_virtual_time()
    {
        var start = Time.Now;

        Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(start.AddDays(1), Time.Now);
        Time.AdvanceTo(start.AddDays(3));
        Assert.Equal(start.AddDays(3), Time.Now);
    }

    private void Fence()
    {
        TestActor.Tell("fence");
        ExpectMsg("fence");
    }
}

/// <summary>A scheduler class of one's own, by configuration.</summary>
public sealed class CustomSchedulerSpec : ContractSpec
{
    public CustomSchedulerSpec()
        : base("akka.scheduler.implementation = \"Akka.Contract.Tests.Dispatching.CustomSchedulerSpec+Impatient, Akka.Contract.Tests\"")
    {
    }

    [Fact]
    public void The_class_named_in_configuration_must_be_the_systems_scheduler()
    {
        Assert.IsType<Impatient>(Sys.Scheduler);

        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromDays(1), TestActor, "at once", TestActor);

        ExpectMsg("at once");
    }

    [Fact]
    public void Timers_of_actors_must_use_it()
    {
        Sys.ActorOf(Props.Create(() => new Timed(TestActor)));

        ExpectMsg("at once");
    }

    /// <summary>Everything is due now.</summary>
    public sealed class Impatient : SchedulerBase
    {
        public Impatient(Config scheduler, ILoggingAdapter log)
            : base(scheduler, log)
        {
        }

        public override TimeSpan MonotonicClock => Stopwatch.GetElapsedTime(0);

        public override TimeSpan HighResMonotonicClock => MonotonicClock;

        protected override DateTimeOffset TimeNow => DateTimeOffset.UtcNow;

        protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
            receiver.Tell(message, sender);

        protected override void InternalScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
            receiver.Tell(message, sender);

        protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Task.Run(action);

        protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) => Task.Run(action.Run);

        protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) => Task.Run(action);

        protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) => Task.Run(action.Run);
    }

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        public Timed(IActorRef report)
        {
            ReceiveAny(message => report.Tell(message));
        }

        public ITimerScheduler Timers { get; set; }

        protected override void PreStart() => Timers.StartSingleTimer("key", "at once", TimeSpan.FromDays(1));
    }
}
