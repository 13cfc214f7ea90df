using RaftActors.TestKit.Simulation;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace RaftActors.Protocol.Tests.Simulation;

/// <summary>
/// Whole clusters under every fault there is. A failure prints its seed and the end of its trace; RAFT_SEED runs one seed
/// alone, RAFT_SEEDS another number of them.
/// </summary>
public sealed class SimulationSpec(ITestOutputHelper output)
{
    private const int FixedSeeds = 2000;
    private const int FreshSeeds = 200;
    private const int TraceLines = 150;

    [Fact]
    public void A_cluster_keeps_its_promises_under_faults_and_recovers_when_they_end()
    {
        ulong count = TestSeed.Given is null ? TestSeed.CountOr(FixedSeeds) : 1;
        Counters all = Run(TestSeed.Given ?? 1, count, "all");
        output.WriteLine($"{count} seeds, {all.Steps} steps, {all.Acknowledged} writes acknowledged, {all.Reads} reads confirmed, {all.Installed} snapshots installed, {all.Changes} memberships changed, {all.Transfers} offices handed over");

        // The simulation itself must not go blind: most of what clients ask for has to succeed.
        if (count >= 100)
        {
            Assert.True(all.Acknowledged > (long)count * 50 && all.Reads > (long)count * 20, "hardly anything was acknowledged");
            Assert.True(all.Installed > (long)count / 10, "hardly any snapshot was installed");
            Assert.True(all.Changes > (long)count && all.Transfers > (long)count / 20, "hardly any membership was changed, or office handed over");
        }
    }

    [Theory]
    [InlineData("calm")]
    [InlineData("network")]
    [InlineData("storage")]
    [InlineData("time")]
    [InlineData("crashes")]
    [InlineData("operators")]
    [InlineData("sessions")]
    [InlineData("quorums")]
    [InlineData("disasters")]
    [InlineData("losses")]
    [InlineData("leases")]
    [InlineData("consensus")]
    [InlineData("ahead")]
    public void A_cluster_keeps_its_promises_in_every_kind_of_bad_world(string faults) => Run(1, TestSeed.CountOr(40), faults);

    [Fact]
    public void Sessions_are_used_in_earnest()
    {
        long[] decisions = new long[5];
        for (ulong seed = 1; seed <= 20; seed++)
        {
            SimulationResult result = Simulator.Run(SimulationSchedule.Of(seed, "sessions"));
            Assert.Null(result.Failure);
            decisions = [.. decisions.Zip(result.Cluster.SessionDecisions, (a, b) => a + b)];
        }

        output.WriteLine(string.Join(", ", decisions.Select((count, at) => $"{(SessionDecision)at} {count}")));
        Assert.All(decisions, count => Assert.True(count > 200));
    }

    /// <summary>A leader that applied what its disk did not have loses that in a crash, in many of the runs in which it may.</summary>
    [Fact]
    public void Leaders_that_are_ahead_of_their_disks_crash()
    {
        int ahead = 0;
        for (ulong seed = 1; seed <= 60; seed++)
        {
            SimulationSchedule schedule = SimulationSchedule.Of(seed, "ahead");
            SimulationResult result = Simulator.Run(schedule);
            Assert.True(result.Failure is null, $"seed {seed} of ahead: {result.Failure?.Message}");
            ahead += result.Cluster.Members.Sum(m => m.CrashesAhead);
        }

        output.WriteLine($"{ahead} crashes of members that were ahead of their disks");
        Assert.True(ahead >= 20, $"only {ahead} members crashed ahead of their disks");
    }

    /// <summary>A member whose journal is damaged does not start; the stream goes on without it, and it comes back with an empty disk.</summary>
    [Fact]
    public void Disks_of_a_minority_may_rot()
    {
        int rotten = 0;
        for (ulong seed = 1; seed <= 40; seed++)
        {
            SimulationResult result = Simulator.Run(SimulationSchedule.Of(seed, "storage"));
            Assert.True(result.Failure is null, $"seed {seed} of storage: {result.Failure?.Message}");
            rotten += result.Rotten;
        }

        output.WriteLine($"{rotten} disks rotted");
        Assert.True(rotten >= 8, $"only {rotten} disks rotted");
    }

    [Fact]
    public void A_cluster_keeps_its_promises_for_seeds_that_nobody_has_seen()
    {
        ulong first = TestSeed.GivenOrFresh();
        output.WriteLine($"seeds from {first} on");
        Run(first, FreshSeeds, "all");
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        SimulationTrace one = new();
        SimulationTrace two = new();
        Simulator.Run(SimulationSchedule.Of(42), one);
        Simulator.Run(SimulationSchedule.Of(42), two);
        Assert.Equal(one.Lines(), two.Lines());
    }

    [Fact]
    public void What_ships_has_none_of_the_mutants() =>
        Assert.Null(typeof(RaftCore).Assembly.GetType("RaftActors.Protocol.Mutants"));

    private Counters Run(ulong first, ulong count, string faults)
    {
        Counters counters = new();
        long failed = long.MaxValue;
        Parallel.For(0, (long)count, (offset, loop) =>
        {
            SimulationResult result = Simulator.Run(SimulationSchedule.Of(first + (ulong)offset, faults));
            lock (counters)
            {
                if (result.Failure is not null)
                {
                    failed = Math.Min(failed, offset);
                    loop.Stop();
                }

                counters.Count(result.Cluster);
            }
        });
        if (failed < long.MaxValue)
        {
            Tell(SimulationSchedule.Of(first + (ulong)failed, faults));
        }

        return counters;
    }

    private void Tell(SimulationSchedule schedule)
    {
        FailureReport report = FailureReport.Of(Simulator.Run(schedule));
        foreach (string line in report.Describe().Concat(report.MinimalTrace().TakeLast(TraceLines)))
        {
            output.WriteLine(line);
        }

        SimulationFailure failure = report.Original.Failure!;

        throw new XunitException($"seed {schedule.Seed} (rerun with RAFT_SEED={schedule.Seed}): {failure.Invariant}: {failure.Message}", failure.Cause);
    }

    private sealed class Counters
    {
        public long Steps { get; private set; }

        public long Acknowledged { get; private set; }

        public long Reads { get; private set; }

        public long Installed { get; private set; }

        public long Changes { get; private set; }

        public long Transfers { get; private set; }

        public void Count(CoreCluster cluster)
        {
            Steps += cluster.Time.Steps;
            Acknowledged += cluster.Writes.Count(w => w.State == WriteState.Acknowledged);
            Reads += cluster.Reads.Count(r => r.Index is not null);
            Installed += cluster.Members.Sum(m => m.Installed);
            Changes += cluster.Requests.Count(r => r.Answer is Effect.ChangeAccepted);
            Transfers += cluster.Requests.Count(r => r.Answer is Effect.TransferEnded { Outcome: TransferOutcome.HandedOver });
        }
    }
}
