namespace Akka.Contract.Tests.Messaging;

public sealed class BehaviourSpec : ContractSpec
{
    [Fact]
    public void Become_must_replace_the_behaviour()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Switching()));

        Assert.Equal("calm", Mood(actor));
        actor.Tell("become angry");

        Assert.Equal("angry", Mood(actor));
    }

    [Fact]
    public void BecomeStacked_must_be_undone_by_UnbecomeStacked()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Switching()));

        actor.Tell("push angry");
        actor.Tell("push happy");
        Assert.Equal("happy", Mood(actor));
        actor.Tell("pop");
        Assert.Equal("angry", Mood(actor));
        actor.Tell("pop");
        Assert.Equal("calm", Mood(actor));

        // The first behaviour stays.
        actor.Tell("pop");
        Assert.Equal("calm", Mood(actor));
    }

    [Fact]
    public void A_restart_must_bring_the_first_behaviour_back()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Switching()));
        actor.Tell("push angry");
        Assert.Equal("angry", Mood(actor));

        EventFilter.Exception<Boom>().ExpectOne(() => actor.Tell(new Boom()));

        Assert.Equal("calm", Mood(actor));
    }

    [Fact]
    public void ReceiveActor_must_try_its_handlers_in_the_order_of_declaration()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Picky(TestActor)));

        actor.Tell(5);
        ExpectMsg("small");
        actor.Tell(50);
        ExpectMsg("number");
        actor.Tell("text");
        ExpectMsg("comparable");
        actor.Tell('c');
        ExpectMsg("comparable");
        actor.Tell(new object());
        ExpectMsg("anything");
    }

    [Fact]
    public void A_message_that_no_handler_takes_must_be_published_as_unhandled()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));
        var actor = Sys.ActorOf(Props.Create(() => new Switching()));

        actor.Tell(12.5);

        var unhandled = ExpectMsg<UnhandledMessage>();
        Assert.Equal(12.5, unhandled.Message);
        Assert.Equal(actor, unhandled.Recipient);
        Assert.Equal(TestActor, unhandled.Sender);
    }

    [Fact]
    public void An_untyped_actor_must_become_too()
    {
        var actor = Sys.ActorOf(Props.Create(() => new UntypedSwitching()));

        actor.Tell("a");
        ExpectMsg("first a");
        actor.Tell("switch");
        actor.Tell("b");
        ExpectMsg("second b");
        actor.Tell("switch");
        actor.Tell("c");
        ExpectMsg("first c");
    }

    [Fact]
    public void Context_must_know_parent_children_and_self()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Family()), "parent");

        parent.Tell("create");
        var child = ExpectMsg<IActorRef>();
        parent.Tell("children");
        Assert.Equal([child], ExpectMsg<IActorRef[]>());
        parent.Tell("child");
        Assert.Equal(child, ExpectMsg<IActorRef>());
        parent.Tell("no such child");
        Assert.True(ExpectMsg<IActorRef>().IsNobody());
        child.Tell("parent");
        Assert.Equal(parent, ExpectMsg<IActorRef>());
    }

    [Fact]
    public void Forward_must_keep_the_sender()
    {
        var first = CreateTestProbe();
        var forwarder = Sys.ActorOf(Props.Create(() => new Forwarder(TestActor)));

        first.Send(forwarder, "hello");

        ExpectMsg("hello");
        Assert.Equal(first.Ref, LastSender);
    }

    private string Mood(IActorRef actor)
    {
        actor.Tell("mood");
        return ExpectMsg<string>();
    }

    private sealed class Switching : ReceiveActor
    {
        public Switching()
        {
            As("calm")();
        }

        private Action As(string mood) => () =>
        {
            Receive<Exception>(failure => throw failure);
            Receive<string>(text =>
            {
                switch (text.Split(' '))
                {
                    case ["mood"]:
                        Sender.Tell(mood);
                        break;
                    case ["become", var next]:
                        Become(As(next));
                        break;
                    case ["push", var next]:
                        BecomeStacked(As(next));
                        break;
                    case ["pop"]:
                        UnbecomeStacked();
                        break;
                }
            });
        };
    }

    private sealed class Picky : ReceiveActor
    {
        public Picky(IActorRef report)
        {
            Receive<int>(_ => report.Tell("small"), number => number < 10);
            Receive<int>(_ => report.Tell("number"));
            Receive<IComparable>(_ => report.Tell("comparable"));
            ReceiveAny(_ => report.Tell("anything"));
        }
    }

    private sealed class UntypedSwitching : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is "switch")
            {
                BecomeStacked(Second);
            }
            else
            {
                Sender.Tell($"first {message}");
            }
        }

        private void Second(object message)
        {
            if (message is "switch")
            {
                UnbecomeStacked();
            }
            else
            {
                Sender.Tell($"second {message}");
            }
        }
    }

    private sealed class Family : ReceiveActor
    {
        public Family()
        {
            Receive<string>(text => Sender.Tell(text switch
            {
                "create" => Context.ActorOf(Props.Create(() => new Family()), "child"),
                "children" => Context.GetChildren().ToArray(),
                "child" => Context.Child("child"),
                "no such child" => Context.Child("other"),
                "parent" => (object)Context.Parent,
                _ => "?",
            }));
        }
    }

    private sealed class Forwarder : UntypedActor
    {
        private readonly IActorRef _to;

        public Forwarder(IActorRef to)
        {
            _to = to;
        }

        protected override void OnReceive(object message) => _to.Forward(message);
    }
}
