using System.Diagnostics;

namespace Akka.Contract.Tests.Stress;

/// <summary>Many of everything at once: what only a race would break.</summary>
public sealed class StressSpec : ContractSpec
{
    public StressSpec()
        : base("""
            akka.loglevel = OFF
            pinned {
              type = PinnedDispatcher
              executor = fork-join-executor
            }
            """)
    {
    }

    [Fact]
    public void Every_watcher_of_every_actor_must_be_told_once()
    {
        const int Targets = 500;
        const int Watchers = 8;
        var watchers = Enumerable.Range(0, Watchers).Select(_ => Sys.ActorOf(Props.Create(() => new CountingWatcher(TestActor, Targets)))).ToList();
        var targets = Enumerable.Range(0, Targets).Select(_ => Sys.ActorOf(Props.Create(() => new Idle()))).ToList();

        // Some watch before the end, some during it, some after it.
        Parallel.ForEach(watchers.Cast<object>().Concat([targets]), work =>
        {
            if (work is IActorRef watcher)
            {
                targets.ForEach(target => watcher.Tell(target));
            }
            else
            {
                targets.ForEach(target => target.Tell(PoisonPill.Instance));
            }
        });

        for (var watcher = 0; watcher < Watchers; watcher++)
        {
            ExpectMsg("all ended");
        }
    }

    [Fact]
    public void A_parent_must_see_every_child_come_and_go()
    {
        var parents = Enumerable.Range(0, 4).Select(_ => Sys.ActorOf(Props.Create(() => new Nursery(TestActor, 2_000)))).ToList();

        parents.ForEach(parent => parent.Tell("start"));

        parents.ForEach(_ => ExpectMsg("empty again"));
    }

    [Fact]
    public void Restarts_must_lose_nothing_but_the_messages_that_fail()
    {
        const int Messages = 5_000;
        var parent = Sys.ActorOf(Props.Create(() => new Restarter(TestActor)));
        parent.Tell("child");
        var child = ExpectMsg<IActorRef>();

        for (var number = 0; number < Messages; number++)
        {
            child.Tell(number);
        }

        for (var number = 0; number < Messages; number++)
        {
            if (number % 10 != 0)
            {
                ExpectMsg(number);
            }
        }
    }

    [Fact]
    public void Restarts_under_fire_must_lose_nothing_but_the_messages_that_fail()
    {
        const int Each = 2_000;
        const int Producers = 4;
        var parent = Sys.ActorOf(Props.Create(() => new Restarter(TestActor)));
        parent.Tell("child");
        var child = ExpectMsg<IActorRef>();

        Parallel.For(0, Producers, producer =>
        {
            for (var number = 0; number < Each; number++)
            {
                child.Tell((producer * Each) + number);
            }
        });

        var got = ReceiveN(Each * Producers * 9 / 10).Cast<int>().ToList();
        for (var producer = 0; producer < Producers; producer++)
        {
            var of = got.Where(number => number / Each == producer).ToList();
            Assert.Equal(of.Order(), of);
            Assert.Equal(Each * 9 / 10, of.Count);
        }
    }

    [Fact]
    public async Task Answers_and_timeouts_that_race_must_end_every_ask_one_way()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Slow()));

        var asks = Enumerable.Range(0, 2_000).Select(number => actor.Ask<int>(number, TimeSpan.FromMilliseconds(5 + (number % 20)))).ToList();

        foreach (var (ask, number) in asks.Select((ask, number) => (ask, number)))
        {
            try
            {
                Assert.Equal(number, await ask.WaitAsync(Patience));
            }
            catch (AskTimeoutException)
            {
                // As good.
            }
        }
    }

    [Fact]
    public void Asks_from_actors_to_actors_must_all_be_answered()
    {
        const int Askers = 20;
        var answering = Sys.ActorOf(Props.Create(() => new Answering()));
        for (var asker = 0; asker < Askers; asker++)
        {
            Sys.ActorOf(Props.Create(() => new Asker(TestActor, answering, 200))).Tell("start");
        }

        for (var asker = 0; asker < Askers; asker++)
        {
            ExpectMsg("all answered");
        }
    }

    [Fact]
    public void Subscriptions_that_come_and_go_must_not_disturb_the_others()
    {
        const int Events = 5_000;
        Sys.EventStream.Subscribe(TestActor, typeof(Tick));
        using var stop = new CancellationTokenSource();
        var restless = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var actor = Sys.ActorOf(Props.Create(() => new Idle()));
                Sys.EventStream.Subscribe(actor, typeof(Tick));
                Sys.EventStream.Subscribe(actor, typeof(object));
                Sys.EventStream.Unsubscribe(actor, typeof(Tick));
                Sys.EventStream.Unsubscribe(actor);
                Sys.Stop(actor);
            }
        })).ToArray();

        for (var number = 0; number < Events; number++)
        {
            Sys.EventStream.Publish(new Tick(number));
        }

        for (var number = 0; number < Events; number++)
        {
            ExpectMsg(new Tick(number));
        }

        stop.Cancel();
        Assert.True(Task.WaitAll(restless, Patience));
    }

    [Fact]
    public void A_timer_that_is_replaced_again_and_again_must_only_ever_deliver_the_newest()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Restless(TestActor)));

        actor.Tell("start");

        ExpectMsg("never an old one");
    }

    [Fact]
    public void A_thousand_timers_must_all_fire()
    {
        var clock = Stopwatch.StartNew();
        for (var number = 0; number < 1_000; number++)
        {
            Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(number % 100), TestActor, number, ActorRefs.NoSender);
        }

        var got = ReceiveN(1_000).Cast<int>();

        Assert.Equal(Enumerable.Range(0, 1_000), got.Order());
        Assert.True(clock.Elapsed < Patience);
    }

    [Fact]
    public void Async_handlers_of_many_actors_must_keep_their_order()
    {
        const int Actors = 20;
        const int Each = 200;
        for (var actor = 0; actor < Actors; actor++)
        {
            var yielding = Sys.ActorOf(Props.Create(() => new Yielding(TestActor, Each)));
            for (var number = 0; number < Each; number++)
            {
                yielding.Tell(number);
            }
        }

        for (var actor = 0; actor < Actors; actor++)
        {
            ExpectMsg("in order");
        }
    }

    [Fact]
    public void Pinned_actors_must_give_their_threads_back()
    {
        Run(20);
        var before = Process.GetCurrentProcess().Threads.Count;

        Run(200);

        // Other tests run beside this one; 200 leaked threads would stand out all the same.
        AwaitCondition(() => Process.GetCurrentProcess().Threads.Count < before + 100, Patience, TimeSpan.FromMilliseconds(50));

        void Run(int actors)
        {
            for (var number = 0; number < actors; number++)
            {
                var actor = Sys.ActorOf(Props.Create(() => new Answering()).WithDispatcher("pinned"));
                Watch(actor);
                actor.Tell(number);
                ExpectMsg(number);
                actor.Tell(PoisonPill.Instance);
                ExpectTerminated(actor);
            }
        }
    }

    [Fact]
    public async Task A_system_must_end_while_actors_are_still_created()
    {
        for (var round = 0; round < 10; round++)
        {
            var system = ActorSystem.Create("busy", Sys.Settings.Config);
            var started = new TaskCompletionSource();
            var creating = Task.Run(() =>
            {
                try
                {
                    for (var number = 0; number < 1_000_000; number++)
                    {
                        system.ActorOf(Props.Create(() => new Idle())).Tell("hello");
                        if (number == 100)
                        {
                            started.SetResult();
                        }
                    }
                }
                catch (InvalidOperationException)
                {
                    // Refused: the guardian takes no more.
                }
            });

            await started.Task.WaitAsync(Patience);
            await system.Terminate().WaitAsync(Patience);
            await creating.WaitAsync(Patience);
        }
    }

    private sealed record Tick(int Number);

    private sealed class Idle : UntypedActor
    {
        protected override void OnReceive(object message)
        {
        }
    }

    private sealed class Answering : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }

    private sealed class Slow : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if ((int)message % 100 == 0)
            {
                SpinWait.SpinUntil(() => false, 1);
            }

            Sender.Tell(message);
        }
    }

    private sealed class CountingWatcher : ReceiveActor
    {
        private readonly HashSet<IActorRef> _ended = [];

        public CountingWatcher(IActorRef report, int targets)
        {
            Receive<IActorRef>(target => Context.Watch(target));
            Receive<Terminated>(terminated =>
            {
                if (!_ended.Add(terminated.ActorRef))
                {
                    report.Tell($"{terminated.ActorRef} ended twice");
                }

                if (_ended.Count == targets)
                {
                    report.Tell("all ended");
                }
            });
        }
    }

    private sealed class Nursery : ReceiveActor
    {
        private readonly int _total;
        private int _started;
        private int _ended;

        public Nursery(IActorRef report, int total)
        {
            _total = total;
            Receive<string>(_ =>
            {
                for (var number = 0; number < 20; number++)
                {
                    Next();
                }
            });
            Receive<Terminated>(_ =>
            {
                _ended++;
                Next();
                if (_ended == total)
                {
                    report.Tell(Context.GetChildren().Any() ? "not empty" : "empty again");
                }
            });
        }

        private void Next()
        {
            if (_started == _total)
            {
                return;
            }

            // Under its own name and under none, stopping by itself and being stopped.
            var child = _started % 2 == 0 ? Context.ActorOf(Props.Create(() => new Idle()), $"child-{_started}") : Context.ActorOf(Props.Create(() => new Idle()));
            Context.Watch(child);
            if (_started % 3 == 0)
            {
                child.Tell(PoisonPill.Instance);
            }
            else
            {
                Context.Stop(child);
            }

            _started++;
        }
    }

    private sealed class Restarter : ReceiveActor
    {
        public Restarter(IActorRef report)
        {
            Receive<string>(_ => Sender.Tell(Context.ActorOf(Props.Create(() => new Fragile(report)))));
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);
    }

    private sealed class Fragile : ReceiveActor
    {
        public Fragile(IActorRef report)
        {
            Receive<int>(number => report.Tell(number % 10 == 0 ? throw new Boom() : number));
        }
    }

    private sealed class Asker : ReceiveActor
    {
        private int _answered;

        public Asker(IActorRef report, IActorRef answering, int times)
        {
            ReceiveAsync<string>(async _ =>
            {
                var self = Self;
                for (var number = 0; number < times; number++)
                {
                    if (await answering.Ask<int>(number, TimeSpan.FromSeconds(20)) == number)
                    {
                        _answered++;
                    }
                }

                report.Tell(_answered == times && self.Equals(Self) ? "all answered" : $"{_answered} answered");
            });
        }
    }

    private sealed class Restless : ReceiveActor, IWithTimers
    {
        private int _generation;

        public Restless(IActorRef report)
        {
            Receive<string>(_ => Renew());
            Receive<int>(generation =>
            {
                if (generation != _generation)
                {
                    report.Tell($"{generation} came when {_generation} was the newest");
                    return;
                }

                if (_generation >= 3_000)
                {
                    report.Tell("never an old one");
                    return;
                }

                Renew();
            });
        }

        public ITimerScheduler Timers { get; set; }

        private void Renew()
        {
            // Many replacements to one that is left to fire.
            for (var number = 0; number < 100; number++)
            {
                Timers.StartSingleTimer("key", ++_generation, TimeSpan.FromMilliseconds(number % 3));
            }
        }
    }

    private sealed class Yielding : ReceiveActor
    {
        private int _next;

        public Yielding(IActorRef report, int each)
        {
            ReceiveAsync<int>(async number =>
            {
                await Task.Yield();
                if (number != _next++)
                {
                    report.Tell($"{number} came when {_next - 1} was due");
                }

                if (_next == each)
                {
                    report.Tell("in order");
                }
            });
        }
    }
}
