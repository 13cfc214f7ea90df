using RaftActors.TestKit.Linearizability;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Runs schedules with the real actors (<see cref="LocalCluster"/>): a time of faults, in which nothing may go wrong, then a time of peace, in which everything must go right.
/// </summary>
public static class ActorSimulator
{
    private static readonly TimeSpan PeacefulTime = TimeSpan.FromSeconds(8);

    /// <summary>Runs a schedule to its end or to the first broken promise.</summary>
    /// <param name="schedule">What to run.</param>
    /// <param name="recorder">Records what happens as values, for a picture; null for the text alone.</param>
    public static ActorSimulationResult Run(ActorSchedule schedule, SimulationTrace? recorder = null)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        using LocalCluster cluster = new(schedule.ToOptions(_ => new SimulatedStore(), recorder));
        ActorFaults faults = new(cluster, schedule);
        ActorClients clients = new(cluster, schedule, faults);
        SimulationFailure? failure = null;
        try
        {
            foreach (NodeId _ in schedule.Profile.SpareMembers())
            {
                cluster.StartNode();
            }

            RunUntil(schedule.HostileTime, cluster, clients, faults);
            faults.Stop();
            Heal(cluster);
            RunUntil(cluster.Now + (PeacefulTime / 8), cluster, clients, faults);
            clients.Stopped = true;

            // Who was being stopped in an orderly way when peace came has ended by now.
            Heal(cluster);
            ActorRecovery.Run(cluster, schedule, clients, faults, PeacefulTime);
            CheckHistory(clients.History);
        }
        catch (InvariantBrokenException broken)
        {
            failure = new SimulationFailure(broken.Invariant, broken.Message, cluster.Now, broken);
        }
        catch (LocalClusterException broken)
        {
            string first = broken.Message.Split(Environment.NewLine, 2)[0];
            failure = new SimulationFailure(cluster.BrokenInvariant ?? "Liveness", first, cluster.Now, broken);
        }
        catch (Exception broken)
        {
            failure = new SimulationFailure(broken.GetType().Name, broken.Message, cluster.Now, broken);
        }

        return new ActorSimulationResult(schedule, faults.Count, cluster.Steps, cluster.AcknowledgedWrites, clients.History, cluster.Trace, cluster.Members, failure)
        {
            SessionDecisions = cluster.Mirror.SessionDecisions,
        };
    }

    internal static void RunUntil(TimeSpan end, LocalCluster cluster, ActorClients clients, ActorFaults faults)
    {
        while (cluster.Now < end)
        {
            TimeSpan next = new(Math.Min(end.Ticks, Math.Min(clients.Next.Ticks, faults.Next.Ticks)));
            TimeSpan wait = next > cluster.Now ? next - cluster.Now : TimeSpan.Zero;
            cluster.TryRunUntil(() => clients.AnyAnswered || faults.IsDue(cluster.Steps), wait);
            faults.Poll();
            clients.Poll();
        }
    }

    private static void Heal(LocalCluster cluster)
    {
        cluster.Heal();
        cluster.SetNetwork(new LocalNetworkOptions { MaxDelay = TimeSpan.FromMilliseconds(5) });
    }

    private static void CheckHistory(History history)
    {
        LinearizabilityResult result = LinearizabilityChecker.Check(history, new KeyValueModel(), new LinearizabilityOptions { MaxParallelism = 1 });
        if (result is NotLinearizable)
        {
            throw new InvariantBrokenException(result.ToString()!) { Invariant = "Linearizability" };
        }
    }
}
