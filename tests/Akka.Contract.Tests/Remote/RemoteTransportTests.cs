#nullable enable annotations
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using RaftActors.Tests.Shared;
using Xunit;
using Xunit.Abstractions;

namespace Akka.Contract.Tests.Remote;

/// <summary>The port: who else has it, and what strangers send to it.</summary>
public sealed class RemoteTransportTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_port_in_use_fails_the_start_with_the_socket_error_inside()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        ActorSystem? system = null;
        var failure = Record.Exception(() => system = RemoteNode.Start("late-comer", port));
        await RemoteNode.StopAsync(system);
        Assert.NotNull(failure);
        var inner = failure;
        while (inner is not SocketException && inner?.InnerException != null)
            inner = inner.InnerException;
        Assert.Equal(SocketError.AddressAlreadyInUse, Assert.IsType<SocketException>(inner).SocketErrorCode);
    }

    [Theory]
    [InlineData("remote")]
    [InlineData("Akka.Remote.RemoteActorRefProvider, Akka.Remote")]
    [InlineData("Akka.Remote.RemoteActorRefProvider,Akka.Remote")]
    public async Task The_provider_has_a_short_name_and_a_long_one(string provider)
    {
        var system = RemoteNode.Start("provider", extra: $"akka.actor.provider = \"{provider}\"");
        try
        {
            Assert.Equal("akka.tcp", RemoteNode.AddressOf(system).Protocol);
        }
        finally
        {
            await RemoteNode.StopAsync(system);
        }
    }

    [Theory]
    [InlineData("akka.remote.use-passive-connections = off")]
    [InlineData("akka.remote.dot-netty.tcp.batching.enabled = false")]
    [InlineData("akka.remote.log-received-messages = on, akka.remote.log-sent-messages = on")]
    public async Task Both_directions_work_however_the_transport_is_set(string setting)
    {
        var a = RemoteNode.Start("set-a", extra: setting);
        var b = RemoteNode.Start("set-b", extra: setting);
        try
        {
            a.ActorOf(Props.Create<EchoActor>(), "echo");
            b.ActorOf(Props.Create<EchoActor>(), "echo");
            var there = await RemoteNode.FindAsync(a, b, "/user/echo");
            var back = await RemoteNode.FindAsync(b, a, "/user/echo");
            for (var i = 0; i < 100; i++)
            {
                Assert.Equal(i, await there.Ask<int>(i, RemoteNode.Patience));
                Assert.Equal(i, await back.Ask<int>(i, RemoteNode.Patience));
            }
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_port_is_free_again_when_the_system_has_ended()
    {
        var port = FreePort.Next();
        for (var i = 0; i < 3; i++)
        {
            var a = RemoteNode.Start("again", port);
            var b = RemoteNode.Start("visitor");
            a.ActorOf(Props.Create<EchoActor>(), "echo");
            await RemoteNode.UntilAnsweredAsync(b, RemoteNode.PathOf(a, "/user/echo"), i);
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task Garbage_on_the_port_disturbs_nobody()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var a = RemoteNode.Start("garbage-a");
        var b = RemoteNode.Start("garbage-b");
        try
        {
            a.ActorOf(Props.Create<EchoActor>(), "echo");
            var echo = await RemoteNode.FindAsync(b, a, "/user/echo");
            Assert.Equal(0, await echo.Ask<int>(0, RemoteNode.Patience));

            byte[][] openings =
            [
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(),
                [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
                [0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3, 4],
                [0, 0, 0, 0, 0, 0, 0, 0],
                [0, 0, 0, 0x80, 0, 0, 0, 0],
                [16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3],
                [1],
            ];
            for (var i = 0; i < 40; i++)
            {
                using var stranger = new TcpClient();
                await stranger.ConnectAsync(IPAddress.Loopback, RemoteNode.PortOf(a));
                var noise = new byte[random.Next(0, 4000)];
                random.NextBytes(noise);
                try
                {
                    if (i % 2 == 0)
                        await stranger.GetStream().WriteAsync(openings[i / 2 % openings.Length]);
                    await stranger.GetStream().WriteAsync(noise);
                }
                catch (IOException)
                {
                    // Thrown out already: as good as any answer.
                }

                Assert.Equal(i, await echo.Ask<int>(i, RemoteNode.Patience));
            }

            await Task.Delay(100);
            Assert.Equal("still there", await echo.Ask<string>("still there", RemoteNode.Patience));
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task Another_name_for_the_same_host_works()
    {
        var a = RemoteNode.Start("named", extra: "akka.remote.dot-netty.tcp { hostname = localhost, public-hostname = localhost }");
        var b = RemoteNode.Start("caller");
        try
        {
            Assert.Equal("localhost", RemoteNode.AddressOf(a).Host);
            a.ActorOf(Props.Create<EchoActor>(), "echo");
            await RemoteNode.UntilAnsweredAsync(b, RemoteNode.PathOf(a, "/user/echo"), "hello");
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_system_of_another_name_at_that_port_is_not_mistaken_for_the_one_that_was_meant()
    {
        var a = RemoteNode.Start("right");
        var b = RemoteNode.Start("caller");
        try
        {
            var (_, received) = Collector.Start(a, "sink");
            b.ActorSelection($"akka.tcp://wrong@127.0.0.1:{RemoteNode.PortOf(a)}/user/sink").Tell("astray");
            await Task.Delay(500);
            b.ActorSelection(RemoteNode.PathOf(a, "/user/sink")).Tell("right");
            Assert.Equal("right", await received.NextAsync());
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }
}
