using RaftActors.Protocol.Tests.Driver;
using RaftActors.TestKit.Simulation;
using Xunit;
using Xunit.Abstractions;

namespace RaftActors.Protocol.Tests.Simulation;

/// <summary>A majority is gone, and an operator goes on without it: what may be lost, what may not, and that those left out stay out.</summary>
public sealed class DisasterSpec(ITestOutputHelper output)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Five voters with ten acknowledged writes on all of them.</summary>
    private static CoreCluster Running(ulong seed, int voters = 5)
    {
        CoreCluster cluster = new(SimulationProfile.Calm with { Voters = voters }, seed);
        cluster.StartAll();
        Assert.True(cluster.RunUntil(() => cluster.Leader is { Core.IsReady: true }, Second), $"seed {seed}: no leader");
        for (int i = 0; i < 10; i++)
        {
            Write(cluster);
        }

        cluster.RunFor(Second / 2);
        return cluster;
    }

    private static ClientWrite Write(CoreCluster cluster)
    {
        ClientWrite write = cluster.Write(cluster.Leader!);
        Assert.True(cluster.RunUntil(() => write.State == WriteState.Acknowledged, Second));
        return write;
    }

    private static SimulatedMember[] Others(CoreCluster cluster) => [.. cluster.Members.Where(m => m != cluster.Leader)];

    [Fact]
    public void Two_of_five_go_on_when_the_others_are_gone_and_keep_all_that_one_of_them_had()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            CoreCluster cluster = Running(seed);
            SimulatedMember[] survivors = Others(cluster)[..2];
            foreach (SimulatedMember gone in cluster.Members.Except(survivors))
            {
                cluster.Crash(gone);
            }

            cluster.RunFor(Second);
            OperatorRequest request = cluster.ForceRecovery(survivors[0], survivors);
            Assert.True(cluster.RunUntil(() => request.Answer is Effect.RecoveryDone, Second), $"seed {seed}: {request.Answer}");
            bool isWhole = cluster.RunUntil(() => cluster.Leader is { Core: { IsReady: true, IsChangingMembership: false } core } && core.Membership.Voters.Length == 2, 5 * Second);
            Assert.True(isWhole, $"seed {seed}: the other survivor has no vote");
            Assert.All(survivors, m => Assert.Equal(1u, m.Core!.Generation.Number));
            Write(cluster);
            cluster.RunFor(Second);
            Assert.Equal(11, survivors[1].Applied.Count(v => v != 0));
            Assert.DoesNotContain(cluster.Writes, w => w.IsGivenUp);
            cluster.End();
        }
    }

    [Fact]
    public void Those_that_were_left_out_are_fenced_when_they_come_back_and_may_join_with_empty_disks()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            CoreCluster cluster = Running(seed, voters: 3);
            SimulatedMember survivor = Others(cluster)[0];
            SimulatedMember[] away = [.. cluster.Members.Where(m => m != survivor)];
            cluster.Partition([survivor]);
            cluster.RunFor(Second);

            // The old majority is alive and goes on: what it acknowledges is lost when the histories meet.
            ClientWrite lost = cluster.Write(cluster.Leader!);
            Assert.True(cluster.RunUntil(() => lost.State == WriteState.Acknowledged, Second));
            OperatorRequest request = cluster.ForceRecovery(survivor, [survivor]);
            Assert.True(cluster.RunUntil(() => survivor.IsLeader && survivor.Core!.IsReady, 2 * Second), $"seed {seed}: {request.Answer}");
            Assert.True(lost.IsGivenUp);
            Write(cluster);

            cluster.HealLinks();
            Assert.True(cluster.RunUntil(() => away.All(m => m.IsFenced), 5 * Second), $"seed {seed}: somebody was not fenced");
            foreach (SimulatedMember member in away)
            {
                cluster.Restart(member);
                Assert.False(member.IsUp, "a fenced member has started again");
            }

            cluster.ReplaceFenced();
            OperatorRequest change = cluster.Change(survivor, new MembershipChange.Replace(cluster.InitialMembership.Members));
            Assert.True(cluster.RunUntil(() => change.Answer is Effect.ChangeAccepted, 5 * Second), $"seed {seed}: {change.Answer}");
            Assert.Empty(survivor.Core!.Membership.Recovery!.Excluded);
            Write(cluster);
            cluster.RunFor(Second);
            Assert.All(cluster.Members, m => Assert.Equal((1u, 12), (m.Core!.Generation.Number, m.Applied.Count(v => v != 0))));
            cluster.End();
        }
    }

    [Fact]
    public void The_survivor_with_less_is_refused_and_told_who_has_more()
    {
        CoreCluster cluster = Running(1);
        SimulatedMember[] survivors = Others(cluster)[..2];
        SimulatedMember behind = survivors[0];
        cluster.Partition([behind]);
        Write(cluster);
        cluster.RunFor(Second);
        foreach (SimulatedMember gone in cluster.Members.Except(survivors))
        {
            cluster.Crash(gone);
        }

        cluster.HealLinks();
        cluster.RunFor(Second);
        Effect.RecoveryRefused refused = Assert.IsType<Effect.RecoveryRefused>(cluster.ForceRecovery(behind, survivors).Answer);
        Assert.Contains($"survivor {survivors[1].Id}", refused.Reason, StringComparison.Ordinal);
        OperatorRequest request = cluster.ForceRecovery(survivors[1], survivors);
        Assert.True(cluster.RunUntil(() => cluster.Leader is { Core.IsReady: true } leader && leader.Core.Membership.Voters.Length == 2, 5 * Second), $"{request.Answer}");
        Assert.DoesNotContain(cluster.Writes, w => w.IsGivenUp);
        cluster.End();
    }

    [Fact]
    public void Nothing_is_forced_on_a_stream_that_works()
    {
        CoreCluster cluster = Running(1, voters: 3);
        foreach (SimulatedMember member in cluster.Members)
        {
            Effect.RecoveryRefused refused = Assert.IsType<Effect.RecoveryRefused>(cluster.ForceRecovery(member, [member]).Answer);
            Assert.Contains("nothing has to be forced", refused.Reason, StringComparison.Ordinal);
        }

        cluster.RunFor(Second);
        Assert.Equal(Generation.First, cluster.Generation);
        cluster.End();
    }

    [Fact]
    public void Of_two_recoveries_that_do_not_know_of_each_other_one_gives_way()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            CoreCluster cluster = Running(seed, voters: 3);
            SimulatedMember dead = cluster.Leader!;
            SimulatedMember[] both = Others(cluster);
            cluster.Crash(dead);
            cluster.Partition([both[0]]);
            cluster.RunFor(Second);
            cluster.ForceRecovery(both[0], [both[0]]);
            Assert.True(cluster.RunUntil(() => both[0].IsLeader, 2 * Second));
            cluster.ForceRecovery(both[1], [both[1]]);
            Assert.True(cluster.RunUntil(() => both[1].IsLeader, 2 * Second));
            Assert.NotEqual(both[0].Core!.Generation, both[1].Core!.Generation);

            cluster.HealLinks();
            cluster.RunFor(3 * Second);
            Assert.Single(both, m => m.IsFenced);
            Assert.Equal(cluster.Generation, both.Single(m => m.IsUp).Core!.Generation);
        }
    }

    [Fact]
    public void A_survivor_that_turns_up_later_with_more_is_stopped_rather_than_cut()
    {
        CoreCluster cluster = Running(3, voters: 3);
        SimulatedMember leader = cluster.Leader!;
        SimulatedMember[] others = Others(cluster);
        cluster.Partition([others[0]]);
        Write(cluster);
        cluster.RunFor(Second);
        cluster.Crash(leader);
        cluster.RunFor(Second);

        // others[1] is named, but cannot be asked.
        cluster.Crash(others[1]);
        cluster.ForceRecovery(others[0], others);
        Assert.True(cluster.RunUntil(() => cluster.Leader is { Core.IsReady: true }, 2 * Second));
        cluster.HealLinks();
        cluster.Restart(others[1]);
        Assert.True(cluster.RunUntil(() => others[1].IsFenced, 5 * Second));
    }

    [Fact]
    public void Random_disasters_lose_only_what_no_survivor_had()
    {
        ulong count = TestSeed.CountOr(100);
        int recoveries = 0;
        int replaced = 0;
        int givenUp = 0;
        object gate = new();
        Parallel.For(0, (long)count, offset =>
        {
            SimulationSchedule schedule = SimulationSchedule.Of((ulong)offset + 1, "disasters");
            SimulationResult result = Simulator.Run(schedule);
            Assert.True(result.Failure is null, $"seed {schedule.Seed}: {result.Failure?.Invariant}: {result.Failure?.Message}");
            lock (gate)
            {
                recoveries += (int)result.Cluster.Generation.Number;
                replaced += result.Cluster.Replaced;
                givenUp += result.Cluster.Writes.Count(w => w.IsGivenUp);
            }
        });
        output.WriteLine($"{count} seeds: {recoveries} recoveries forced, {replaced} members fenced and replaced, {givenUp} acknowledged writes given up");
        Assert.True(recoveries > (int)count / 3 && replaced > (int)count / 3 && givenUp > 0, "the disasters were none");
    }
}
