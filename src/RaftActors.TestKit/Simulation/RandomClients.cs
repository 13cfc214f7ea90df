namespace RaftActors.TestKit.Simulation;

/// <summary>Writes and reads at random, mostly at members that lead, sometimes at those that do not.</summary>
public sealed class RandomClients(CoreCluster cluster, SimulationSchedule schedule)
{
    private readonly SimulationRandom _times = new SimulationRandom(schedule.Seed).Fork(3);
    private readonly SimulationRandom _requests = new SimulationRandom(schedule.Seed).Fork(4);
    private bool _stopped;

    /// <summary>How many requests came up so far, those that the schedule leaves out included.</summary>
    public int Count { get; private set; }

    /// <summary>Begins to submit.</summary>
    public void Begin() => Next();

    /// <summary>Submits nothing any more.</summary>
    public void Stop() => _stopped = true;

    private void Next() => cluster.Time.In(_times.Between(TimeSpan.Zero, 2 * cluster.Profile.SubmitEvery), () =>
    {
        if (_stopped)
        {
            return;
        }

        Count++;
        if (!schedule.WithoutRequests.Contains(Count))
        {
            Submit(_requests.Fork((ulong)Count));
        }

        Next();
    });

    private void Submit(SimulationRandom random)
    {
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
    }
}
