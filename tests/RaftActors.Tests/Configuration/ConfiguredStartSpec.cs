using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Configuration;

/// <summary>Streams that HOCON starts, and configurations that must not start.</summary>
public sealed class ConfiguredStartSpec
{
    [Fact]
    public async Task Streams_of_the_configuration_must_be_started_with_the_extension()
    {
        uint id = TestConfig.NewStream().Value;
        uint second = TestConfig.NewStream().Value;
        ActorSystem system = ActorSystem.Create("configured", ConfigurationFactory.ParseString(
            $$"""
            akka.extensions = ["RaftActors.RaftStreamsExtension, RaftActors"]
            raft-actors {
              node-id = 1
              nodes { 1 = "localhost:1" }
              streams = [
                { id = {{id}}, name = first, state-machine = "{{typeof(CountingStateMachine).AssemblyQualifiedName}}", settings { max-entry-size = 100 } }
                { id = {{second}}, state-machine = "{{typeof(CountingFactory).AssemblyQualifiedName}}" }
              ]
            }
            """).WithFallback(TestConfig.Fast));
        try
        {
            RaftStreams streams = RaftStreams.Get(system);
            Assert.Equal(new NodeId(1), streams.NodeId);
            RaftStream first = await Started(streams, id);
            Assert.Equal("first", (await first.GetStatusAsync()).Name);
            Assert.Equal("1", Result(await first.ProposeAsync("x"u8.ToArray())));
            Assert.IsType<ProposalRefused>(await first.ProposeAsync(new byte[101]));
            Assert.Equal("1", Result(await (await Started(streams, second)).ProposeAsync(new byte[101])));
            Assert.Equal(2, (await streams.GetStatusAsync()).Count);
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Fact]
    public async Task Quorums_and_groups_of_the_configuration_must_be_what_the_stream_begins_with()
    {
        uint id = TestConfig.NewStream().Value;
        StreamMembership membership = await MembershipOf(
            id,
            $$"""
            akka.extensions = ["RaftActors.RaftStreamsExtension, RaftActors"]
            raft-actors {
              node-id = 1
              nodes { 1 = "localhost:1" }
              streams = [ { id = {{id}}, state-machine = "{{typeof(CountingStateMachine).AssemblyQualifiedName}}", quorum { commit = 1, required-groups = [7], groups { 1 = 7 } } } ]
            }
            """);
        Assert.Equal((1, 7), (membership.Quorum.Commit, membership.Members[0].Group));
        Assert.Equal(7, Assert.Single(membership.Quorum.RequiredGroups));
    }

    [Fact]
    public async Task Kinds_priorities_and_groups_of_the_configuration_must_be_what_the_stream_begins_with()
    {
        uint id = TestConfig.NewStream().Value;
        StreamMembership membership = await MembershipOf(
            id,
            $$"""
            akka.actor.provider = remote
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            akka.extensions = ["RaftActors.RaftStreamsExtension, RaftActors"]
            raft-actors {
              node-id = 1
              nodes { 1 = "localhost:1", 2 = "localhost:2", 3 = "localhost:3" }
              streams = [ {
                id = {{id}}, state-machine = "{{typeof(CountingStateMachine).AssemblyQualifiedName}}"
                members { 1 = { priority = 5 }, "2" = { kind = log-only, group = 4 }, 3 = { kind = learner } }
              } ]
            }
            """);
        Assert.Equal(
            [(MemberKind.Voter, 5, 0), (MemberKind.LogOnly, 0, 4), (MemberKind.Learner, 0, 0)],
            membership.Members.Select(m => (m.Kind, m.Priority, m.Group)));
    }

    [Theory]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", quorum { commit = 2 } } ] }", "raft-actors.streams[0].quorum")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", quorum { required-groups = [3] } } ] }", "raft-actors.streams[0].quorum")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", quorum { comit = 1 } } ] }", "raft-actors.streams[0].quorum.comit")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", quorum { groups { 2 = 1 } } } ] }", "raft-actors.streams[0].quorum.groups.2")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members = 3 } ] }", "raft-actors.streams[0].members")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members { 3 { kind = learner } } } ] }", "raft-actors.streams[0].members.3")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members { 2 = learner } } ] }", "raft-actors.streams[0].members.2")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members { 2 { kind = witness } } } ] }", "raft-actors.streams[0].members.2.kind")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members { 2 { priority = high } } } ] }", "raft-actors.streams[0].members.2.priority")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members { 2 { priority = -1 } } } ] }", "raft-actors.streams[0].members.2.priority")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members { 2 { group = x } } } ] }", "raft-actors.streams[0].members.2.group")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members { 2 { rank = 1 } } } ] }", "raft-actors.streams[0].members.2.rank")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members = { 2 { group = 1 } }, quorum { groups { 2 = 1 } } } ] }", "raft-actors.streams[0].members.2.group")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members { 1 = { kind = learner }, 2 { kind = log-only } } } ] }", "raft-actors.streams[0].members")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", members = { 2 { kind = learner } }, quorum { commit = 2 } } ] }", "raft-actors.streams[0].quorum")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\", member { 2 { kind = learner } } } ] }", "raft-actors.streams[0].member")]
    [InlineData("raft-actors.nonsense = 1", "raft-actors.nonsense")]
    [InlineData("raft-actors.remoting.transport = \"No.Such.Class, Nowhere\"", "raft-actors.remoting.transport")]
    [InlineData("raft-actors.remoting.transport = \"RaftActors.StreamDefinition, RaftActors\"", "raft-actors.remoting.transport")]
    [InlineData("raft-actors.remoting.max-frame-bytes = 10MiB", "raft-actors.remoting.max-frame-bytes")]
    [InlineData("akka.remote.dot-netty.tcp.maximum-frame-size = 3000", "akka.remote.dot-netty.tcp.maximum-frame-size")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\" }, streams = [ { id = 1, state-machine = \"No.Such, Nowhere\" } ] }", "raft-actors.streams[0].state-machine")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\" }, streams = [ { id = 1, state-machine = \"RaftActors.StreamDefinition, RaftActors\" } ] }", "raft-actors.streams[0].state-machine")]
    [InlineData("raft-actors { node-id = 1, nodes = { 1 = \"a:1\", 2 = \"a:2\" }, streams = [ { id = 1, state-machine = \"RaftActors.Tests.Configuration.CountingStateMachine, RaftActors.Tests\" } ] }", "stream 1.members")]
    public async Task Impossible_configuration_must_fail_the_extension(string hocon, string key)
    {
        ActorSystem system = ActorSystem.Create("impossible", ConfigurationFactory.ParseString(hocon).WithFallback("akka.loglevel = OFF").WithFallback(TestConfig.Fast));
        try
        {
            RaftConfigurationException e = Assert.Throws<RaftConfigurationException>(() => RaftStreams.Get(system));
            Assert.Equal(key, e.Key);
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Theory]
    [InlineData("members without this one", 3u, "stream 7.members")]
    [InlineData("unknown setting", 1u, "stream 7.settings.heartbeat-interva")]
    public async Task Impossible_definition_must_be_refused(string why, uint self, string key)
    {
        ActorSystem system = ActorSystem.Create("impossible", TestConfig.Fast);
        try
        {
            RaftConfigurationException e = await Assert.ThrowsAsync<RaftConfigurationException>(() => RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
            {
                Id = new StreamId(7),
                NodeId = new NodeId(self),
                Members = [new Member(new NodeId(1), MemberKind.Voter, "a:1")],
                StateMachine = () => new CountingStateMachine(),
                Settings = why.StartsWith("unknown", StringComparison.Ordinal) ? ConfigurationFactory.ParseString("heartbeat-interva = 1s") : null,
            }));
            Assert.Equal(key, e.Key);
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Theory]
    [InlineData("akka.persistence.journal.shared.replay-filter.mode = repair-by-discard-old", true)]
    [InlineData("akka.persistence.journal.shared.replay-filter.mode = warn", true)]
    [InlineData("akka.persistence.journal-plugin-fallback.replay-filter.mode = warn", true)]
    [InlineData("akka.persistence.journal.shared.replay-filter.mode = repair-by-discard-old, raft-actors.journal.allow-repairing-replay-filter = on", false)]
    [InlineData("akka.persistence.journal.shared.replay-filter.mode = fail", false)]
    [InlineData("", false)]
    public async Task Repairing_replay_filter_must_be_refused_unless_allowed(string hocon, bool refused)
    {
        ActorSystem system = ActorSystem.Create("filter", ConfigurationFactory.ParseString(hocon.Replace(", ", "\n", StringComparison.Ordinal)).WithFallback("akka.loglevel = ERROR").WithFallback(TestConfig.Fast));
        try
        {
            Task<RaftStream> start = RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
            {
                Id = TestConfig.NewStream(),
                NodeId = new NodeId(1),
                Members = [new Member(new NodeId(1), MemberKind.Voter, "a:1")],
                StateMachine = () => new CountingStateMachine(),
            });
            if (refused)
            {
                RaftConfigurationException e = await Assert.ThrowsAsync<RaftConfigurationException>(() => start);
                Assert.EndsWith("replay-filter.mode", e.Key, StringComparison.Ordinal);
            }
            else
            {
                await start;
            }
        }
        finally
        {
            await system.Terminate();
        }
    }

    /// <summary>What the stream has when the configuration has started it.</summary>
    private static async Task<StreamMembership> MembershipOf(uint id, string hocon)
    {
        ActorSystem system = ActorSystem.Create("members", ConfigurationFactory.ParseString(hocon).WithFallback(TestConfig.Fast));
        try
        {
            return (await (await Started(RaftStreams.Get(system), id)).GetStatusAsync()).Membership;
        }
        finally
        {
            await system.Terminate();
        }
    }

    private static string Result(ProposalAnswer answer) => Encoding.UTF8.GetString(Assert.IsType<ProposalCommitted>(answer).Result.Span);

    private static async Task<RaftStream> Started(RaftStreams streams, uint id)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        RaftStream? stream;
        while (!streams.TryGetStream(new StreamId(id), out stream) || (await stream.GetStatusAsync()).Health == StreamHealth.Starting)
        {
            Assert.True(DateTime.UtcNow < end);
            await Task.Delay(10);
        }

        return stream;
    }
}

/// <summary>The smallest state machine that HOCON can name.</summary>
public sealed class CountingStateMachine : IStateMachine
{
    private int _count;

    public void Apply(CommittedEntries entries)
    {
        foreach (CommittedEntry entry in entries)
        {
            entry.Reply(Encoding.UTF8.GetBytes($"{++_count}"));
        }
    }
}

/// <summary>The smallest factory that HOCON can name.</summary>
public sealed class CountingFactory : IStateMachineFactory
{
    public IStateMachine Create(StreamId stream, ExtendedActorSystem system) => new CountingStateMachine();
}
