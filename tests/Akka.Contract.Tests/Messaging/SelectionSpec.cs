namespace Akka.Contract.Tests.Messaging;

public sealed class SelectionSpec : ContractSpec
{
    private readonly IActorRef _parent;

    public SelectionSpec()
    {
        _parent = Sys.ActorOf(Props.Create(() => new Node(3)), "top");
        _parent.Tell("ready?");
        ExpectMsg("/user/top: ready?");
    }

    [Fact]
    public void An_absolute_path_must_reach_its_actor()
    {
        Sys.ActorSelection("/user/top/child-1").Tell("hello");
        ExpectMsg("/user/top/child-1: hello");
        Sys.ActorSelection("akka://contract/user/top/child-2").Tell("hello");
        ExpectMsg("/user/top/child-2: hello");
        Sys.ActorSelection(_parent.Path / "child-3").Tell("hello");
        ExpectMsg("/user/top/child-3: hello");
    }

    [Fact]
    public void A_relative_path_must_start_at_the_actor_that_uses_it()
    {
        _parent.Tell(("child-2", "hello"));
        ExpectMsg("/user/top/child-2: hello");
        Sys.ActorSelection("/user/top/child-1").Tell(("../child-3", "hello"));
        ExpectMsg("/user/top/child-3: hello");
    }

    [Fact]
    public void A_wildcard_must_reach_all_that_fit()
    {
        Sys.ActorSelection("/user/top/*").Tell("all");
        ExpectMsgAllOf("/user/top/child-1: all", "/user/top/child-2: all", "/user/top/child-3: all");
        Sys.ActorSelection("/user/*/child-?").Tell("deep");
        ExpectMsgAllOf("/user/top/child-1: deep", "/user/top/child-2: deep", "/user/top/child-3: deep");
        Sys.ActorSelection("/user/top/*-3").Tell("one");
        ExpectMsg("/user/top/child-3: one");
    }

    [Fact]
    public void A_selection_of_nothing_must_end_in_dead_letters()
    {
        var letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));

        Sys.ActorSelection("/user/top/no-such-child").Tell("lost");

        letters.FishForMessage<DeadLetter>(letter => letter.Message is "lost" or ActorSelectionMessage { Message: "lost" });
    }

    [Fact]
    public void Identify_must_be_answered_by_the_actor_itself()
    {
        _parent.Tell(new Identify("id"));

        var identity = ExpectMsg<ActorIdentity>();
        Assert.Equal("id", identity.MessageId);
        Assert.Equal(_parent, identity.Subject);
    }

    [Fact]
    public void Identify_must_be_answered_for_a_selection_of_nothing()
    {
        Sys.ActorSelection("/user/nobody").Tell(new Identify(7));

        var identity = ExpectMsg<ActorIdentity>();
        Assert.Equal(7, identity.MessageId);
        Assert.Null(identity.Subject);
    }

    [Fact]
    public void Identify_must_be_answered_by_every_actor_that_a_wildcard_fits()
    {
        Sys.ActorSelection("/user/top/*").Tell(new Identify("all"));

        var names = ReceiveN(3).Cast<ActorIdentity>().Select(identity => identity.Subject.Path.Name);
        Assert.Equal(["child-1", "child-2", "child-3"], names.Order());
    }

    [Fact]
    public async Task ResolveOne_must_find_what_exists_and_say_so_of_what_does_not()
    {
        Assert.Equal(_parent, await Sys.ActorSelection("/user/top").ResolveOne(Patience));
        await Assert.ThrowsAsync<ActorNotFoundException>(() => Sys.ActorSelection("/user/nobody").ResolveOne(Patience));
    }

    private sealed class Node : ReceiveActor
    {
        public Node(int children)
        {
            for (var child = 1; child <= children; child++)
            {
                Context.ActorOf(Props.Create(() => new Node(0)), $"child-{child}");
            }

            Receive<(string Path, string Message)>(tell => Context.ActorSelection(tell.Path).Tell(tell.Message, Sender));
            Receive<string>(text => Sender.Tell($"{Self.Path.ToStringWithoutAddress()}: {text}"));
        }
    }
}
