namespace Akka.Contract.Tests.Messaging;

public sealed class StashSpec : ContractSpec
{
    [Fact]
    public void UnstashAll_must_put_the_stashed_before_the_waiting_in_their_order()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Gate(TestActor)));

        WhileBlocked(actor, () =>
        {
            actor.Tell("1");
            actor.Tell("2");
            actor.Tell("open");
            actor.Tell("3");
        });

        ExpectMsg("1");
        ExpectMsg("2");
        ExpectMsg("3");
    }

    [Fact]
    public void Unstash_must_bring_back_one_message_the_oldest()
    {
        var actor = Sys.ActorOf(Props.Create(() => new OneByOne(TestActor)));

        actor.Tell("1");
        actor.Tell("2");
        actor.Tell("next");
        ExpectMsg("1");
        actor.Tell("next");
        ExpectMsg("2");
    }

    [Fact]
    public void Stashed_messages_must_keep_their_senders()
    {
        var one = CreateTestProbe();
        var two = CreateTestProbe();
        var actor = Sys.ActorOf(Props.Create(() => new Gate(TestActor)));

        one.Send(actor, "1");
        two.Send(actor, "2");
        actor.Tell("open");

        ExpectMsgFrom(one.Ref, "1");
        ExpectMsgFrom(two.Ref, "2");
    }

    [Fact]
    public void A_restart_must_bring_the_stashed_messages_back_before_the_waiting_ones()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Gate(TestActor)));

        EventFilter.Exception<Boom>().ExpectOne(() => WhileBlocked(actor, () =>
        {
            actor.Tell("1");
            actor.Tell("2");
            actor.Tell(new Boom());
            actor.Tell("3");
            actor.Tell("open");
        }));

        ExpectMsg("1");
        ExpectMsg("2");
        ExpectMsg("3");
    }

    [Fact]
    public void What_is_stashed_when_the_actor_stops_must_be_dead_letters()
    {
        var letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
        var actor = Sys.ActorOf(Props.Create(() => new Gate(TestActor)));
        actor.Tell("1");
        actor.Tell("2");
        actor.Tell(PoisonPill.Instance);

        Assert.Equal("1", letters.ExpectMsg<DeadLetter>().Message);
        Assert.Equal("2", letters.ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public void Stashing_the_same_message_twice_must_be_a_failure()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Twice(TestActor)));

        actor.Tell("twice");

        Assert.IsAssignableFrom<AkkaException>(ExpectMsg<Exception>());
    }

    [Fact]
    public void Ten_thousand_stashed_messages_must_come_back_in_order()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Gate(TestActor)));
        for (var number = 0; number < 10_000; number++)
        {
            actor.Tell($"{number}");
        }

        actor.Tell("open");

        for (var number = 0; number < 10_000; number++)
        {
            ExpectMsg($"{number}");
        }
    }

    private sealed class Gate : ReceiveActor, IWithUnboundedStash
    {
        public Gate(IActorRef report)
        {
            Receive<Block>(block => block.Hold());
            Receive<Exception>(failure => throw failure);
            Receive<string>(text => text == "open", _ =>
            {
                Stash.UnstashAll();
                Become(() => ReceiveAny(message => report.Forward(message)));
            });
            ReceiveAny(_ => Stash.Stash());
        }

        public IStash Stash { get; set; }
    }

    private sealed class OneByOne : ReceiveActor, IWithUnboundedStash
    {
        public OneByOne(IActorRef report)
        {
            Receive<string>(text => text == "next", _ =>
            {
                Stash.Unstash();
                BecomeStacked(() => ReceiveAny(message =>
                {
                    report.Forward(message);
                    UnbecomeStacked();
                }));
            });
            ReceiveAny(_ => Stash.Stash());
        }

        public IStash Stash { get; set; }
    }

    private sealed class Twice : ReceiveActor, IWithUnboundedStash
    {
        public Twice(IActorRef report)
        {
            ReceiveAny(_ =>
            {
                Stash.Stash();
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
}
