namespace Akka.Contract.Tests.Actors;

/// <summary>Hooks that fail, senders that are nobody, constructors that do not fit.</summary>
public sealed class LifecycleEdgesSpec : ContractSpec
{
    public LifecycleEdgesSpec()
        : base("""
            small-stash {
              mailbox-type = "Akka.Dispatch.UnboundedDequeBasedMailbox, Akka"
              stash-capacity = 2
            }
            """)
    {
    }

    [Fact]
    public void A_failing_PostStop_must_not_keep_an_actor_alive()
    {
        var actor = Sys.ActorOf(Props.Create(() => new FailingHooks(TestActor)));
        Watch(actor);

        EventFilter.Exception<Boom>(contains: "PostStop").ExpectOne(() => actor.Tell(PoisonPill.Instance));

        ExpectTerminated(actor);
    }

    [Fact]
    public void A_failing_PreRestart_must_not_prevent_the_restart()
    {
        var actor = Sys.ActorOf(Props.Create(() => new FailingHooks(TestActor)));

        EventFilter.Exception<Boom>(contains: "fail").Mute(() =>
        {
            actor.Tell(new Boom("fail"));
            actor.Tell("alive?");
            ExpectMsg("restarted");
            ExpectMsg("alive?");
        });
    }

    [Fact]
    public void A_message_without_a_sender_must_have_dead_letters_as_its_sender()
    {
        var actor = Sys.ActorOf(Props.Create(() => new TellsSender(TestActor)));

        actor.Tell("anonymous", ActorRefs.NoSender);

        ExpectMsg<IActorRef>(Sys.DeadLetters);
    }

    [Fact]
    public void Nobody_must_take_messages_without_complaint()
    {
        ActorRefs.Nobody.Tell("hello");
        ActorRefs.Nobody.Tell(PoisonPill.Instance, TestActor);

        Assert.True(ActorRefs.Nobody.IsNobody());
        Assert.False(TestActor.IsNobody());
    }

    [Fact]
    public void A_null_message_must_be_refused() => Assert.Throws<InvalidMessageException>(() => TestActor.Tell(null, TestActor));

    [Fact]
    public void Props_by_type_must_pass_their_arguments()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Reporter), TestActor, "typed"));
        ExpectMsg("typed:PreStart");
        var generic = Sys.ActorOf(Props.Create<Reporter>(TestActor, "generic"));
        ExpectMsg("generic:PreStart");

        actor.Tell("a");
        ExpectMsg("typed:a");
        generic.Tell("b");
        ExpectMsg("generic:b");
    }

    [Fact]
    public void A_stash_beyond_its_capacity_must_be_a_failure()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Hoarder(TestActor)).WithMailbox("small-stash"));

        actor.Tell("1");
        actor.Tell("2");
        actor.Tell("3");

        ExpectMsg<StashOverflowException>();
    }

    [Fact]
    public void A_child_that_is_created_by_a_restarted_parent_must_live()
    {
        var actor = Sys.ActorOf(Props.Create(() => new WithChild()), "with-child");
        actor.Tell("child");
        var first = ExpectMsg<IActorRef>();
        Watch(first);

        EventFilter.Exception<Boom>().ExpectOne(() => actor.Tell(new Boom()));
        ExpectTerminated(first);
        actor.Tell("child");
        var second = ExpectMsg<IActorRef>();

        Assert.Equal(first.Path, second.Path);
        second.Tell("alive?");
        ExpectMsg("alive?");
    }

    [Fact]
    public void Failures_one_after_the_other_must_each_be_decided_upon()
    {
        var decided = CreateTestProbe();
        var parent = Sys.ActorOf(Parent.Props(new OneForOneStrategy(reason =>
        {
            decided.Ref.Tell(reason.Message);
            return reason.Message == "3" ? Directive.Restart : Directive.Resume;
        })));
        parent.Tell((Reporter.Props(CreateTestProbe().Ref), "child"));
        var child = ExpectMsg<IActorRef>();

        for (var number = 1; number <= 100; number++)
        {
            child.Tell(new Boom($"{number}"));
        }

        for (var number = 1; number <= 100; number++)
        {
            decided.ExpectMsg($"{number}");
        }
    }

    [Fact]
    public void A_parent_that_fails_while_its_child_fails_must_come_to_rest()
    {
        var events = CreateTestProbe();
        var parent = Sys.ActorOf(Parent.Props(new OneForOneStrategy(_ => Directive.Restart)));
        parent.Tell((Reporter.Props(events.Ref), "child"));
        var child = ExpectMsg<IActorRef>();

        EventFilter.Exception<Boom>().Mute(() =>
        {
            for (var round = 0; round < 50; round++)
            {
                child.Tell(new Boom("child"));
                parent.Tell(new Boom("parent"));
                parent.Tell((Reporter.Props(events.Ref), "child"));
                child = FishForMessage<IActorRef>(_ => true);
            }

            child.Tell("last");
            events.FishForMessage<string>(text => text == "it:last");
        });
    }

    private sealed class FailingHooks : ReceiveActor
    {
        private readonly IActorRef _report;

        public FailingHooks(IActorRef report)
        {
            _report = report;
            Receive<Exception>(failure => throw failure);
            ReceiveAny(message => report.Tell(message));
        }

        protected override void PreRestart(Exception reason, object message) => throw new Boom("fail in PreRestart");

        protected override void PostRestart(Exception reason) => _report.Tell("restarted");

        protected override void PostStop() => throw new Boom("fail in PostStop");
    }

    private sealed class TellsSender : UntypedActor
    {
        private readonly IActorRef _report;

        public TellsSender(IActorRef report)
        {
            _report = report;
        }

        protected override void OnReceive(object message) => _report.Tell(Sender);
    }

    private sealed class Hoarder : ReceiveActor, IWithUnrestrictedStash
    {
        public Hoarder(IActorRef report)
        {
            ReceiveAny(_ =>
            {
                try
                {
                    Stash.Stash();
                }
                catch (Exception e)
                {
                    report.Tell(e);
                }
            });
        }

        public IStash Stash { get; set; }
    }

    private sealed class WithChild : ReceiveActor
    {
        public WithChild()
        {
            Receive<Exception>(failure => throw failure);
            Receive<string>(_ => Sender.Tell(Context.Child("child")));
        }

        protected override void PreStart() => Context.ActorOf(Props.Create(() => new Echo()), "child");
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }
}
