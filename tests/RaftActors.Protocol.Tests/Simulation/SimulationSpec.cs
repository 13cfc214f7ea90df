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
    private const int FixedSeeds = 300;
    private const int FreshSeeds = 20;
    private const int TraceLines = 150;

    [Fact]
    public void A_cluster_keeps_its_promises_under_faults_and_recovers_when_they_end()
    {
        if (TestSeed.Given is { } only)
        {
            Run(only);
            return;
        }

        ulong count = TestSeed.CountOr(FixedSeeds);
        long steps = 0;
        long acknowledged = 0;
        long reads = 0;
        int installed = 0;
        int changes = 0;
        int transfers = 0;
        for (ulong seed = 1; seed <= count; seed++)
        {
            SimulationRun run = Run(seed);
            steps += run.Cluster.Time.Steps;
            acknowledged += run.Cluster.Writes.Count(w => w.State == WriteState.Acknowledged);
            reads += run.Cluster.Reads.Count(r => r.Index is not null);
            installed += run.Cluster.Members.Sum(m => m.Installed);
            changes += run.Cluster.Requests.Count(r => r.Answer is Effect.ChangeAccepted);
            transfers += run.Cluster.Requests.Count(r => r.Answer is Effect.TransferEnded { Outcome: TransferOutcome.HandedOver });
        }

        output.WriteLine($"{count} seeds, {steps} steps, {acknowledged} writes acknowledged, {reads} reads confirmed, {installed} snapshots installed, {changes} memberships changed, {transfers} offices handed over");

        // The simulation itself must not go blind: most of what clients ask for has to succeed.
        Assert.True(acknowledged > (long)count * 50 && reads > (long)count * 20, "hardly anything was acknowledged");
        Assert.True(installed > (long)count / 10, "hardly any snapshot was installed");
        Assert.True(changes > (long)count && transfers > (long)count / 10, "hardly any membership was changed, or office handed over");
    }

    [Fact]
    public void A_cluster_keeps_its_promises_for_seeds_that_nobody_has_seen()
    {
        ulong first = TestSeed.GivenOrFresh();
        output.WriteLine($"seeds from {first} on");
        for (ulong seed = first; seed < first + FreshSeeds; seed++)
        {
            Run(seed);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        List<string> one = [];
        List<string> two = [];
        SimulationRun.Execute(42, one.Add);
        SimulationRun.Execute(42, two.Add);
        Assert.Equal(one, two);
    }

    private SimulationRun Run(ulong seed)
    {
        try
        {
            return SimulationRun.Execute(seed);
        }
        catch (Exception failure)
        {
            Queue<string> trace = new();
            try
            {
                SimulationRun.Execute(seed, line =>
                {
                    trace.Enqueue(line);
                    if (trace.Count > TraceLines)
                    {
                        trace.Dequeue();
                    }
                });
            }
            catch (Exception again) when (again.Message == failure.Message)
            {
                foreach (string line in trace)
                {
                    output.WriteLine(line);
                }
            }

            throw new XunitException($"seed {seed} (rerun with RAFT_SEED={seed}): {failure.Message}", failure);
        }
    }
}
