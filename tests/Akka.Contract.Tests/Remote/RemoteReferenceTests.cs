#nullable enable annotations
using Akka.Actor;
using Xunit;

namespace Akka.Contract.Tests.Remote;

/// <summary>Paths, selections and references across systems.</summary>
public sealed class RemoteReferenceTests : IAsyncLifetime
{
    private ActorSystem _a = null!;
    private ActorSystem _b = null!;

    public Task InitializeAsync()
    {
        _a = RemoteNode.Start("refs-a");
        _b = RemoteNode.Start("refs-b");
        return Task.CompletedTask;
    }

    public Task DisposeAsync() => RemoteNode.StopAsync(_a, _b);

    private sealed class Forwarder(IActorRef to) : UntypedActor
    {
        protected override void OnReceive(object message) => to.Forward(message);
    }

    private sealed class Parent : UntypedActor
    {
        public Parent()
        {
            Context.ActorOf(Props.Create<EchoActor>(), "one");
            Context.ActorOf(Props.Create<EchoActor>(), "two");
        }

        protected override void OnReceive(object message)
        {
        }
    }

    private sealed class Failing : UntypedActor
    {
        protected override void OnReceive(object message) =>
            Sender.Tell(new Status.Failure(new InvalidOperationException("no " + message)));
    }

    [Fact]
    public void A_remote_system_has_an_address_with_the_port_that_it_got()
    {
        var address = RemoteNode.AddressOf(_a);
        Assert.Equal("akka.tcp", address.Protocol);
        Assert.Equal("refs-a", address.System);
        Assert.Equal("127.0.0.1", address.Host);
        Assert.True(address.Port > 0);
        Assert.True(address.HasGlobalScope);
    }

    [Fact]
    public async Task The_sender_can_be_answered_and_has_its_full_path()
    {
        _b.ActorOf(Props.Create<EchoActor>(), "echo");
        var target = await RemoteNode.FindAsync(_a, _b, "/user/echo");
        var (self, received) = Collector.Start(_a, "asker");
        target.Tell(self, self);
        var cameBack = Assert.IsAssignableFrom<IActorRef>(await received.NextAsync());
        Assert.Equal(self, cameBack);
    }

    [Fact]
    public async Task A_reference_inside_a_message_is_usable_on_the_other_side()
    {
        var (sink, received) = Collector.Start(_b, "sink");
        var target = await RemoteNode.FindAsync(_a, _b, "/user/sink");
        var (self, replies) = Collector.Start(_a, "replies");
        target.Tell(self);
        var remoteSelf = Assert.IsAssignableFrom<IActorRef>(await received.NextAsync());
        Assert.Equal(RemoteNode.AddressOf(_a), remoteSelf.Path.Address);
        remoteSelf.Tell("hello");
        Assert.Equal("hello", await replies.NextAsync());
        Assert.NotNull(sink);
    }

    [Fact]
    public async Task A_forwarded_message_is_answered_to_the_first_sender()
    {
        _b.ActorOf(Props.Create<EchoActor>(), "echo");
        var echo = await RemoteNode.FindAsync(_a, _b, "/user/echo");
        var forwarder = _a.ActorOf(Props.Create(() => new Forwarder(echo)));
        Assert.Equal("x", await forwarder.Ask<string>("x", RemoteNode.Patience));
    }

    [Fact]
    public async Task Identify_and_ResolveOne_find_what_is_there()
    {
        var echo = _b.ActorOf(Props.Create<EchoActor>(), "echo");
        var selection = _a.ActorSelection(RemoteNode.PathOf(_b, "/user/echo"));
        var identity = await selection.Ask<ActorIdentity>(new Identify("id"), RemoteNode.Patience);
        Assert.Equal("id", identity.MessageId);
        Assert.Equal(echo.Path.ToStringWithoutAddress(), identity.Subject.Path.ToStringWithoutAddress());
        Assert.Equal(echo.Path.Uid, identity.Subject.Path.Uid);
        Assert.Equal(identity.Subject, await selection.ResolveOne(RemoteNode.Patience));
    }

    [Fact]
    public async Task Nobody_is_found_where_nobody_is()
    {
        var selection = _a.ActorSelection(RemoteNode.PathOf(_b, "/user/nobody"));
        var identity = await selection.Ask<ActorIdentity>(new Identify(7), RemoteNode.Patience);
        Assert.Null(identity.Subject);
        await Assert.ThrowsAsync<ActorNotFoundException>(() => selection.ResolveOne(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task A_selection_with_a_wildcard_reaches_all_that_fit()
    {
        // It answers when it has started, and so has its children.
        var parent = _b.ActorOf(Props.Create<Parent>(), "parent");
        await parent.Ask<ActorIdentity>(new Identify("started"), RemoteNode.Patience);
        await RemoteNode.FindAsync(_a, _b, "/user/parent/one");
        var (self, received) = Collector.Start(_a, "asker");
        _a.ActorSelection(RemoteNode.PathOf(_b, "/user/parent/*")).Tell("ping", self);
        Assert.Equal("ping", await received.NextAsync());
        Assert.Equal("ping", await received.NextAsync());
    }

    // The name of an actor that has ended is free a moment after the end was told.
    private async Task RestartEchoAsync(IActorRef first, string name)
    {
        Assert.True(await first.GracefulStop(RemoteNode.Patience));
        var limit = DateTime.UtcNow + RemoteNode.Patience;
        while (true)
        {
            try
            {
                _b.ActorOf(Props.Create<EchoActor>(), name);
                return;
            }
            catch (InvalidActorNameException) when (DateTime.UtcNow < limit)
            {
                await Task.Delay(5);
            }
        }
    }

    [Fact]
    public async Task A_reference_by_path_reaches_the_actor_and_its_successor()
    {
        var first = _b.ActorOf(Props.Create<EchoActor>(), "again");
        var byPath = ((ExtendedActorSystem)_a).Provider.ResolveActorRef(RemoteNode.PathOf(_b, "/user/again"));
        Assert.Equal(1, await byPath.Ask<int>(1, RemoteNode.Patience));

        await RestartEchoAsync(first, "again");
        Assert.Equal(2, await byPath.Ask<int>(2, RemoteNode.Patience));
    }

    [Fact]
    public async Task A_reference_to_one_incarnation_does_not_reach_the_next()
    {
        var first = _b.ActorOf(Props.Create<EchoActor>(), "mortal");
        var reference = await RemoteNode.FindAsync(_a, _b, "/user/mortal");
        Assert.Equal(1, await reference.Ask<int>(1, RemoteNode.Patience));

        await RestartEchoAsync(first, "mortal");
        await Assert.ThrowsAnyAsync<Exception>(() => reference.Ask<int>(2, TimeSpan.FromMilliseconds(300)));
        var next = await RemoteNode.FindAsync(_a, _b, "/user/mortal");
        Assert.NotEqual(reference, next);
    }

    [Fact]
    public async Task A_failure_that_is_answered_fails_the_ask()
    {
        _b.ActorOf(Props.Create<Failing>(), "failing");
        var target = await RemoteNode.FindAsync(_a, _b, "/user/failing");
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => target.Ask<string>("luck", RemoteNode.Patience));
        Assert.Contains("no luck", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_poison_pill_from_afar_stops_the_actor()
    {
        var victim = _b.ActorOf(Props.Create<EchoActor>(), "victim");
        var terminated = Watcher.Start(_b, victim);
        (await RemoteNode.FindAsync(_a, _b, "/user/victim")).Tell(PoisonPill.Instance);
        Assert.Equal(victim, (await terminated.NextAsync<Terminated>()).ActorRef);
    }

    [Fact]
    public async Task In_untrusted_mode_a_poison_pill_is_not_delivered()
    {
        var guarded = RemoteNode.Start("guarded", extra: "akka.remote { untrusted-mode = on, trusted-selection-paths = [\"/user/echo\"] }");
        try
        {
            guarded.ActorOf(Props.Create<EchoActor>(), "echo");
            guarded.ActorOf(Props.Create<EchoActor>(), "hidden");
            var target = await RemoteNode.FindAsync(_a, guarded, "/user/echo");
            target.Tell(PoisonPill.Instance);
            Assert.Equal("alive", await target.Ask<string>("alive", RemoteNode.Patience));
            await Assert.ThrowsAnyAsync<Exception>(() =>
                _a.ActorSelection(RemoteNode.PathOf(guarded, "/user/hidden")).Ask<string>("x", TimeSpan.FromMilliseconds(300)));
        }
        finally
        {
            await RemoteNode.StopAsync(guarded);
        }
    }
}
