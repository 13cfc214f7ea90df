
namespace RaftActors.TestKit.Simulation;

/// <summary>State machines that become slow and fast again, and operators who stop the replication of a peer for a while.</summary>
public sealed class RandomFlow(CoreCluster cluster, SimulationSchedule schedule)
{
    private readonly SimulationRandom _random = new SimulationRandom(schedule.Seed).Fork(0xF2);
    private bool _stopped;

    /// <summary>Begins.</summary>
    public void Begin()
    {
        if (cluster.Profile.FlowFaultEvery > TimeSpan.Zero)
        {
            Next();
        }
    }

    /// <summary>Does nothing any more.</summary>
    public void Stop() => _stopped = true;

    private void Next() => cluster.Time.In(_random.Between(TimeSpan.Zero, 2 * cluster.Profile.FlowFaultEvery), () =>
    {
        if (_stopped)
        {
            return;
        }

        SimulatedMember member = _random.Pick(cluster.Members);
        if (_random.Chance(0.6))
        {
            member.SlowApply(TimeSpan.FromMilliseconds(_random.Pick([0, 0, 10, 60, 300])));
        }
        else if (cluster.Leader is { } leader)
        {
            cluster.PauseReplication(leader, member.Id, TimeSpan.FromMilliseconds(_random.Pick([0, 20, 150, 800])));
        }

        Next();
    });
}
