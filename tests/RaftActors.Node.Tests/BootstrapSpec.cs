using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Journal;
using RaftActors.Protocol;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary>Storage that is prepared before a stream runs for the first time, as an application does it: public calls, SQLite and the write-ahead log.</summary>
public sealed class BootstrapSpec : IDisposable
{
    private static readonly StreamId Stream = new(7);

    private readonly TemporaryFolder _folder = new();
    private readonly ImmutableArray<Member> _members =
        [.. Enumerable.Range(1, 3).Select(i => new Member(new NodeId((uint)i), MemberKind.Voter, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}")))];

    private readonly Dictionary<uint, ActorSystem> _systems = [];

    public void Dispose()
    {
        Task.WhenAll(_systems.Values.Select(s => s.Terminate())).Wait(TimeSpan.FromSeconds(60));
        _folder.Dispose();
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("wal")]
    public async Task Members_that_are_all_prepared_must_begin_with_the_state_and_keep_it(string kind)
    {
        foreach (Member member in _members)
        {
            await Prepare(kind, member.Id.Value, 5, "a", "b", "c");
        }

        Node[] nodes = [.. await Task.WhenAll(_members.Select(m => Start(kind, m.Id.Value, _members)))];
        Node leader = await Leader(nodes);
        ProposalCommitted committed = Assert.IsType<ProposalCommitted>(await leader.Stream.ProposeAsync("d"u8.ToArray()));
        Assert.True(committed.Index > new LogIndex(5));
        foreach (Node node in nodes)
        {
            await Until(node, s => s.AppliedIndex >= committed.Index);
            Assert.Equal(["a", "b", "c", "d"], node.Machine.Items);
        }

        StreamStatus status = await leader.Stream.GetStatusAsync();
        Assert.Equal(new LogIndex(5), status.SnapshotIndex);
        Assert.Equal(_members.Select(m => m.Id), status.Membership.Members.Select(m => m.Id));

        // What was prepared outlives the process.
        uint again = leader.Stream.NodeId.Value;
        await Stop(again);
        Node back = await Start(kind, again, _members);
        await Until(back, s => s.AppliedIndex >= committed.Index);
        Assert.Equal(["a", "b", "c", "d"], back.Machine.Items);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("wal")]
    public async Task One_member_that_is_prepared_must_feed_the_others(string kind)
    {
        await Prepare(kind, 1, 1000, [_members[0]], [.. Enumerable.Range(0, 500).Select(i => $"item {i}")]);
        Node first = await Start(kind, 1, [], join: true);
        await Until(first, s => s.IsReady && s.Role == Role.Leader);
        Node[] others = [await Start(kind, 2, [], join: true), await Start(kind, 3, [], join: true)];

        Assert.IsType<MembershipCommitted>(await first.Stream.AddMemberAsync(_members[1]));
        Assert.IsType<MembershipCommitted>(await first.Stream.AddMemberAsync(_members[2]));

        ProposalCommitted committed = Assert.IsType<ProposalCommitted>(await first.Stream.ProposeAsync("last"u8.ToArray()));
        foreach (Node node in others)
        {
            await Until(node, s => s.AppliedIndex >= committed.Index);
            Assert.Equal(501, node.Machine.Items.Count);
        }
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("wal")]
    public async Task Empty_stream_must_take_its_membership_from_what_was_prepared(string kind)
    {
        foreach (Member member in _members)
        {
            await Prepare(kind, member.Id.Value, 0);
        }

        // Not even its own name is needed any more.
        Node[] nodes = [.. await Task.WhenAll(_members.Select(m => Start(kind, m.Id.Value, [], join: true)))];
        Node leader = await Leader(nodes);
        Assert.IsType<ProposalCommitted>(await leader.Stream.ProposeAsync("a"u8.ToArray()));
        Assert.Equal(3, (await leader.Stream.GetStatusAsync()).Membership.Members.Length);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("wal")]
    public async Task Storage_that_is_not_empty_must_be_refused_and_left_alone(string kind)
    {
        ImmutableArray<Member> alone = [_members[0]];
        await Prepare(kind, 1, 3, alone, "a");
        BootstrapException e = await Assert.ThrowsAsync<BootstrapException>(() => Prepare(kind, 1, 9, alone, "x"));
        Assert.Contains("not empty", e.Message, StringComparison.Ordinal);
        Assert.Equal((Stream, new NodeId(1)), (e.Stream, e.Node));
        await Assert.ThrowsAsync<BootstrapException>(() => Prepare(kind, 1, 0, alone));

        Node node = await Start(kind, 1, alone);
        await Until(node, s => s.IsReady);
        Assert.Equal(["a"], node.Machine.Items);
        e = await Assert.ThrowsAsync<BootstrapException>(() => RaftBootstrap.RunAsync(_systems[1], Options(1, 0, alone, [])));
        Assert.Contains("runs", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_prepared_must_leave_the_storage_empty()
    {
        ImmutableArray<Member> alone = [_members[0]];
        ActorSystem system = System("wal", 1);
        RaftConfigurationException wrong = await Assert.ThrowsAsync<RaftConfigurationException>(() => RaftBootstrap.RunAsync(system, Options(1, 3, alone, []) with { StateMachine = null }));
        Assert.Contains("state-machine", wrong.Key, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RaftConfigurationException>(() => RaftBootstrap.RunAsync(system, Options(1, 0, [_members[1]], [])));
        await Assert.ThrowsAsync<RaftConfigurationException>(() => RaftBootstrap.RunAsync(system, Options(1, 0, [_members[0] with { Kind = MemberKind.Learner }], [])));
        await Assert.ThrowsAsync<BootstrapException>(() => RaftBootstrap.RunAsync(system, Options(1, 3, alone, []) with { StateMachine = () => new Mute() }));
        await Assert.ThrowsAsync<BootstrapException>(() => RaftBootstrap.RunAsync(system, Options(1, 3, alone, []) with { StateMachine = () => throw new InvalidOperationException("no state") }));
        BootstrapException broken = await Assert.ThrowsAsync<BootstrapException>(() => RaftBootstrap.RunAsync(system, Options(1, 3, alone, ["a", "broken"])));
        Assert.Contains("told to", broken.Message, StringComparison.Ordinal);

        await RaftBootstrap.RunAsync(system, Options(1, 3, alone, ["a"]));
        await Stop(1);
        Node node = await Start("wal", 1, alone);
        await Until(node, s => s.IsReady);
        Assert.Equal(["a"], node.Machine.Items);
    }

    private static BootstrapOptions Options(uint node, long last, ImmutableArray<Member> members, string[] items) => new()
    {
        Id = Stream,
        NodeId = new NodeId(node),
        Members = members,
        LastLogIndex = new LogIndex(last),
        StateMachine = () => new ListMachine(items),
    };

    private static async Task<Node> Leader(Node[] nodes)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (true)
        {
            foreach (Node node in nodes)
            {
                if (await node.Stream.GetStatusAsync() is { Role: Role.Leader, IsReady: true })
                {
                    return node;
                }
            }

            Assert.True(DateTime.UtcNow < end, "no leader in time");
            await nodes[0].Stream.TriggerElectionAsync();
            await Task.Delay(20);
        }
    }

    private static async Task Until(Node node, Func<StreamStatus, bool> condition)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        StreamStatus status;
        while (!condition(status = await node.Stream.GetStatusAsync()))
        {
            Assert.True(DateTime.UtcNow < end, $"not in time: {status}");
            await Task.Delay(20);
        }
    }

    private Task Prepare(string kind, uint node, long last, params string[] items) => Prepare(kind, node, last, _members, items);

    private async Task Prepare(string kind, uint node, long last, ImmutableArray<Member> members, params string[] items)
    {
        try
        {
            await RaftBootstrap.RunAsync(System(kind, node), Options(node, last, members, items));
        }
        finally
        {
            await Stop(node);
        }
    }

    private async Task<Node> Start(string kind, uint node, ImmutableArray<Member> members, bool join = false)
    {
        ListMachine machine = new([]);
        RaftStream stream = await RaftStreams.Get(System(kind, node)).StartStreamAsync(new StreamDefinition
        {
            Id = Stream,
            NodeId = new NodeId(node),
            Members = members,
            Join = join,
            StateMachine = () => machine,
        });
        return new Node(stream, machine);
    }

    private ActorSystem System(string kind, uint node)
    {
        string folder = Path.Combine(_folder.Path, $"node-{node}");
        Directory.CreateDirectory(folder);
        string sqlite = $"provider-name = \"SQLite.MS\", connection-string = \"Data Source={Path.Combine(folder, "data.db").Replace('\\', '/')}\", auto-initialize = true";
        Config storage = kind == "wal"
            ? ConfigurationFactory.ParseString(
                $$"""
                akka.persistence.journal.plugin = "{{RaftJournal.JournalPluginId}}"
                akka.persistence.snapshot-store.plugin = "{{RaftJournal.SnapshotStorePluginId}}"
                raft-actors.journal.wal { directory = "{{folder.Replace('\\', '/')}}/wal", segment-size = 256k }
                raft-actors.snapshot-store.file.directory = "{{folder.Replace('\\', '/')}}/snapshots"
                """).WithFallback(RaftJournal.DefaultConfig())
            : ConfigurationFactory.ParseString(
                $$"""
                akka.persistence.journal.plugin = "akka.persistence.journal.sql"
                akka.persistence.journal.sql { class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql", {{sqlite}} }
                akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.sql"
                akka.persistence.snapshot-store.sql { class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql", {{sqlite}} }
                """);
        Config config = ConfigurationFactory.ParseString(
            $$"""
            akka.loglevel = OFF
            akka.coordinated-shutdown.exit-clr = off
            akka.actor.provider = remote
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = {{_members[(int)node - 1].Address.Split(':')[1]}} }
            akka.remote.retry-gate-closed-for = 200ms

            # The leader stays, however busy the machine is.
            raft-actors.stream-defaults { election-timeout-min = 5s, election-timeout-max = 10s, client-timeout = 30s }
            """).WithFallback(storage);
        return _systems[node] = ActorSystem.Create("bootstrap", config);
    }

    private async Task Stop(uint node)
    {
        if (_systems.Remove(node, out ActorSystem? system))
        {
            await system.Terminate();
        }
    }

    private sealed record Node(RaftStream Stream, ListMachine Machine);

    private sealed class Mute : IStateMachine
    {
        public void Apply(CommittedEntries entries)
        {
        }
    }

    private sealed class ListMachine(string[] items) : IStateMachine
    {
        private volatile ImmutableList<string> _items = [.. items];

        public ImmutableList<string> Items => _items;

        public bool SupportsSnapshots => true;

        public void Apply(CommittedEntries entries)
        {
            foreach (CommittedEntry entry in entries)
            {
                _items = _items.Add(Encoding.UTF8.GetString(entry.Data.Span));
            }
        }

        public async Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken)
        {
            foreach (string item in _items)
            {
                if (item == "broken")
                {
                    throw new InvalidOperationException("told to");
                }

                await destination.WriteAsync(Encoding.UTF8.GetBytes(item + "\n"), cancellationToken);
            }
        }

        public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken)
        {
            using StreamReader reader = new(source, Encoding.UTF8, leaveOpen: true);
            _items = [.. (await reader.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        }
    }
}
