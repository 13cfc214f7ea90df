using System.Text;
using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>The order of a state machine's calls, as <see cref="IStateMachine"/> documents it, under random faults.</summary>
public sealed class CallbackOrderSpec
{
    private static readonly int Seeds = int.TryParse(Environment.GetEnvironmentVariable("RAFT_SEEDS"), out int count) ? count : 30;

    [Fact]
    public void Calls_must_come_in_the_documented_order_whatever_happens()
    {
        ulong first = ulong.TryParse(Environment.GetEnvironmentVariable("RAFT_SEED"), out ulong given) ? given : 1;
        Dictionary<string, int> all = [];
        for (ulong seed = first; seed < first + (ulong)Seeds; seed++)
        {
            foreach ((string call, int times) in Run(seed))
            {
                all[call] = all.GetValueOrDefault(call) + times;
            }
        }

        if (Seeds >= 30)
        {
            // Without all of them it would have shown nothing.
            string[] expected =
            [
                nameof(IStateMachine.Apply), nameof(IStateMachine.Query), nameof(IStateMachine.StateHash), nameof(IStateMachine.SaveSnapshotAsync), nameof(IStateMachine.LoadSnapshotAsync),
                nameof(IStateMachine.OnLeaderStart), nameof(IStateMachine.OnLeaderStop), nameof(IStateMachine.OnStartFollowing), nameof(IStateMachine.OnStopFollowing),
                nameof(IStateMachine.OnMembershipCommitted), nameof(IStateMachine.OnError), nameof(IStateMachine.OnShutdown),
            ];
            Assert.Empty(expected.Except(all.Keys));
        }
    }

    private static Dictionary<string, int> Run(ulong seed)
    {
        Random random = new((int)seed);
        List<CallbackOrder> machines = [];
        List<string> violations = [];
        using LocalCluster cluster = new(new LocalClusterOptions
        {
            StateMachine = id =>
            {
                CallbackOrder machine = new(what => violations.Add($"member {id}: {what}"));
                machines.Add(machine);
                return machine;
            },
            Seed = seed,
            Network = new LocalNetworkOptions { Loss = random.Next(3) == 0 ? 0.05 : 0, Duplication = random.Next(3) == 0 ? 0.05 : 0 },
            Settings = ConfigurationFactory.ParseString(
                """
                election-timeout-min = 300ms
                election-timeout-max = 600ms
                heartbeat-interval = 50ms
                vote-retry-interval = 100ms
                client-timeout = 3s
                snapshot-every-entries = 15
                snapshot-reserved-entries = 3
                snapshot-block-bytes = 1KiB
                restart-backoff-min = 20ms
                stop-timeout = 500ms
                """),
        });
        cluster.WaitForLeader();
        for (int step = 0; step < 60; step++)
        {
            for (int i = random.Next(6); i > 0; i--)
            {
                cluster.BeginPropose(Any(), Encoding.UTF8.GetBytes($"{step}-{i}"));
            }

            if (random.Next(3) == 0)
            {
                cluster.BeginQuery(Any(), default, random.Next(2) == 0 ? ReadConsistency.Stale : ReadConsistency.Linearizable);
            }

            Happen(cluster, random, Any());
            cluster.Advance(TimeSpan.FromMilliseconds(random.Next(300)));
            Check();
        }

        foreach (CallbackOrder machine in machines)
        {
            (machine.Fails, machine.RollsBack, machine.SaveFails) = (false, false, false);
        }

        // Whoever has failed applies again from the log with a new state machine.
        cluster.Heal();
        cluster.WaitForLeader();
        foreach (NodeId member in cluster.Running.Where(m => cluster.Status(m).Health == StreamHealth.Failed).ToArray())
        {
            cluster.Restart(member);
        }

        cluster.AssertAllAppliedEqual();
        foreach (NodeId member in cluster.Members.ToArray())
        {
            cluster.Stop(member);
        }

        Check();
        return machines.SelectMany(m => m.Calls).GroupBy(c => c.Key).ToDictionary(g => g.Key, g => g.Sum(c => c.Value));

        NodeId Any() => cluster.Members[random.Next(cluster.Members.Count)];

        void Check()
        {
            if (violations.Count > 0)
            {
                throw cluster.Error(string.Join(Environment.NewLine, violations));
            }
        }
    }

    private static void Happen(LocalCluster cluster, Random random, NodeId member)
    {
        bool runs = cluster.Running.Contains(member) && cluster.HasStream(member) && !cluster.IsPaused(member);
        switch (random.Next(24))
        {
            case 0 when runs:
                cluster.Crash(member, loseUnconfirmed: random.Next(2) == 0);
                break;
            case 1 or 2:
                cluster.HealNetwork();
                foreach (NodeId down in cluster.Members.Except(cluster.Running).ToArray())
                {
                    cluster.Restart(down);
                }

                break;
            case 3:
                cluster.Isolate(member);
                break;
            case 4:
                cluster.CutOneWay(member, cluster.Members.First(m => m != member));
                break;
            case 5 when runs:
                cluster.Stop(member);
                break;
            case 6 when runs:
                cluster.Begin(member, "step down", async s =>
                {
                    await s.StepDownAsync();
                    return "done";
                }, r => r);
                break;
            case 7 or 8 when cluster.Leader is { } leader:
                cluster.BeginTransferLeadership(leader);
                break;
            case 9 when runs:
                cluster.Begin(member, "election", async s =>
                {
                    await s.TriggerElectionAsync();
                    return "done";
                }, r => r);
                break;
            case 10 or 11 when runs:
                cluster.BeginTakeSnapshot(member);
                break;
            case 12 when runs:
                cluster.Tell(member, "stream-0/node", Akka.Actor.Kill.Instance);
                break;
            case 13 when runs:
                cluster.Tell(member, "stream-0/node/snapshots", Akka.Actor.Kill.Instance);
                break;
            case 14 when runs && random.Next(3) == 0:
                cluster.StateMachine<CallbackOrder>(member).Fails = true;
                break;
            case 15 when runs && random.Next(3) == 0:
                cluster.StateMachine<CallbackOrder>(member).RollsBack = true;
                break;
            case 16 when runs:
                cluster.StateMachine<CallbackOrder>(member).SaveFails = true;
                break;
            case 17 or 18 when cluster.Leader is { } leader:
                cluster.BeginChangeMembership(leader, new MembershipChange.ChangeKind(member, MemberKind.Voter, random.Next(3)));
                break;
            case 19 when cluster.Members.Contains(member):
                cluster.Pause(member);
                cluster.Advance(TimeSpan.FromMilliseconds(random.Next(900)));
                cluster.Resume(member);
                break;
            default:
                cluster.HealNetwork();
                break;
        }
    }
}
