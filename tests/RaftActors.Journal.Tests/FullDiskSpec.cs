using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using RaftActors.Journal.Wal;
using RaftActors.Protocol;
using RaftActors.Tests.Shared;

namespace RaftActors.Journal.Tests;

/// <summary>A disk that is really full: the log and the snapshot store refuse and go on to serve what they have, a stream says why it takes nothing, and all go on when there is room again.</summary>
public sealed class FullDiskSpec
{
    [SmallDiskFact]
    public async Task The_log_must_refuse_writes_serve_reads_and_go_on_when_there_is_room()
    {
        using SmallDisk disk = new(2048);
        WalSettings settings = new()
        {
            Directory = Path.Combine(disk.Path, "wal"),
            SegmentSize = WalSettings.SmallestSegment,
            IdleMark = TimeSpan.Zero,
            LockTimeout = TimeSpan.Zero,
            SpareSegments = 0,
        };
        long acknowledged = 0;
        await using (WriteAheadLog log = await TestFolder.OpenAsync(settings))
        {
            disk.Fill();
            JournalFullException full = await FillAsync();
            Assert.Contains("disk is full", full.Message, StringComparison.Ordinal);
            Assert.Equal(acknowledged, (await TestFolder.ReadAsync(log, "a")).Count);
            await Assert.ThrowsAsync<JournalFullException>(() => TestFolder.WriteAsync(log, "a", acknowledged + 1, 1000));

            // Deletions go through: they are what makes room.
            await log.DeleteAsync("a", 1);
            disk.Free();
            await TestFolder.WriteAsync(log, "a", ++acknowledged, 1000);

            // And once more, now that the file system itself refuses the next segment.
            full = await FillAsync();
            Assert.Contains("disk is full", full.Message, StringComparison.Ordinal);
            Assert.Equal(acknowledged - 1, (await TestFolder.ReadAsync(log, "a")).Count);

            async Task<JournalFullException> FillAsync()
            {
                while (true)
                {
                    try
                    {
                        await TestFolder.WriteAsync(log, "a", acknowledged + 1, 1000);
                        acknowledged++;
                    }
                    catch (JournalFullException e)
                    {
                        return e;
                    }
                }
            }
        }

        // On a disk that is still full the log opens, and has everything.
        Assert.Null(JournalTool.Verify(settings.Directory).TornTail);
        await using WriteAheadLog again = await TestFolder.OpenAsync(settings);
        Assert.Equal(TestFolder.Numbers(2, acknowledged), (await TestFolder.ReadAsync(again, "a")).Select(e => e.Number));
    }

    [SmallDiskFact]
    public async Task The_snapshot_store_must_refuse_keep_what_it_has_and_go_on_when_there_is_room()
    {
        using SmallDisk disk = new(1024);
        ActorSystem system = ActorSystem.Create("full", Plugins.Config(disk.Path));
        try
        {
            IActorRef store = Akka.Persistence.Persistence.Instance.Apply(system).SnapshotStoreFor(RaftJournal.SnapshotStorePluginId);
            Assert.IsType<SaveSnapshotSuccess>(await SaveAsync(1));
            disk.Fill();
            SaveSnapshotFailure refused = Assert.IsType<SaveSnapshotFailure>(await SaveAsync(2));
            Assert.Contains("No space", refused.Cause.ToString(), StringComparison.OrdinalIgnoreCase);
            Assert.Equal(1, await LoadAsync());

            disk.Free();
            Assert.IsType<SaveSnapshotSuccess>(await SaveAsync(3));
            Assert.Equal(3, await LoadAsync());
            Assert.Equal(2, Directory.GetFiles(Path.Combine(disk.Path, "snapshots"), "*", SearchOption.AllDirectories).Length);

            Task<object> SaveAsync(long number) =>
                store.Ask<object>(new SaveSnapshot(new SnapshotMetadata("a", number, DateTime.UtcNow), new string((char)('a' + number), 100_000)), TimeSpan.FromSeconds(30));

            async Task<long> LoadAsync() =>
                (await store.Ask<LoadSnapshotResult>(new LoadSnapshot("a", SnapshotSelectionCriteria.Latest, long.MaxValue), TimeSpan.FromSeconds(30))).Snapshot.Metadata.SequenceNr;
        }
        finally
        {
            await system.Terminate();
        }
    }

    [SmallDiskFact]
    public async Task A_stream_must_say_so_let_the_others_go_on_and_come_back_by_itself()
    {
        using SmallDisk disk = new(3072);
        using TestFolder folder = new();
        ImmutableArray<Member> members = [.. Enumerable.Range(1, 3).Select(i => new Member(new NodeId((uint)i), MemberKind.Voter, $"127.0.0.1:{FreePort.Next()}"))];
        string[] folders = [disk.Path, Path.Combine(folder.Path, "2"), Path.Combine(folder.Path, "3")];
        HashSet<string> acknowledged = [];
        int number = 0;
        await using (Nodes nodes = await Nodes.StartAsync(members, folders))
        {
            RaftStream small = nodes.Streams[0];
            RaftStream leader = await nodes.LeaderAsync();
            await WriteAsync(leader, 20);
            disk.Fill();

            // Whoever leads: what the full member must write down soon does not fit, and it says so.
            await UntilAsync("the full disk is told", async () =>
            {
                await WriteAsync(await nodes.LeaderAsync(), 20);
                ProposalAnswer answer = await small.ProposeAsync(Encoding.UTF8.GetBytes("too much"), new ProposeOptions { Forward = false });
                return answer is ProposalRefused { Code: RefusalCode.StreamFailed } refused && refused.Reason.Contains("disk is full", StringComparison.Ordinal);
            });

            // The other two are a quorum: writes and reads go on.
            leader = await nodes.LeaderAsync();
            Assert.NotSame(small, leader);
            await WriteAsync(leader, 20);
            Assert.IsType<ReadCompleted>(await leader.ReadBarrierAsync());

            disk.Free();
            await UntilAsync("the member is back", async () =>
                (await small.GetStatusAsync()) is { Health: StreamHealth.Healthy } status && status.AppliedIndex >= (await (await nodes.LeaderAsync()).GetStatusAsync()).CommitIndex);
            await WriteAsync(await nodes.LeaderAsync(), 20);
            Assert.IsType<ReadCompleted>(await small.ReadBarrierAsync());
        }

        await using (Nodes nodes = await Nodes.StartAsync(members, folders))
        {
            RaftStream leader = await nodes.LeaderAsync();
            Assert.IsType<ReadCompleted>(await leader.ReadBarrierAsync());
            foreach (RaftStream stream in nodes.Streams)
            {
                Assert.IsType<ReadCompleted>(await stream.ReadBarrierAsync());
            }

            Assert.All(nodes.Machines, machine => Assert.Subset(machine.Seen, acknowledged));
        }

        async Task WriteAsync(RaftStream stream, int count)
        {
            string[] texts = [.. Enumerable.Range(0, count).Select(_ => $"{number++}:".PadRight(2000, 'x'))];
            ProposalAnswer[] answers = await Task.WhenAll(texts.Select(t => stream.ProposeAsync(Encoding.UTF8.GetBytes(t))));
            acknowledged.UnionWith(texts.Where((_, i) => answers[i] is ProposalCommitted));
        }
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < end, $"not in time: {what}");
            await Task.Delay(20);
        }
    }

    private sealed class SeenTexts : IStateMachine
    {
        public HashSet<string> Seen { get; } = [];

        public void Apply(CommittedEntries entries)
        {
            foreach (CommittedEntry entry in entries)
            {
                lock (Seen)
                {
                    Seen.Add(Encoding.UTF8.GetString(entry.Data.Span));
                }
            }
        }
    }

    private sealed class Nodes(List<ActorSystem> systems, List<RaftStream> streams, SeenTexts[] machines) : IAsyncDisposable
    {
        public IReadOnlyList<RaftStream> Streams => streams;

        public IReadOnlyList<SeenTexts> Machines => machines;

        public static async Task<Nodes> StartAsync(ImmutableArray<Member> members, string[] folders)
        {
            List<ActorSystem> systems = [];
            List<RaftStream> streams = [];
            SeenTexts[] machines = new SeenTexts[members.Length];
            for (int i = 0; i < members.Length; i++)
            {
                int at = i;
                ActorSystem system = ActorSystem.Create("full", ConfigurationFactory.ParseString(string.Create(CultureInfo.InvariantCulture, $$"""
                    akka.loglevel = OFF
                    akka.stdout-loglevel = OFF
                    akka.coordinated-shutdown.exit-clr = off
                    akka.actor.provider = remote
                    akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = {{members[i].Address.Split(':')[1]}} }
                    akka.remote.retry-gate-closed-for = 200ms
                    raft-actors.journal.wal.spare-segments = 0
                    raft-actors.stream-defaults { restart-backoff-max = 1s, election-timeout-min = 2s, election-timeout-max = 3s, heartbeat-interval = 50ms }
                    """)).WithFallback(Plugins.Config(folders[i])));
                systems.Add(system);
                streams.Add(await RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
                {
                    Id = new StreamId(1),
                    NodeId = members[i].Id,
                    Members = members,
                    StateMachine = () => machines[at] = new SeenTexts(),
                }));
            }

            return new Nodes(systems, streams, machines);
        }

        public async Task<RaftStream> LeaderAsync()
        {
            RaftStream? leader = null;
            await UntilAsync("a leader", async () =>
            {
                foreach (RaftStream stream in streams)
                {
                    if (await stream.GetStatusAsync() is { Role: Role.Leader, IsReady: true, Health: StreamHealth.Healthy })
                    {
                        leader = stream;
                        return true;
                    }
                }

                return false;
            });
            return leader!;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (ActorSystem system in systems)
            {
                await system.Terminate();
            }
        }
    }
}
