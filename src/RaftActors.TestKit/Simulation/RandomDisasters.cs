using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// The worst day of an operator: a majority is gone, some for good, some only cut off and alive; what is left is brought back by force, with the survivor that is furthest; and in the end those
/// that were gone come back with their old disks.
/// </summary>
public sealed class RandomDisasters(CoreCluster cluster, SimulationSchedule schedule)
{
    private readonly SimulationRandom _random = new SimulationRandom(schedule.Seed).Fork(32);

    /// <summary>Recoveries that were forced.</summary>
    public int Recoveries { get; private set; }

    /// <summary>Plans one or two days.</summary>
    public void Begin()
    {
        if (!cluster.Profile.Disasters)
        {
            return;
        }

        cluster.Time.In(_random.Between(TimeSpan.FromMilliseconds(400), schedule.HostileTime / 2), Strike);
        if (_random.Chance(0.3))
        {
            cluster.Time.In(_random.Between(schedule.HostileTime / 2, schedule.HostileTime * 0.8), Strike);
        }
    }

    private void Strike()
    {
        SimulatedMember[] voters = [.. cluster.Members.Where(m => cluster.Leader?.Core!.Membership.IsVoter(m.Id) ?? cluster.InitialMembership.IsVoter(m.Id))];
        int doomed = (voters.Length / 2) + _random.Below(voters.Length - (voters.Length / 2));
        SimulatedMember[] away = [.. voters.OrderBy(_ => _random.Next()).Take(doomed)];
        cluster.Trace?.Invoke($"DISASTER: {string.Join(',', away.Select(m => m.Id))}");
        if (_random.Chance(0.4))
        {
            // Cut off, perhaps with a leader and clients of their own.
            cluster.Partition(away);
        }
        else
        {
            foreach (SimulatedMember member in away.Where(m => m.IsUp))
            {
                cluster.Crash(member);
            }
        }

        cluster.Time.In(_random.Between(2 * SimulationProfile.ElectionTimeoutMax, 5 * SimulationProfile.ElectionTimeoutMax), () => Recover(away));
    }

    private void Recover(SimulatedMember[] away)
    {
        SimulatedMember[] survivors = [.. cluster.Members.Except(away).Where(m => m.IsUp && m.Core!.Generation == cluster.Generation && (cluster.InitialMembership.Find(m.Id) ?? m.Core.Membership.Find(m.Id)) is not null)];
        if (survivors.Length > 1 && _random.Chance(0.3))
        {
            // Somebody is forgotten.
            survivors = survivors[1..];
        }

        foreach (SimulatedMember candidate in survivors.OrderByDescending(m => m.Core!.LastEntry.Term).ThenByDescending(m => m.Core!.LastEntry.Index))
        {
            SimulatedMember[] named = [.. survivors.Where(m => candidate.Core is { } core && core.Membership.Find(m.Id) is not null)];
            if (candidate.IsUp && named.Contains(candidate))
            {
                OperatorRequest request = cluster.ForceRecovery(candidate, named);
                cluster.NobodyActs();
                if (request.Answer is not Effect.RecoveryRefused)
                {
                    Recoveries++;
                    return;
                }
            }
        }
    }
}
