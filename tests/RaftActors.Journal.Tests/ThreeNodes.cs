using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Protocol;
using RaftActors.Tests.Shared;

namespace RaftActors.Journal.Tests;

/// <summary>Three nodes with one stream, in this process and on real connections, that keep what they must in the journal that the configuration names.</summary>
internal sealed class ThreeNodes(Func<int, Config> plugins) : IAsyncDisposable
{
    private readonly ImmutableArray<Member> _members =
        [.. Enumerable.Range(1, 3).Select(i => new Member(new NodeId((uint)i), MemberKind.Voter, $"127.0.0.1:{FreePort.Next()}"))];

    private readonly List<(ActorSystem System, RaftStream Stream)> _running = [];

    /// <summary>Starts all, writes entries, and stops all.</summary>
    /// <returns>The hash of the state.</returns>
    public async Task<ulong> WriteAndStopAsync(int entries)
    {
        RaftStream leader = await StartAsync();
        for (int i = 0; i < entries; i += 20)
        {
            foreach (ProposalAnswer answer in await Task.WhenAll(Enumerable.Range(i, 20).Select(n => leader.ProposeAsync(Encoding.UTF8.GetBytes($"entry {n}")))))
            {
                Assert.IsType<ProposalCommitted>(answer);
            }
        }

        return await HashAndStopAsync(leader);
    }

    /// <summary>Starts all on what they kept, and stops them.</summary>
    /// <returns>The hash of the state.</returns>
    public async Task<ulong> StartAndHashAsync() => await HashAndStopAsync(await StartAsync());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach ((ActorSystem system, _) in _running)
        {
            await system.Terminate();
        }

        _running.Clear();
    }

    private async Task<RaftStream> StartAsync()
    {
        foreach (Member member in _members)
        {
            Config config = ConfigurationFactory.ParseString($$"""
                akka.loglevel = WARNING
                akka.coordinated-shutdown.exit-clr = off
                akka.actor.provider = remote
                akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = {{member.Address.Split(':')[1]}} }
                akka.remote.retry-gate-closed-for = 200ms

                # The leader stays, however busy the machine and the journal are.
                raft-actors.stream-defaults { election-timeout-min = 5s, election-timeout-max = 10s, client-timeout = 60s }
                """).WithFallback(plugins((int)member.Id.Value));
            ActorSystem system = ActorSystem.Create("tests", config);
            RaftStream stream = await RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
            {
                Id = new StreamId(1),
                NodeId = member.Id,
                Members = _members,
                StateMachine = () => new ChainedHashStateMachine(),
            });
            _running.Add((system, stream));
        }

        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (true)
        {
            foreach ((_, RaftStream stream) in _running)
            {
                StreamStatus status = await stream.GetStatusAsync();
                if (status.Role == Role.Leader && status.IsReady)
                {
                    return stream;
                }
            }

            Assert.True(DateTime.UtcNow < end, "no leader in time");
            await _running[0].Stream.TriggerElectionAsync();
            await Task.Delay(20);
        }
    }

    private async Task<ulong> HashAndStopAsync(RaftStream leader)
    {
        Assert.IsType<ReadCompleted>(await leader.ReadBarrierAsync());
        ulong hash = (await leader.GetStatusAsync()).StateHash;
        await DisposeAsync();
        return hash;
    }
}
