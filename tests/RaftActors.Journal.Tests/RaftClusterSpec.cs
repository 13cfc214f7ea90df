using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Journal.Tests;

/// <summary>A cluster whose nodes keep their log in this journal, stopped and started again.</summary>
public sealed class RaftClusterSpec : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Committed_entries_must_survive_a_restart_of_all_nodes()
    {
        ImmutableArray<Member> members = [.. Enumerable.Range(1, 3).Select(i => new Member(new NodeId((uint)i), MemberKind.Voter, $"127.0.0.1:{FreePort()}"))];
        ulong[] hashes = new ulong[2];
        for (int run = 0; run < 2; run++)
        {
            List<(ActorSystem System, RaftStream Stream)> nodes = [];
            foreach (Member member in members)
            {
                nodes.Add(await StartAsync(member, members));
            }

            RaftStream leader = await LeaderAsync(nodes.Select(n => n.Stream));
            for (int i = 0; run == 0 && i < 200; i++)
            {
                Assert.IsType<ProposalCommitted>(await leader.ProposeAsync(Encoding.UTF8.GetBytes($"entry {i}")));
            }

            ReadAnswer read = await leader.QueryAsync(ReadOnlyMemory<byte>.Empty);
            hashes[run] = BitConverter.ToUInt64(SHA(Assert.IsType<ReadCompleted>(read).Result));
            foreach ((ActorSystem system, _) in nodes)
            {
                await system.Terminate();
            }
        }

        Assert.Equal(hashes[0], hashes[1]);
    }

    private static byte[] SHA(ReadOnlyMemory<byte> bytes) => System.Security.Cryptography.SHA256.HashData(bytes.Span);

    private async Task<(ActorSystem, RaftStream)> StartAsync(Member member, ImmutableArray<Member> members)
    {
        string port = member.Address.Split(':')[1];
        Config config = ConfigurationFactory.ParseString($$"""
            akka.loglevel = WARNING
            akka.coordinated-shutdown.exit-clr = off
            akka.actor.provider = remote
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = {{port}} }
            akka.remote.retry-gate-closed-for = 200ms
            """).WithFallback(Plugins.Config(Path.Combine(_folder.Path, member.Id.Value.ToString(CultureInfo.InvariantCulture))));
        ActorSystem system = ActorSystem.Create("tests", config);
        RaftStream stream = await RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
        {
            Id = new StreamId(1), NodeId = member.Id, Members = members, StateMachine = () => new ChainedHashStateMachine(),
        });
        return (system, stream);
    }

    private static async Task<RaftStream> LeaderAsync(IEnumerable<RaftStream> streams)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        while (true)
        {
            foreach (RaftStream stream in streams)
            {
                StreamStatus status = await stream.GetStatusAsync();
                if (status.Role == Role.Leader && status.IsReady)
                {
                    return stream;
                }
            }

            Assert.True(DateTime.UtcNow < end, "no leader in time");
            await Task.Delay(20);
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
