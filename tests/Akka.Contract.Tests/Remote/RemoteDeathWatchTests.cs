#nullable enable annotations
using Akka.Actor;
using Xunit;

namespace Akka.Contract.Tests.Remote;

/// <summary>Watching an actor of another system.</summary>
public sealed class RemoteDeathWatchTests
{
    // A node counts as gone about two seconds after its last sign of life.
    private const string Alert =
        """
        akka.remote.watch-failure-detector {
          heartbeat-interval = 200ms
          acceptable-heartbeat-pause = 1s
          unreachable-nodes-reaper-interval = 200ms
          expected-response-after = 200ms
        }
        """;

    [Fact]
    public async Task The_stop_of_a_watched_actor_is_told()
    {
        var a = RemoteNode.Start("watching");
        var b = RemoteNode.Start("watched");
        try
        {
            var victim = b.ActorOf(Props.Create<EchoActor>(), "victim");
            var reference = await RemoteNode.FindAsync(a, b, "/user/victim");
            var terminated = Watcher.Start(a, reference);

            // The watch is on its way; an answer through the same connection does not overtake it.
            await reference.Ask<int>(1, RemoteNode.Patience);
            b.Stop(victim);
            var end = await terminated.NextAsync<Terminated>();
            Assert.Equal(reference, end.ActorRef);
            Assert.False(end.AddressTerminated);
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task Watching_an_actor_that_is_gone_already_is_answered()
    {
        var a = RemoteNode.Start("late-watching");
        var b = RemoteNode.Start("late-watched");
        try
        {
            var victim = b.ActorOf(Props.Create<EchoActor>(), "victim");
            var reference = await RemoteNode.FindAsync(a, b, "/user/victim");
            Assert.True(await victim.GracefulStop(RemoteNode.Patience));
            Assert.Equal(reference, (await Watcher.Start(a, reference).NextAsync<Terminated>()).ActorRef);
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_watch_by_path_ends_with_the_actor_that_is_there()
    {
        var a = RemoteNode.Start("path-watching");
        var b = RemoteNode.Start("path-watched");
        try
        {
            var victim = b.ActorOf(Props.Create<EchoActor>(), "victim");
            var byPath = ((ExtendedActorSystem)a).Provider.ResolveActorRef(RemoteNode.PathOf(b, "/user/victim"));
            var terminated = Watcher.Start(a, byPath);
            await byPath.Ask<int>(1, RemoteNode.Patience);
            b.Stop(victim);
            Assert.Equal(byPath.Path, (await terminated.NextAsync<Terminated>()).ActorRef.Path);
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task After_an_unwatch_nothing_is_told()
    {
        var a = RemoteNode.Start("unwatching");
        var b = RemoteNode.Start("unwatched");
        try
        {
            b.ActorOf(Props.Create<EchoActor>(), "victim");
            var reference = await RemoteNode.FindAsync(a, b, "/user/victim");
            var channel = System.Threading.Channels.Channel.CreateUnbounded<object>();
            var watcher = a.ActorOf(Props.Create(() => new Watcher(reference, channel.Writer)));
            var other = Watcher.Start(a, reference);
            watcher.Tell(Watcher.Unwatch.Instance);
            await reference.Ask<int>(1, RemoteNode.Patience);
            reference.Tell(PoisonPill.Instance);
            Assert.Equal(reference, (await other.NextAsync<Terminated>()).ActorRef);
            watcher.Tell("end");
            Assert.Equal("end", await new Received(channel.Reader).NextAsync());
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task The_end_of_the_node_is_the_end_of_its_actors()
    {
        var a = RemoteNode.Start("survivor", extra: Alert);
        var b = RemoteNode.Start("doomed", extra: Alert);
        try
        {
            b.ActorOf(Props.Create<EchoActor>(), "victim");
            var reference = await RemoteNode.FindAsync(a, b, "/user/victim");
            var one = Watcher.Start(a, reference);
            var two = Watcher.Start(a, reference);
            await reference.Ask<int>(1, RemoteNode.Patience);
            await Task.Delay(1000);
            await RemoteNode.StopAsync(b);
            Assert.Equal(reference, (await one.NextAsync<Terminated>()).ActorRef);
            Assert.Equal(reference, (await two.NextAsync<Terminated>()).ActorRef);
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task The_restart_of_the_node_ends_what_was_watched_there_before()
    {
        var a = RemoteNode.Start("steady", extra: Alert);
        var b = RemoteNode.Start("restarted", extra: Alert);
        try
        {
            var port = RemoteNode.PortOf(b);
            b.ActorOf(Props.Create<EchoActor>(), "victim");
            var reference = await RemoteNode.FindAsync(a, b, "/user/victim");
            var terminated = Watcher.Start(a, reference);
            await reference.Ask<int>(1, RemoteNode.Patience);
            await Task.Delay(1000);
            await RemoteNode.StopAsync(b);
            b = RemoteNode.Start("restarted", port, Alert);
            b.ActorOf(Props.Create<EchoActor>(), "victim");
            Assert.Equal(reference, (await terminated.NextAsync<Terminated>()).ActorRef);

            // And the successor can be watched in its turn.
            await RemoteNode.UntilAnsweredAsync(a, RemoteNode.PathOf(b, "/user/victim"), 1);
            var next = await RemoteNode.FindAsync(a, b, "/user/victim");
            var again = Watcher.Start(a, next);
            await next.Ask<int>(1, RemoteNode.Patience);
            next.Tell(PoisonPill.Instance);
            Assert.Equal(next, (await again.NextAsync<Terminated>()).ActorRef);
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }
}
