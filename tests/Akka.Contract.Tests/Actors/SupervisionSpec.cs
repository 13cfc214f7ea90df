namespace Akka.Contract.Tests.Actors;

public sealed class SupervisionSpec : ContractSpec
{
    [Fact]
    public void Restart_must_run_the_hooks_in_order_drop_the_failing_message_and_go_on_with_the_next()
    {
        var (events, child) = ChildOf(new OneForOneStrategy(_ => Directive.Restart));

        WhileBlocked(child, () =>
        {
            child.Tell("before");
            child.Tell(new Boom("first"));
            child.Tell("after");
        });

        events.ExpectMsg("it:before");
        events.ExpectMsg("it:PreRestart(first,failure)");
        events.ExpectMsg("it:PostStop");
        events.ExpectMsg("it:PostRestart(first)");
        events.ExpectMsg("it:PreStart");
        events.ExpectMsg("it:after");
    }

    [Fact]
    public async Task Restart_must_start_with_fresh_state_behind_the_same_reference()
    {
        var (events, child) = ChildOf(new OneForOneStrategy(_ => Directive.Restart));
        child.Tell("one");
        child.Tell("two");
        Assert.Equal(2, await child.Ask<int>("count", Patience));

        child.Tell(new Boom());

        Assert.Equal(0, await child.Ask<int>("count", Patience));
        events.ExpectMsg("it:one");
    }

    [Fact]
    public async Task Resume_must_keep_the_state_and_run_no_hook()
    {
        var (events, child) = ChildOf(new OneForOneStrategy(_ => Directive.Resume));

        child.Tell("one");
        child.Tell(new Boom());
        child.Tell("two");

        Assert.Equal(2, await child.Ask<int>("count", Patience));
        events.ExpectMsg("it:one");
        events.ExpectMsg("it:two");
    }

    [Fact]
    public void Stop_must_end_the_child()
    {
        var (events, child) = ChildOf(new OneForOneStrategy(_ => Directive.Stop));
        Watch(child);

        child.Tell(new Boom());

        events.ExpectMsg("it:PostStop");
        ExpectTerminated(child);
    }

    [Fact]
    public void Escalate_must_fail_the_parent_with_the_exception_of_the_child()
    {
        var decisions = CreateTestProbe();
        var events = CreateTestProbe();
        var grandparent = Sys.ActorOf(Parent.Props(new OneForOneStrategy(reason =>
        {
            decisions.Ref.Tell(reason);
            return Directive.Restart;
        })));
        grandparent.Tell((Parent.Props(new OneForOneStrategy(_ => Directive.Escalate)), "parent"));
        var parent = ExpectMsg<IActorRef>();
        parent.Tell((Reporter.Props(events.Ref), "child"));
        var child = ExpectMsg<IActorRef>();
        Watch(child);
        events.ExpectMsg("it:PreStart");
        var failure = new Boom("deep");

        child.Tell(failure);

        // A restarting parent stops its children.
        Assert.Same(failure, decisions.ExpectMsg<Boom>());
        events.ExpectMsg("it:PostStop");
        ExpectTerminated(child);
        parent.Tell("alive");
        ExpectMsg("alive");
    }

    [Fact]
    public void OneForOne_must_leave_the_siblings_alone()
    {
        var (a, b, events) = TwoChildrenOf(new OneForOneStrategy(_ => Directive.Restart));

        a.Tell(new Boom());

        events.ExpectMsg("a:PreRestart(boom,failure)");
        events.ExpectMsg("a:PostStop");
        events.ExpectMsg("a:PostRestart(boom)");
        events.ExpectMsg("a:PreStart");
        b.Tell("still the same");
        events.ExpectMsg("b:still the same");
    }

    [Fact]
    public void AllForOne_must_restart_the_siblings_too()
    {
        var (a, b, events) = TwoChildrenOf(new AllForOneStrategy(_ => Directive.Restart));

        a.Tell(new Boom());

        var happened = events.ReceiveN(8).Cast<string>().ToList();
        Assert.Equal(["a:PreRestart(boom,failure)", "a:PostStop", "a:PostRestart(boom)", "a:PreStart"], happened.Where(it => it.StartsWith('a')));
        Assert.Equal(["b:PreRestart(boom,)", "b:PostStop", "b:PostRestart(boom)", "b:PreStart"], happened.Where(it => it.StartsWith('b')));
        b.Tell("here");
        events.ExpectMsg("b:here");
    }

    [Fact]
    public void AllForOne_must_stop_the_siblings_too()
    {
        var (a, b, _) = TwoChildrenOf(new AllForOneStrategy(_ => Directive.Stop));
        Watch(a);
        Watch(b);

        a.Tell(new Boom());

        var ended = new[] { ExpectMsg<Terminated>().ActorRef, ExpectMsg<Terminated>().ActorRef };
        Assert.Equal(new[] { a, b }.OrderBy(it => it.Path.Name), ended.OrderBy(it => it.Path.Name));
    }

    [Fact]
    public void A_child_that_fails_more_often_than_the_limit_must_be_stopped()
    {
        var (events, child) = ChildOf(new OneForOneStrategy(2, TimeSpan.FromMinutes(5), _ => Directive.Restart));
        Watch(child);

        for (var failure = 1; failure <= 3; failure++)
        {
            child.Tell(new Boom($"{failure}"));
        }

        for (var failure = 1; failure <= 2; failure++)
        {
            events.ExpectMsg($"it:PreRestart({failure},failure)");
            events.ExpectMsg("it:PostStop");
            events.ExpectMsg($"it:PostRestart({failure})");
            events.ExpectMsg("it:PreStart");
        }

        events.ExpectMsg("it:PostStop");
        ExpectTerminated(child);
    }

    [Fact]
    public void Failures_further_apart_than_the_time_of_the_limit_must_not_count_together()
    {
        var (events, child) = ChildOf(new OneForOneStrategy(1, TimeSpan.FromMilliseconds(50), _ => Directive.Restart));

        for (var failure = 1; failure <= 3; failure++)
        {
            child.Tell(new Boom($"{failure}"));
            events.ExpectMsg($"it:PreRestart({failure},failure)");
            events.ExpectMsg("it:PostStop");
            events.ExpectMsg($"it:PostRestart({failure})");
            events.ExpectMsg("it:PreStart");
            var over = CreateTestLatch();
            Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(200), over.CountDown);
            over.Ready(Patience);
        }
    }

    [Fact]
    public void Children_must_be_stopped_when_their_parent_restarts_and_does_nothing_about_it()
    {
        var (events, parent) = ChildOf(new OneForOneStrategy(_ => Directive.Restart));
        parent.Tell(Reporter.Props(events.Ref, "child"));
        var child = ExpectMsg<IActorRef>();
        Watch(child);
        events.ExpectMsg("child:PreStart");

        parent.Tell(new Boom());

        ExpectTerminated(child);
        var happened = events.ReceiveN(5).Cast<string>().ToList();
        Assert.Equal(["it:PreRestart(boom,failure)", "it:PostStop", "it:PostRestart(boom)", "it:PreStart"], happened.Where(it => it.StartsWith("it", StringComparison.Ordinal)));
        Assert.True(happened.IndexOf("child:PostStop") < happened.IndexOf("it:PostRestart(boom)"), "The new incarnation started before the old children were gone.");
    }

    [Fact]
    public void Children_must_be_restarted_when_their_parent_restarts_and_keeps_them()
    {
        var events = CreateTestProbe();
        var parent = Sys.ActorOf(Props.Create(() => new Keeper(events.Ref)));
        events.ExpectMsg("child:PreStart");

        parent.Tell(new Boom());

        events.ExpectMsg("child:PreRestart(boom,)");
        events.ExpectMsg("child:PostStop");
        events.ExpectMsg("child:PostRestart(boom)");
        events.ExpectMsg("child:PreStart");
    }

    [Fact]
    public void A_failing_constructor_must_reach_the_supervisor_with_its_cause_and_stop_by_default()
    {
        var decisions = CreateTestProbe();
        var parent = Sys.ActorOf(Parent.Props(new OneForOneStrategy(reason =>
        {
            decisions.Ref.Tell(reason);
            return SupervisorStrategy.DefaultDecider.Decide(reason);
        })));

        parent.Tell((Props.Create(() => new Stillborn()), "child"));
        var child = ExpectMsg<IActorRef>();
        Watch(child);

        var reason = decisions.ExpectMsg<Exception>();
        Assert.IsAssignableFrom<ActorInitializationException>(reason);
        Assert.Contains(Chain(reason), one => one is Boom);
        ExpectTerminated(child);
    }

    [Fact]
    public void A_failing_constructor_must_be_tried_again_by_a_supervisor_that_restarts()
    {
        var attempts = 0;
        var events = CreateTestProbe();
        var parent = Sys.ActorOf(Parent.Props(new OneForOneStrategy(_ => Directive.Restart)));
        parent.Tell((Props.CreateBy(new Factory(() => ++attempts < 3 ? throw new Boom() : new Reporter(events.Ref))), "child"));
        var child = ExpectMsg<IActorRef>();

        child.Tell("kept");

        Assert.Equal("it:kept", events.FishForMessage<string>(it => it == "it:kept"));
        Assert.Equal(3, attempts);
    }

    [Fact]
    public void A_failing_PreStart_must_count_as_failed_initialization()
    {
        var decisions = CreateTestProbe();
        var parent = Sys.ActorOf(Parent.Props(new OneForOneStrategy(reason =>
        {
            decisions.Ref.Tell(reason);
            return Directive.Stop;
        })));

        parent.Tell((Props.Create(() => new FailsToStart()), "child"));
        Watch(ExpectMsg<IActorRef>());

        var reason = decisions.ExpectMsg<Exception>();
        Assert.IsAssignableFrom<ActorInitializationException>(reason);
        Assert.Contains(Chain(reason), one => one is Boom);
        ExpectMsg<Terminated>();
    }

    [Fact]
    public void A_failing_PostRestart_must_reach_the_supervisor_again()
    {
        var decisions = CreateTestProbe();
        var parent = Sys.ActorOf(Parent.Props(new OneForOneStrategy(reason =>
        {
            decisions.Ref.Tell(reason);
            return reason is Boom ? Directive.Restart : Directive.Stop;
        })));
        parent.Tell((Props.Create(() => new FailsToRestart()), "child"));
        var child = ExpectMsg<IActorRef>();
        Watch(child);

        child.Tell("fail");

        decisions.ExpectMsg<Boom>();
        Assert.Equal("fail", decisions.ExpectMsg<PostRestartException>().OriginalCause.Message);
        ExpectTerminated(child);
    }

    [Fact]
    public void The_default_strategy_must_restart_on_an_exception()
    {
        var events = CreateTestProbe();
        var actor = Sys.ActorOf(Reporter.Props(events.Ref));
        events.ExpectMsg("it:PreStart");

        EventFilter.Exception<Boom>().ExpectOne(() => actor.Tell(new Boom()));

        events.ExpectMsg("it:PreRestart(boom,failure)");
        events.ExpectMsg("it:PostStop");
        events.ExpectMsg("it:PostRestart(boom)");
        events.ExpectMsg("it:PreStart");
    }

    private (TestProbe Events, IActorRef Child) ChildOf(SupervisorStrategy strategy)
    {
        var events = CreateTestProbe();
        var parent = Sys.ActorOf(Parent.Props(strategy));
        parent.Tell((Reporter.Props(events.Ref), "child"));
        var child = ExpectMsg<IActorRef>();
        events.ExpectMsg("it:PreStart");
        return (events, child);
    }

    private (IActorRef A, IActorRef B, TestProbe Events) TwoChildrenOf(SupervisorStrategy strategy)
    {
        var events = CreateTestProbe();
        var parent = Sys.ActorOf(Parent.Props(strategy));
        parent.Tell((Reporter.Props(events.Ref, "a"), "a"));
        var a = ExpectMsg<IActorRef>();
        events.ExpectMsg("a:PreStart");
        parent.Tell((Reporter.Props(events.Ref, "b"), "b"));
        var b = ExpectMsg<IActorRef>();
        events.ExpectMsg("b:PreStart");
        return (a, b, events);
    }

    private sealed class Factory : IIndirectActorProducer
    {
        private readonly Func<ActorBase> _create;

        public Factory(Func<ActorBase> create)
        {
            _create = create;
        }

        public Type ActorType => typeof(Reporter);

        public ActorBase Produce() => _create();

        public void Release(ActorBase actor)
        {
        }
    }

    private sealed class Keeper : ReceiveActor
    {
        private readonly IActorRef _events;

        public Keeper(IActorRef events)
        {
            _events = events;
            Receive<Exception>(failure => throw failure);
        }

        protected override void PreStart() => Context.ActorOf(Reporter.Props(_events, "child"), "child");

        protected override void PreRestart(Exception reason, object message)
        {
            // Without the base call the child stays.
        }

        protected override void PostRestart(Exception reason)
        {
            // Nor is a second child created.
        }
    }

    private sealed class Stillborn : ReceiveActor
    {
        public Stillborn()
        {
            throw new Boom("stillborn");
        }
    }

    private sealed class FailsToStart : ReceiveActor
    {
        protected override void PreStart() => throw new Boom("start");
    }

    private sealed class FailsToRestart : ReceiveActor
    {
        public FailsToRestart()
        {
            Receive<string>(text => throw new Boom(text));
        }

        protected override void PostRestart(Exception reason) => throw new InvalidOperationException("again");
    }
}

public sealed class StoppingGuardianSpec : ContractSpec
{
    public StoppingGuardianSpec()
        : base("akka.actor.guardian-supervisor-strategy = \"Akka.Actor.StoppingSupervisorStrategy\"")
    {
    }

    [Fact]
    public void The_strategy_of_the_user_guardian_must_come_from_configuration()
    {
        var actor = Sys.ActorOf(Reporter.Props(TestActor));
        ExpectMsg("it:PreStart");
        Watch(actor);

        actor.Tell(new Boom());

        ExpectMsg("it:PostStop");
        ExpectTerminated(actor);
    }
}
