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
