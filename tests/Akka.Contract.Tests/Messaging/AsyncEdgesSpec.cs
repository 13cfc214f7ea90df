namespace Akka.Contract.Tests.Messaging;

/// <summary>Async handlers together with everything else an actor can do.</summary>
public sealed class AsyncEdgesSpec : ContractSpec
{
    [Fact]
    public void An_async_handler_must_be_able_to_stash_what_it_handles_after_an_await()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Stashing(TestActor)));

        actor.Tell("1");
        actor.Tell("2");
        actor.Tell("open");
        actor.Tell("3");

        ExpectMsg("opened");
        ExpectMsg("1");
        ExpectMsg("2");
        ExpectMsg("3");
    }

    [Fact]
    public void An_async_handler_must_be_able_to_change_the_behaviour_after_an_await()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Changing(TestActor)));

        actor.Tell("change");
        actor.Tell("hello");

        ExpectMsg("changed: hello");
    }

    [Fact]
    public void A_failure_before_the_first_await_must_reach_the_supervisor()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Failing(TestActor)));

        EventFilter.Exception<Boom>("at once").ExpectOne(() => actor.Tell("at once"));

        ExpectMsg("PreRestart at once");
        ExpectMsg("restarted");
    }

    [Fact]
    public void PreRestart_must_see_the_message_whose_handler_failed_after_an_await()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Failing(TestActor)));

        EventFilter.Exception<Boom>("later").ExpectOne(() => actor.Tell("later"));

        ExpectMsg("PreRestart later");
        ExpectMsg("restarted");
    }

    [Fact]
    public void A_cancelled_wait_must_be_a_failure()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Failing(TestActor)));

        EventFilter.Exception<OperationCanceledException>().ExpectOne(() => actor.Tell("cancelled"));

        ExpectMsg("PreRestart cancelled");
        ExpectMsg("restarted");
    }

    [Fact]
    public void Children_and_watching_must_work_after_an_await()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Watching(TestActor)));

        actor.Tell("go");

        ExpectMsg("child ended");
    }

    [Fact]
    public async Task The_system_must_end_while_a_handler_waits()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Failing(TestActor)));
        actor.Tell("for ever");
        ExpectMsg("waiting");

        await Sys.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public void Timers_must_wait_for_the_handler()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        actor.Tell(gate, ActorRefs.NoSender);
        ExpectMsg("waiting");
        var over = CreateTestLatch();
        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(100), over.CountDown);
        over.Ready(Patience);
        gate.SetResult();

        ExpectMsg("done");
        ExpectMsg("tick");
    }

    private sealed class Stashing : ReceiveActor, IWithUnboundedStash
    {
        public Stashing(IActorRef report)
        {
            ReceiveAsync<string>(async text =>
            {
                await Task.Yield();
                if (text != "open")
                {
                    Stash.Stash();
                    return;
                }

                Become(() => Receive<string>(later => report.Tell(later)));
                Stash.UnstashAll();
                report.Tell("opened");
            });
        }

        public IStash Stash { get; set; }
    }

    private sealed class Changing : ReceiveActor
    {
        public Changing(IActorRef report)
        {
            ReceiveAsync<string>(async text =>
            {
                await Task.Delay(5);
                Become(() => Receive<string>(later => report.Tell($"changed: {later}")));
            });
        }
    }

    private sealed class Failing : ReceiveActor
    {
        private readonly IActorRef _report;

        public Failing(IActorRef report)
        {
            _report = report;
            ReceiveAsync<string>(async text =>
            {
                switch (text)
                {
                    case "at once":
                        throw new Boom(text);
                    case "cancelled":
                        await Task.Delay(Timeout.Infinite, new CancellationToken(canceled: true));
                        break;
                    case "for ever":
                        report.Tell("waiting");
                        await new TaskCompletionSource().Task;
                        break;
                    default:
                        await Task.Yield();
                        throw new Boom(text);
                }
            });
        }

        protected override void PreRestart(Exception reason, object message) => _report.Tell($"PreRestart {message}");

        protected override void PostRestart(Exception reason) => _report.Tell("restarted");
    }

    private sealed class Watching : ReceiveActor
    {
        public Watching(IActorRef report)
        {
            ReceiveAsync<string>(async _ =>
            {
                await Task.Yield();
                var child = Context.ActorOf(Props.Create(() => new Changing(report)), "child");
                Context.Watch(child);
                await Task.Yield();
                Context.Stop(child);
            });
            Receive<Terminated>(terminated => report.Tell($"{terminated.ActorRef.Path.Name} ended"));
        }
    }

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        public Timed(IActorRef report)
        {
            ReceiveAsync<TaskCompletionSource>(async gate =>
            {
                Timers.StartSingleTimer("key", "tick", TimeSpan.FromMilliseconds(10));
                report.Tell("waiting");
                await gate.Task;
                report.Tell("done");
            });
            Receive<string>(text => report.Tell(text));
        }

        public ITimerScheduler Timers { get; set; }
    }
}
