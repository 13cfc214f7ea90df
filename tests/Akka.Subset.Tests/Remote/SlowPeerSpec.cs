using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Xunit;

namespace Akka.Subset.Tests.Remote;

/// <summary>A peer that does not read for a while: the connection takes a part of what it is given, or nothing.</summary>
public sealed class SlowPeerSpec
{
    private const int Messages = 3000;
    private const byte MessageFrame = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string Padding = new('x', 8000);

    [Fact]
    public async Task What_the_connection_does_not_take_at_once_arrives_later_complete_and_in_order()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var system = ActorSystem.Create("fast", ConfigurationFactory.ParseString(
            """
            akka { loglevel = ERROR, stdout-loglevel = OFF, loggers = [], log-dead-letters = off, actor.provider = remote
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 } }
            """));
        try
        {
            var provider = ((ExtendedActorSystem)system).Provider;
            var peer = provider.ResolveActorRef($"akka.tcp://slow@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/user/reader");
            for (var i = 0; i < Messages; i++)
                peer.Tell(Padding + i.ToString("D8"), ActorRefs.NoSender);

            using var accepted = await listener.AcceptTcpClientAsync().WaitAsync(Patience);
            var stream = accepted.GetStream();
            await ReadFrameAsync(stream);
            await stream.WriteAsync(Greeting());

            // More than the buffers of both sockets hold waits now; so some of it had to wait for room.
            for (var expected = 0; expected < Messages;)
            {
                var frame = await ReadFrameAsync(stream).WaitAsync(Patience);
                if (frame[0] == MessageFrame)
                    Assert.Equal(expected++, int.Parse(Encoding.UTF8.GetString(frame.AsSpan(frame.Length - 8))));
            }
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience);
        }
    }

    private static async Task<byte[]> ReadFrameAsync(NetworkStream stream)
    {
        var length = new byte[4];
        await stream.ReadExactlyAsync(length);
        var frame = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        await stream.ReadExactlyAsync(frame);
        return frame;
    }

    // The answer to the greeting: accepted, by incarnation 7.
    private static byte[] Greeting()
    {
        byte[] body = [2, .. "AKSUBREM"u8, 1, 0, 0, 7, 0, 0, 0, 0, 0];
        return [(byte)body.Length, 0, 0, 0, .. body];
    }
}
