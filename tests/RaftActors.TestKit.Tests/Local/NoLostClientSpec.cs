using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>
/// Whatever happens to a stream, everybody who waits for an answer of a member that still runs gets one within two longest election timeouts, although all clients here would wait for
/// ten minutes.
/// </summary>
public sealed class NoLostClientSpec
{
    private static readonly int SeedsPerFault = int.TryParse(Environment.GetEnvironmentVariable("RAFT_SEEDS"), out int count) ? count : 12;

    private const string Bomb = "bomb";

    private static readonly TimeSpan ElectionTimeoutMax = TimeSpan.FromSeconds(1);

    // Requests are looked at ten times a second, and an answer needs its way.
    private static readonly TimeSpan Bound = (ElectionTimeoutMax * 2) + TimeSpan.FromMilliseconds(150);

    public static TheoryData<string> Faults { get; } =
    [
        "nothing", "leader crashes", "follower crashes", "followers crash", "leader is isolated", "follower is isolated", "all are cut off", "leader cannot be heard", "leader cannot hear",
        "follower cannot be heard by the leader", "leader's journal fails", "leader's journal rejects", "follower's journal fails", "journal of the leader stalls", "journal of a follower stalls", "all journals stall", "node throws", "election throws",
        "replicators throw", "state machine's actor is killed", "snapshots throw", "log is killed", "stream is killed", "supervisor is killed", "state machine throws", "state machine rolls back",
        "leader's stream stops", "actor system terminates", "leader pauses", "leader steps down", "frames get lost", "query throws",
    ];

    [Theory]
    [MemberData(nameof(Faults))]
    public void Every_request_must_be_answered_within_two_election_timeouts(string fault)
    {
        ulong first = ulong.TryParse(Environment.GetEnvironmentVariable("RAFT_SEED"), out ulong given) ? given : (ulong)fault.Length * 1000;
        for (ulong seed = first; seed < first + (ulong)SeedsPerFault; seed++)
        {
            Run(fault, seed);
        }
    }

    private static void Run(string fault, ulong seed)
    {
        Random random = new((int)seed);
        using LocalCluster cluster = new(new LocalClusterOptions
        {
            StateMachine = _ => new Machine(),
            Seed = seed,
            Settings = ConfigurationFactory.ParseString(
                $$"""
                election-timeout-min = 500ms
                election-timeout-max = {{ElectionTimeoutMax.TotalMilliseconds}}ms
                heartbeat-interval = 50ms
                vote-retry-interval = 100ms
                client-timeout = 10m
                catch-up-timeout = 10m
                snapshot-timeout = 10m
                stop-timeout = 1s
                """),
        });
        NodeId leader = cluster.WaitForLeader();
        for (int i = 0; i < 5; i++)
        {
            cluster.Propose(leader, $"before {i}");
        }

        List<Request> requests = [];
        Ask(cluster, random, requests, 20);
        cluster.Advance(TimeSpan.FromMilliseconds(random.Next(4)));
        Ask(cluster, random, requests, 10);
        TimeSpan at = cluster.Now;
        Inject(cluster, fault, leader, random, requests);
        Ask(cluster, random, requests, 10);
        for (int i = 0; i < 10; i++)
        {
            Check(cluster, fault, requests, at, random.Next(400));
            Ask(cluster, random, requests, 2);
        }

        if (fault == "leader pauses")
        {
            cluster.Resume(leader);
            at = cluster.Now;
        }

        Check(cluster, fault, requests, at, (int)(Bound + Bound).TotalMilliseconds);
        Assert.All(requests, r => Assert.True(r.IsAnswered(), $"{fault}, seed {seed}: {r.What}"));
        cluster.HealNetwork();
        cluster.AssertNoAcknowledgedWriteLostIn(fault);
    }

    private static void Check(LocalCluster cluster, string name, List<Request> requests, TimeSpan fault, int milliseconds)
    {
        // A snapshot store that does not answer has a time limit of its own: snapshot-timeout.
        requests.RemoveAll(r => r.What == "snapshot" && name.Contains("stall", StringComparison.Ordinal));
        TimeSpan until = cluster.Now + TimeSpan.FromMilliseconds(milliseconds);
        while (cluster.Now < until)
        {
            cluster.Advance(TimeSpan.FromMilliseconds(20));
            foreach (Request request in requests)
            {
                TimeSpan since = request.At > fault ? request.At : fault;
                if (!request.IsAnswered() && cluster.Now - since > Bound && !cluster.IsPaused(request.Member))
                {
                    throw cluster.Error($"{request.What} at member {request.Member}, asked at {request.At.TotalMilliseconds}ms, is not answered {(cluster.Now - since).TotalMilliseconds}ms after the fault at {fault.TotalMilliseconds}ms");
                }
            }
        }
    }

    private static void Ask(LocalCluster cluster, Random random, List<Request> requests, int count)
    {
        for (int i = 0; i < count; i++)
        {
            NodeId member = cluster.Members[random.Next(cluster.Members.Count)];
            if (!cluster.HasStream(member))
            {
                continue;
            }

            byte[] data = Encoding.UTF8.GetBytes($"w{requests.Count}");
            switch (random.Next(20))
            {
                case < 8:
                    Add(cluster.BeginPropose(member, data), "proposal");
                    break;
                case 8:
                    Add(cluster.BeginPropose(member, data, new ProposeOptions { Forward = false }), "proposal that is not forwarded");
                    break;
                case 9:
                    Add(cluster.BeginPropose(member, data, new ProposeOptions { Timeout = TimeSpan.FromMinutes(5) }), "proposal with a timeout of its own");
                    break;
                case < 13:
                    Add(cluster.BeginQuery(member, default), "read");
                    break;
                case 13:
                    Add(cluster.BeginQuery(member, default, ReadConsistency.Stale), "stale read");
                    break;
                case 14:
                    Add(cluster.Begin(member, "barrier", s => s.ReadBarrierAsync(), Lost<ReadAnswer>(r => new ReadFailed(r, NodeId.None, true))), "barrier");
                    break;
                case 15:
                    Add(cluster.BeginTakeSnapshot(member), "snapshot");
                    break;
                case 16:
                    Add(cluster.BeginChangeMembership(member, new MembershipChange.ChangeKind(cluster.Members[0], MemberKind.Voter, random.Next(3))), "membership change");
                    break;
                case 17 when random.Next(3) == 0:
                    Add(cluster.BeginTransferLeadership(member), "transfer");
                    break;
                case 18:
                    Add(cluster.Begin(member, "entry", s => s.ReadCommittedAsync(new LogIndex(3)), Lost<CommittedEntryAnswer>(r => new CommittedEntryUnavailable(r))), "committed entry");
                    break;
                default:
                    Add(cluster.Begin(member, "status", s => s.GetStatusAsync(), Lost(_ => new StreamStatus { Stream = new StreamId(0), Node = member })), "status");
                    break;
            }

            void Add<T>(ClusterCall<T> call, string what)
                where T : class => requests.Add(new Request(member, what, cluster.Now, () => call.IsCompleted));
        }
    }

    private static Func<string, T> Lost<T>(Func<string, T> make) => make;

    private static void Inject(LocalCluster cluster, string fault, NodeId leader, Random random, List<Request> requests)
    {
        NodeId follower = cluster.Members.First(m => m != leader);
        NodeId other = cluster.Members.Last(m => m != leader);
        switch (fault)
        {
            case "leader crashes":
                cluster.Crash(leader);
                break;
            case "follower crashes":
                cluster.Crash(follower);
                break;
            case "followers crash":
                cluster.Crash(follower);
                cluster.Crash(other);
                break;
            case "leader is isolated":
                cluster.Isolate(leader);
                break;
            case "follower is isolated":
                cluster.Isolate(follower);
                break;
            case "all are cut off":
                cluster.Partition([leader], [follower], [other]);
                break;
            case "leader cannot be heard":
                cluster.CutOneWay(leader, follower);
                cluster.CutOneWay(leader, other);
                break;
            case "leader cannot hear":
                cluster.CutOneWay(follower, leader);
                cluster.CutOneWay(other, leader);
                break;
            case "follower cannot be heard by the leader":
                cluster.CutOneWay(follower, leader);
                break;
            case "leader's journal fails":
                cluster.FailJournal(leader);
                break;
            case "leader's journal rejects":
                cluster.FailJournal(leader, JournalFault.Reject);
                break;
            case "follower's journal fails":
                cluster.FailJournal(follower);
                break;
            case "journal of the leader stalls":
                cluster.FailJournal(leader, JournalFault.Stall);
                break;
            case "journal of a follower stalls":
                cluster.FailJournal(follower, JournalFault.Stall);
                break;
            case "all journals stall":
                foreach (NodeId member in cluster.Members)
                {
                    cluster.FailJournal(member, JournalFault.Stall);
                }

                break;
            case "node throws":
                cluster.Tell(leader, "stream-0/node", Kill.Instance);
                break;
            case "election throws":
                cluster.Tell(leader, "stream-0/node/election", Kill.Instance);
                cluster.Tell(follower, "stream-0/node/election", Kill.Instance);
                break;
            case "replicators throw":
                foreach (NodeId at in cluster.Members)
                {
                    foreach (NodeId to in cluster.Members.Where(m => m != at))
                    {
                        cluster.Tell(at, $"stream-0/node/replicator-{to}", Kill.Instance);
                    }
                }

                break;
            case "state machine's actor is killed":
                cluster.Tell(leader, "stream-0/node/fsm-caller", Kill.Instance);
                cluster.Tell(follower, "stream-0/node/fsm-caller", Kill.Instance);
                break;
            case "snapshots throw":
                cluster.Tell(leader, "stream-0/node/snapshots", Kill.Instance);
                break;
            case "log is killed":
                cluster.Tell(leader, "stream-0/node/log", Kill.Instance);
                break;
            case "stream is killed":
                cluster.Tell(leader, "stream-0", Kill.Instance);
                break;
            case "supervisor is killed":
                cluster.Tell(leader, string.Empty, Kill.Instance);
                break;
            case "state machine throws":
                cluster.StateMachine<Machine>(leader).Fails = true;
                break;
            case "state machine rolls back":
                cluster.StateMachine<Machine>(leader).RollsBack = true;
                break;
            case "leader's stream stops":
                cluster.BeginStop(leader);
                break;
            case "actor system terminates":
                cluster.Terminate(leader);
                break;
            case "leader pauses":
                cluster.Pause(leader);
                break;
            case "leader steps down":
                cluster.Begin(leader, "step down", async s =>
                {
                    await s.StepDownAsync();
                    return "done";
                }, r => r);
                break;
            case "frames get lost":
                // Everything for a moment, and then nothing: what was on its way is missed by whoever waits for it.
                cluster.SetNetwork(new LocalNetworkOptions { Loss = 1 });
                cluster.Advance(TimeSpan.FromMilliseconds(10 + random.Next(60)));
                cluster.HealNetwork();
                break;
            case "query throws":
                cluster.StateMachine<Machine>(leader).QueryFails = true;
                break;
        }
    }

    private sealed record Request(NodeId Member, string What, TimeSpan At, Func<bool> IsAnswered);

    private sealed class Machine : IStateMachine
    {
        private readonly List<string> _items = [];

        public bool Fails { get; set; }

        public bool RollsBack { get; set; }

        public bool QueryFails { get; set; }

        public bool SupportsSnapshots => true;

        public void Apply(CommittedEntries entries)
        {
            foreach (CommittedEntry entry in entries)
            {
                if (RollsBack)
                {
                    entries.RollBackFrom(entry.Index, new InvalidOperationException(Bomb));
                    return;
                }

                if (Fails)
                {
                    throw new InvalidOperationException(Bomb);
                }

                _items.Add(Encoding.UTF8.GetString(entry.Data.Span));
            }
        }

        public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query) => QueryFails ? throw new InvalidOperationException(Bomb) : BitConverter.GetBytes(_items.Count);

        public async Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken) =>
            await destination.WriteAsync(Encoding.UTF8.GetBytes(string.Join('\n', _items)), cancellationToken);

        public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken)
        {
            using MemoryStream all = new();
            await source.CopyToAsync(all, cancellationToken);
            _items.Clear();
            _items.AddRange(Encoding.UTF8.GetString(all.ToArray()).Split('\n'));
        }
    }
}

/// <summary>What only these tests do to a cluster.</summary>
internal static class RoughTreatment
{
    public static void Tell(this LocalCluster cluster, NodeId member, string path, object message)
    {
        ActorSystem system = cluster.MemberOf(member).Run!.System!;
        cluster.Do(() => system.ActorSelection($"/user/raft/{path}".TrimEnd('/')).Tell(message, ActorRefs.NoSender));
    }

    public static void Terminate(this LocalCluster cluster, NodeId member)
    {
        ActorSystem system = cluster.MemberOf(member).Run!.System!;
        cluster.Do(() => _ = system.Terminate());
    }

    public static void BeginStop(this LocalCluster cluster, NodeId member)
    {
        RaftStreams streams = cluster.MemberOf(member).Run!.Streams!;
        cluster.Do(() => _ = streams.StopStreamAsync(new StreamId(0)));
    }

    public static bool HasStream(this LocalCluster cluster, NodeId member) => cluster.MemberOf(member).Stream is not null;

    public static bool IsPaused(this LocalCluster cluster, NodeId member) => cluster.MemberOf(member).Paused;

    /// <summary>A member that has failed for good, or whose stream is gone, applies nothing more; that is another test's matter.</summary>
    public static void AssertNoAcknowledgedWriteLostIn(this LocalCluster cluster, string fault)
    {
        if (fault is "nothing" or "election throws" or "replicators throw" or "node throws" or "frames get lost" or "leader steps down")
        {
            cluster.AssertNoAcknowledgedWriteLost();
        }
    }

    // In the loop, so that the actors that are set going are the loop's.
    private static void Do(this LocalCluster cluster, Action action)
    {
        bool done = false;
        cluster.TryRunUntil(
            () =>
            {
                if (!done)
                {
                    done = true;
                    action();
                }

                return true;
            },
            TimeSpan.Zero);
    }
}
