#nullable enable annotations
using Akka.Actor;
using Akka.Remote;
using RaftActors.Tests.Shared;
using Xunit;

namespace Akka.Contract.Tests.Remote;

/// <summary>Peers that go away and come back under the same address.</summary>
public sealed class RemoteRestartTests
{
    private const string Echo = "/user/echo";

    private static ActorSystem StartEcho(string name, int port = 0, string extra = "")
    {
        var system = RemoteNode.Start(name, port, extra);
        system.ActorOf(Props.Create<EchoActor>(), "echo");
        return system;
    }

    [Fact]
    public async Task After_a_restart_at_the_same_address_traffic_flows_both_ways()
    {
        var a = StartEcho("stay");
        var b = StartEcho("come-and-go");
        try
        {
            var port = RemoteNode.PortOf(b);
            var toB = RemoteNode.PathOf(b, Echo);
            await RemoteNode.UntilAnsweredAsync(a, toB, "first");
            for (var round = 0; round < 3; round++)
            {
                await RemoteNode.StopAsync(b);
                b = StartEcho("come-and-go", port);
                var there = await RemoteNode.UntilAnsweredAsync(a, toB, round);
                var back = await RemoteNode.UntilAnsweredAsync(b, RemoteNode.PathOf(a, Echo), round);
                Assert.True(there < TimeSpan.FromSeconds(15), $"to the restarted peer after {there}");
                Assert.True(back < TimeSpan.FromSeconds(15), $"from the restarted peer after {back}");
            }
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_restarted_peer_that_speaks_first_is_heard_at_once()
    {
        var a = StartEcho("listener", extra: "akka.remote.retry-gate-closed-for = 1s");
        var b = StartEcho("speaker");
        try
        {
            var port = RemoteNode.PortOf(b);
            await RemoteNode.UntilAnsweredAsync(a, RemoteNode.PathOf(b, Echo), "first");
            await RemoteNode.StopAsync(b);
            b = StartEcho("speaker", port);
            await RemoteNode.UntilAnsweredAsync(b, RemoteNode.PathOf(a, Echo), "back");
            await RemoteNode.UntilAnsweredAsync(a, RemoteNode.PathOf(b, Echo), "and forth");
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_peer_that_starts_late_is_reached_once_it_is_there()
    {
        var port = FreePort.Next();
        var a = StartEcho("early");
        ActorSystem? b = null;
        try
        {
            var waiting = RemoteNode.UntilAnsweredAsync(a, $"akka.tcp://late@127.0.0.1:{port}{Echo}", "hello");
            await Task.Delay(300);
            Assert.False(waiting.IsCompleted);
            b = StartEcho("late", port);
            await waiting;
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_quarantined_incarnation_is_not_reached_and_its_successor_is()
    {
        var a = StartEcho("judge");
        var b = StartEcho("judged");
        try
        {
            var port = RemoteNode.PortOf(b);
            var toB = RemoteNode.PathOf(b, Echo);
            await RemoteNode.UntilAnsweredAsync(a, toB, "first");
            var events = Collector.Subscribe<QuarantinedEvent>(a);
            var provider = (IRemoteActorRefProvider)((ExtendedActorSystem)a).Provider;
            provider.Quarantine(RemoteNode.AddressOf(b), AddressUidExtension.Uid(b));
            var quarantined = await events.NextAsync<QuarantinedEvent>();
            Assert.Equal(RemoteNode.AddressOf(b), quarantined.Address);

            for (var i = 0; i < 3; i++)
            {
                await Assert.ThrowsAnyAsync<Exception>(() => a.ActorSelection(toB).Ask<object>(i, TimeSpan.FromMilliseconds(300)));
                await Assert.ThrowsAnyAsync<Exception>(() => b.ActorSelection(RemoteNode.PathOf(a, Echo)).Ask<object>(i, TimeSpan.FromMilliseconds(300)));
            }

            await RemoteNode.StopAsync(b);
            b = StartEcho("judged", port);
            await RemoteNode.UntilAnsweredAsync(b, RemoteNode.PathOf(a, Echo), "new");
            await RemoteNode.UntilAnsweredAsync(a, toB, "new");
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task Associations_are_reported_on_the_event_stream()
    {
        var a = StartEcho("reports");
        var b = StartEcho("reported");
        try
        {
            var associated = Collector.Subscribe<AssociatedEvent>(a);
            var disassociated = Collector.Subscribe<DisassociatedEvent>(a);
            var toB = RemoteNode.PathOf(b, Echo);
            var addressOfB = RemoteNode.AddressOf(b);
            await RemoteNode.UntilAnsweredAsync(a, toB, "first");
            Assert.Equal(addressOfB, (await associated.NextAsync<AssociatedEvent>()).RemoteAddress);
            await RemoteNode.StopAsync(b);
            Assert.Equal(addressOfB, (await disassociated.NextAsync<DisassociatedEvent>()).RemoteAddress);

            var failed = Collector.Subscribe<AssociationErrorEvent>(a);
            await Assert.ThrowsAnyAsync<Exception>(() => RemoteNodeTellUntil(a, toB, failed));
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    // Tells into the void until the failed association is reported, and reports that as an exception.
    private static async Task RemoteNodeTellUntil(ActorSystem system, string path, Received failures)
    {
        var limit = DateTime.UtcNow + RemoteNode.Patience;
        while (DateTime.UtcNow < limit)
        {
            system.ActorSelection(path).Tell("anyone");
            if (failures.TryNext(out var failure))
                throw ((AssociationErrorEvent)failure!).Cause;
            await Task.Delay(20);
        }
    }
}
