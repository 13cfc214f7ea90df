namespace Akka.Contract.Tests.Actors;

public sealed class ActorNameSpec : ContractSpec
{
    private static Props Any => Props.Create(() => new Echo());

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("$a")]
    [InlineData("a%")]
    [InlineData("ä")]
    public void A_name_that_does_not_fit_a_path_must_be_refused(string name) =>
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Any, name));

    [Theory]
    [InlineData("a")]
    [InlineData("stream-17")]
    [InlineData("a_b.c*d$e+f:g@h&i=j,k!l~m'n;o")]
    [InlineData("%20")]
    public void A_name_that_fits_a_path_must_be_taken(string name)
    {
        var actor = Sys.ActorOf(Any, name);

        Assert.Equal(name, actor.Path.Name);
        Assert.Equal($"akka://contract/user/{name}", actor.Path.ToString());
    }

    [Fact]
    public void A_name_in_use_must_be_refused()
    {
        Sys.ActorOf(Any, "taken");

        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Any, "taken"));
    }

    [Fact]
    public void Names_that_nobody_gave_must_differ()
    {
        var names = Enumerable.Range(0, 1000).Select(_ => Sys.ActorOf(Any).Path.Name).ToHashSet();

        Assert.Equal(1000, names.Count);
    }

    [Fact]
    public void A_new_actor_of_the_same_name_must_not_be_taken_for_the_old_one()
    {
        var old = Sys.ActorOf(Any, "phoenix");
        Watch(old);
        Sys.Stop(old);
        ExpectTerminated(old);

        // The watcher may hear of the end before the parent has given the name free.
        IActorRef young = null;
        AwaitAssert(() => young = Sys.ActorOf(Any, "phoenix"), Patience, TimeSpan.FromMilliseconds(5));

        Assert.Equal(old.Path, young.Path);
        Assert.NotEqual(old.Path.Uid, young.Path.Uid);
        Assert.NotEqual(old, young);

        // What is sent to the old reference must not reach the new actor.
        old.Tell("to the old one");
        young.Tell("to the young one");
        ExpectMsg("to the young one");
    }

    [Fact]
    public void A_path_must_be_taken_apart_into_its_elements()
    {
        var path = ActorPath.Parse("akka.tcp://other@host:4711/user/raft/stream-1");

        Assert.Equal(new Address("akka.tcp", "other", "host", 4711), path.Address);
        Assert.Equal(["user", "raft", "stream-1"], path.Elements);
        Assert.Equal("stream-1", path.Name);
        Assert.Equal("raft", path.Parent.Name);
        Assert.Equal("akka.tcp://other@host:4711/user/raft/stream-1/node", (path / "node").ToString());
        Assert.Equal("/user/raft/stream-1", path.ToStringWithoutAddress());
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }
}
