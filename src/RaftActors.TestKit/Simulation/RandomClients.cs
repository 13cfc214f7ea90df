using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Writes and reads at random, mostly at members that lead, sometimes at those that do not.</summary>
internal sealed class RandomClients(CoreCluster cluster)
{
    private bool _stopped;

    public void Begin() => Next();

    public void Stop() => _stopped = true;

    private void Next() => cluster.Time.In(cluster.Random.Between(TimeSpan.Zero, 2 * cluster.Profile.SubmitEvery), () =>
    {
        if (_stopped)
        {
            return;
        }

        SimulationRandom random = cluster.Random;
        SimulatedMember[] leaders = [.. cluster.Members.Where(m => m.IsLeader)];
        SimulatedMember target = leaders.Length > 0 && random.Chance(0.8) ? random.Pick(leaders) : random.Pick(cluster.Members);
        if (target.IsUp && random.Chance(0.3))
        {
            cluster.Read(target);
        }
        else if (target.IsUp)
        {
            cluster.Write(target, random.Chance(0.1) ? random.Between(5, 40) : random.Between(1, 3));
        }

        Next();
    });
}
