using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Picks on the cluster: crashes, restarts, partitions, one-way cuts, slow disks, lost connections, step-downs.</summary>
internal sealed class RandomFaults(CoreCluster cluster)
{
    private readonly RandomOperators _operators = new(cluster);
    private bool _stopped;

    public void Begin() => Next();

    public void Stop() => _stopped = true;

    private void Next()
    {
        TimeSpan mean = cluster.Profile.FaultEvery;
        cluster.Time.In(cluster.Random.Between(TimeSpan.Zero, 2 * mean), () =>
        {
            if (!_stopped)
            {
                Strike();
                Next();
            }
        });
    }

    private void Strike()
    {
        SimulationRandom random = cluster.Random;

        // Half of the time the leader: faults elsewhere test less.
        SimulatedMember victim = random.Chance(0.5) && cluster.Leader is { } leader ? leader : random.Pick(cluster.Members);
        if (random.Chance(cluster.Profile.Operators))
        {
            _operators.Strike(victim);
            return;
        }

        switch (random.Below(10))
        {
            case 0 or 1 when victim.IsUp:
                cluster.Crash(victim);
                break;
            case 0 or 1 or 2 or 3:
                foreach (SimulatedMember member in cluster.Members.Where(m => !m.IsUp && random.Chance(0.7)).ToArray())
                {
                    cluster.Restart(member);
                }

                break;
            case 4:
                cluster.Partition([.. cluster.Members.Where(_ => random.Chance(0.5))]);
                break;
            case 5:
                cluster.Partition([victim]);
                break;
            case 6:
                cluster.Network.Cut(victim.Id, random.Pick(cluster.Members).Id);
                break;
            case 7:
                cluster.Trace?.Invoke("LINKS HEAL");
                cluster.Network.Heal();
                break;
            case 8:
                victim.DiskDelay = TimeSpan.FromMilliseconds(random.Pick([0, 0, 30, 200]));
                break;
            default:
                if (random.Chance(0.3))
                {
                    victim.Take(new RaftInput.StepDown());
                }
                else
                {
                    victim.Take(new RaftInput.PeerUnreachable(random.Pick(cluster.Members).Id));
                }

                break;
        }
    }
}
