using Xunit;

using RaftActors.TestKit.Simulation;

namespace RaftActors.Protocol.Tests.Simulation;

/// <summary>Named stories on the simulated cluster: how fast and how quiet it is when little or nothing goes wrong.</summary>
public sealed class ScenarioSpec
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CoreCluster Running(SimulationProfile profile, ulong seed)
    {
        CoreCluster cluster = new(profile, seed);
        cluster.StartAll();
        Assert.True(cluster.RunUntil(() => cluster.Leader is { Core.IsReady: true }, Second), $"seed {seed}: no leader");
        cluster.RunFor(TimeSpan.FromMilliseconds(50));
        return cluster;
    }

    [Fact]
    public void After_the_leader_dies_another_one_serves_within_two_election_timeouts()
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            CoreCluster cluster = Running(SimulationProfile.Calm, seed);
            SimulatedMember dead = cluster.Leader!;
            cluster.Crash(dead);
            bool recovered = cluster.RunUntil(() => cluster.Leader is { Core.IsReady: true }, 2 * SimulationProfile.ElectionTimeoutMax);
            Assert.True(recovered, $"seed {seed}: no new leader");
        }
    }

    [Fact]
    public void A_follower_that_was_away_does_not_disturb_the_leader_when_it_returns()
    {
        for (ulong seed = 1; seed <= 30; seed++)
        {
            CoreCluster cluster = Running(SimulationProfile.Calm, seed);
            SimulatedMember leader = cluster.Leader!;
            Term term = leader.Core!.Term;
            cluster.Partition([cluster.Members.First(m => m != leader)]);
            cluster.RunFor(3 * Second);
            cluster.Network.Heal();
            cluster.RunFor(Second);
            Assert.True(cluster.Leader == leader && leader.Core.Term == term, $"seed {seed}: the leader changed");
            Assert.All(cluster.Members, m => Assert.Equal((term, leader.Id), (m.Core!.Term, m.Core.Leader)));
        }
    }

    [Fact]
    public void An_idle_stream_exchanges_heartbeats_and_nothing_else()
    {
        CoreCluster cluster = Running(SimulationProfile.Calm, 1);
        long before = cluster.Network.Sent;
        cluster.RunFor(3 * Second);

        // 100 heartbeats to two peers, and as many answers.
        Assert.InRange(cluster.Network.Sent - before, 396, 404);
    }

    [Fact]
    public void A_write_alone_costs_an_append_and_a_commit_notice_for_each_peer()
    {
        CoreCluster cluster = Running(SimulationProfile.Calm with { MaxDelay = TimeSpan.FromMilliseconds(0.5) }, 1);
        long before = cluster.Network.Sent;
        ClientWrite write = cluster.Write(cluster.Leader!);
        Assert.True(cluster.RunUntil(() => cluster.Members.All(m => m.Applied.Count == write.Last.Value), TimeSpan.FromMilliseconds(20)));

        // Append, answer, notice, answer, to two peers; heartbeats that happen to fall in between come on top.
        Assert.InRange(cluster.Network.Sent - before, 6, 8 + 4);
    }

    [Fact]
    public void A_follower_far_behind_catches_up_at_full_speed()
    {
        // All delays the same, so that messages arrive in order, as they do on a connection.
        TimeSpan delay = TimeSpan.FromMilliseconds(1);
        SimulationProfile profile = SimulationProfile.Calm with
        {
            MinDelay = delay,
            MaxDelay = delay,
            MaxAppendBytes = 4000,
            MaxInFlightAppends = 16,
            MaxInFlightBytes = 64_000,
        };
        CoreCluster cluster = Running(profile, 5);
        SimulatedMember away = cluster.Members.First(m => m != cluster.Leader);
        cluster.Crash(away);
        for (int i = 0; i < 1000; i++)
        {
            cluster.Write(cluster.Leader!, 20);
            cluster.RunFor(TimeSpan.FromMilliseconds(10));
        }

        SimulatedMember leader = cluster.Leader!;
        Assert.True(leader.Core!.CommitIndex.Value >= 20_000);
        cluster.Restart(away);
        bool caughtUp = cluster.RunUntil(() => away.Core!.CommitIndex == leader.Core.CommitIndex, TimeSpan.FromMilliseconds(75));
        Assert.True(caughtUp, $"at {away.Core!.CommitIndex} of {leader.Core.CommitIndex}; 350 kB are six windows of about 4 ms, after a heartbeat of 30 ms");
    }

    /// <summary>A peer that is slow in any way must not be felt by the others: not in how many writes are done, and not in how long each takes.</summary>
    [Theory]
    [InlineData("dead")]
    [InlineData("slow link")]
    [InlineData("slow disk")]
    [InlineData("slow state machine")]
    [InlineData("paused")]
    [InlineData("fed from the journal")]
    public void A_slow_peer_slows_nobody_else(string what)
    {
        SimulationProfile profile = SimulationProfile.Calm with
        {
            // Always the same, or the quicker of two answers would be quicker than the only one.
            MinDelay = TimeSpan.FromMilliseconds(1),
            MaxDelay = TimeSpan.FromMilliseconds(1),
            MinDisk = TimeSpan.FromMilliseconds(1),
            MaxDisk = TimeSpan.FromMilliseconds(1),
            MaxUnappliedEntries = 40,
            MaxLogEntriesInMemory = what == "fed from the journal" ? 4 : 100_000,
            MaxUncommittedEntries = 1000,
        };
        for (ulong seed = 1; seed <= 5; seed++)
        {
            (int usual, TimeSpan usualLatency) = Measure(profile, seed, (_, _) => { });
            (int writes, TimeSpan latency) = Measure(profile, seed, (cluster, peer) =>
            {
                switch (what)
                {
                    case "dead":
                        cluster.Crash(peer);
                        break;
                    case "slow link":
                        cluster.Slow(cluster.Leader!, peer, TimeSpan.FromMilliseconds(400));
                        cluster.Slow(peer, cluster.Leader!, TimeSpan.FromMilliseconds(400));
                        break;
                    case "slow disk":
                        peer.SlowDisk(TimeSpan.FromMilliseconds(300));
                        break;
                    case "slow state machine":
                        peer.SlowApply(TimeSpan.FromMilliseconds(300));
                        break;
                    case "paused":
                        cluster.PauseReplication(cluster.Leader!, peer.Id, TimeSpan.FromMinutes(1));
                        break;
                    default:
                        cluster.Crash(peer);
                        cluster.RunFor(Second);
                        cluster.Restart(peer);
                        break;
                }
            });
            Assert.True(writes >= usual * 9 / 10 && latency <= usualLatency * 1.5, $"seed {seed}, {what}: {writes} writes in {latency.TotalMilliseconds:F2} ms instead of {usual} in {usualLatency.TotalMilliseconds:F2} ms");
        }
    }

    private static (int Writes, TimeSpan Latency) Measure(SimulationProfile profile, ulong seed, Action<CoreCluster, SimulatedMember> spoil)
    {
        CoreCluster cluster = Running(profile, seed);
        SimulatedMember leader = cluster.Leader!;
        spoil(cluster, cluster.Members.First(m => m != leader));
        List<TimeSpan> latencies = [];
        TimeSpan end = cluster.Time.Now + Second;
        while (cluster.Time.Now < end)
        {
            TimeSpan begin = cluster.Time.Now;
            ClientWrite write = cluster.Write(leader, 5);
            Assert.True(cluster.RunUntil(() => write.State != WriteState.Accepted, Second), $"seed {seed}: a write takes longer than a second");
            Assert.Equal(WriteState.Acknowledged, write.State);
            latencies.Add(cluster.Time.Now - begin);
        }

        Assert.Equal(leader, cluster.Leader);
        latencies.Sort();
        return (latencies.Count, latencies[latencies.Count * 99 / 100]);
    }

    [Fact]
    public void A_bound_on_the_lag_holds_while_a_member_is_slow_and_ends_with_its_slowness()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            CoreCluster cluster = Running(SimulationProfile.Calm with { PaceLagEntries = 30, MaxUncommittedEntries = 1000 }, seed);
            SimulatedMember leader = cluster.Leader!;
            SimulatedMember slow = cluster.Members.First(m => m != leader);
            slow.SlowDisk(TimeSpan.FromMilliseconds(40));
            int refused = 0;
            for (int i = 0; i < 500; i++)
            {
                ClientWrite write = cluster.Write(leader, 3);
                refused += write.State == WriteState.Refused ? 1 : 0;
                cluster.RunFor(TimeSpan.FromMilliseconds(2));
                long lag = leader.Core!.LastEntry.Index - leader.Core.Peers.Single(p => p.Id == slow.Id).Match;
                Assert.True(lag < 30 + 3, $"seed {seed}: the slow member is {lag} entries behind");
            }

            Assert.True(refused > 50, $"seed {seed}: only {refused} refused");
            slow.SlowDisk(TimeSpan.Zero);
            cluster.RunFor(TimeSpan.FromMilliseconds(200));
            for (int i = 0; i < 100; i++)
            {
                Assert.NotEqual(WriteState.Refused, cluster.Write(leader, 3).State);
                cluster.RunFor(TimeSpan.FromMilliseconds(10));
            }
        }
    }

    [Fact]
    public void Writes_go_on_while_a_minority_is_down_and_stop_without_a_majority()
    {
        CoreCluster cluster = Running(SimulationProfile.Calm with { Voters = 5 }, 3);
        SimulatedMember leader = cluster.Leader!;
        SimulatedMember[] others = [.. cluster.Members.Where(m => m != leader)];
        cluster.Crash(others[0]);
        cluster.Crash(others[1]);
        ClientWrite write = cluster.Write(leader);
        Assert.True(cluster.RunUntil(() => write.State == WriteState.Acknowledged, TimeSpan.FromMilliseconds(50)));

        cluster.Crash(others[2]);
        write = cluster.Write(leader);
        ClientRead read = cluster.Read(leader);
        cluster.RunFor(Second);
        Assert.Equal(WriteState.Unknown, write.State);
        Assert.True(read is { IsAnswered: true, Index: null });
        Assert.Null(cluster.Leader);
    }

    [Fact]
    public void A_slow_disk_at_one_follower_slows_nobody_else()
    {
        CoreCluster cluster = Running(SimulationProfile.Calm, 8);
        cluster.Members.First(m => m != cluster.Leader).DiskDelay = Second;
        SimulatedMember leader = cluster.Leader!;
        for (int i = 0; i < 100; i++)
        {
            ClientWrite write = cluster.Write(leader);
            Assert.True(cluster.RunUntil(() => write.State == WriteState.Acknowledged, TimeSpan.FromMilliseconds(20)), $"write {i} is {write.State}");
        }

        Assert.Equal(leader, cluster.Leader);
    }
}
