using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Xunit;
using Xunit.Abstractions;

namespace Akka.Subset.Tests.Remote;

/// <summary>
/// A peer that passes the handshake and then sends nonsense. Its connection ends or its frames are dropped; the others
/// notice nothing.
/// </summary>
public sealed class FrameFuzzSpec(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }

    private static ActorSystem Start(string name) => ActorSystem.Create(name, ConfigurationFactory.ParseString(
        """
        akka { loglevel = ERROR, stdout-loglevel = OFF, loggers = [], log-dead-letters = off, actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 } }
        """));

    private static byte[] Frame(byte type, byte[] body)
    {
        var frame = new byte[5 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, 1 + body.Length);
        frame[4] = type;
        body.CopyTo(frame, 5);
        return frame;
    }

    private static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)bytes.Length, (byte)(bytes.Length >> 8), .. bytes];
    }

    private static byte[] Hello(int uid, Address target, int version = 1)
    {
        var head = new byte[6];
        BinaryPrimitives.WriteUInt16LittleEndian(head, (ushort)version);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(2), uid);
        return Frame(1, [.. "AKSUBREM"u8, .. head, .. Text("akka.tcp://stranger@127.0.0.1:9"), .. Text(target.ToString())]);
    }

    private static byte[] Message(Random random, Address target)
    {
        var id = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(id, random.Next(4) == 0 ? random.Next() : random.Next(0, 25));
        var payload = new byte[random.Next(0, 60)];
        random.NextBytes(payload);
        string[] manifests = ["", "S", "I", "ID", "AID", "SF", "AR", "System.String, System.Private.CoreLib", "System.Net.WebClient, System", "x"];
        var body = new List<byte> { 0, 0x80 };
        body.AddRange(Text(target + (random.Next(3) == 0 ? "/user/nobody" : "/user/echo")));
        body.AddRange(random.Next(2) == 0 ? [0xFE, 0xFF] : [0xFF, 0xFF, .. Text("akka.tcp://stranger@127.0.0.1:9/user/me")]);
        body.AddRange(id);
        body.AddRange([0xFF, 0xFF, .. Text(manifests[random.Next(manifests.Length)])]);
        body.AddRange(payload);
        return Frame(3, [.. body]);
    }

    private static byte[] Nonsense(Random random, Address target)
    {
        switch (random.Next(6))
        {
            case 0:
                var lie = new byte[5 + random.Next(0, 200)];
                random.NextBytes(lie);
                return lie;
            case 1:
                var body = new byte[random.Next(0, 300)];
                random.NextBytes(body);
                return Frame((byte)random.Next(0, 12), body);
            case 2:
                return Hello(1, target);
            case 3:
                var mutated = Message(random, target);
                for (var i = random.Next(1, 4); i > 0; i--)
                    mutated[random.Next(5, mutated.Length)] = (byte)random.Next(256);
                return mutated;
            default:
                return Message(random, target);
        }
    }

    [Fact]
    public async Task Nonsense_after_the_handshake_harms_nobody()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var a = Start("fuzzed");
        var b = Start("bystander");
        try
        {
            a.ActorOf(Props.Create<Echo>(), "echo");
            var address = ((ExtendedActorSystem)a).Provider.DefaultAddress;
            var echo = await b.ActorSelection(address + "/user/echo").ResolveOne(Patience);
            for (var round = 0; round < 300; round++)
            {
                using var stranger = new TcpClient();
                await stranger.ConnectAsync(IPAddress.Loopback, address.Port!.Value);
                try
                {
                    var stream = stranger.GetStream();
                    await stream.WriteAsync(Hello(1000 + round % 7, address, round % 50 == 49 ? 2 : 1));
                    var answer = new byte[1024];
                    if (await stream.ReadAsync(answer) == 0)
                        continue;
                    for (var i = random.Next(1, 12); i > 0; i--)
                        await stream.WriteAsync(Nonsense(random, address));

                    // Closing with something unread would take back what was sent: read to the end.
                    stranger.Client.Shutdown(SocketShutdown.Send);
                    while (await stream.ReadAsync(answer) > 0)
                    {
                    }
                }
                catch (Exception e) when (e is IOException or SocketException)
                {
                    // Thrown out in the middle: good.
                }

                if (round % 10 == 0)
                    Assert.Equal(round, await echo.Ask<int>(round, Patience));
            }

            Assert.Equal("alive", await echo.Ask<string>("alive", Patience));
        }
        finally
        {
            await a.Terminate().WaitAsync(Patience);
            await b.Terminate().WaitAsync(Patience);
        }
    }
}
