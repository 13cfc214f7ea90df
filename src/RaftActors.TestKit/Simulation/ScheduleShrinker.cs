using System.Collections.Immutable;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Makes a failing schedule small: less time, fewer members, a friendlier world, fewer faults, fewer requests, as long as the same
/// invariant breaks. What is left is not the smallest there is, but nothing in it can be left out alone.
/// </summary>
public sealed class ScheduleShrinker
{
    private readonly int _budget;
    private SimulationResult _best;

    private ScheduleShrinker(SimulationResult failed, int budget)
    {
        _best = failed;
        _budget = budget;
    }

    /// <summary>How many runs it took.</summary>
    public int Runs { get; private set; }

    /// <summary>Shrinks.</summary>
    /// <param name="failed">A run that failed.</param>
    /// <param name="budget">How many runs it may take.</param>
    /// <returns>The smallest run found that breaks the same invariant.</returns>
    public static SimulationResult Shrink(SimulationResult failed, int budget = 600)
    {
        if (failed.Failure is null)
        {
            throw new ArgumentException("Only a run that failed can be shrunk.", nameof(failed));
        }

        ScheduleShrinker shrinker = new(failed, budget);
        shrinker.Shorten();
        shrinker.Calm();
        shrinker.Thin(r => r.Faults, s => s.WithoutFaults, (s, without) => s with { WithoutFaults = without });
        shrinker.Thin(r => r.Requests, s => s.WithoutRequests, (s, without) => s with { WithoutRequests = without });
        shrinker.Calm();
        shrinker.Thin(r => r.Faults, s => s.WithoutFaults, (s, without) => s with { WithoutFaults = without });
        shrinker.Shorten();
        return shrinker._best;
    }

    /// <summary>What comes after the failure is of no use; of what comes before, perhaps half is enough.</summary>
    private void Shorten()
    {
        SimulationSchedule schedule = _best.Schedule;
        TimeSpan at = _best.Failure!.At;
        if (at < schedule.HostileTime)
        {
            Try(schedule with { HostileTime = at });
        }

        for (double part = 0.25; part < 1; part += 0.25)
        {
            if (Try(_best.Schedule with { HostileTime = _best.Schedule.HostileTime * part }))
            {
                break;
            }
        }
    }

    /// <summary>Fewer members and a friendlier world, one thing after the other.</summary>
    private void Calm()
    {
        Func<SimulationProfile, SimulationProfile>[] calmer =
        [
            p => p with { Learners = 0 },
            p => p with { Loggers = 0 },
            p => p with { Spares = 0 },
            p => p with { Voters = 2 },
            p => p with { Voters = 3 },
            p => p with { Voters = 4 },
            p => p with { Loss = 0 },
            p => p with { Duplication = 0 },
            p => p with { Stragglers = 0 },
            p => p with { Drift = 0 },
            p => p with { Skew = TimeSpan.Zero },
            p => p with { Priorities = false },
            p => p with { SnapshotEvery = 0 },
            p => p with { Operators = 0 },
            p => p with { BitRot = false },
            p => p with { MaxDelay = TimeSpan.FromMilliseconds(2) },
            p => p with { MaxDisk = TimeSpan.FromMilliseconds(1) },
            p => p with { MaxInFlightAppends = 1 },
            p => p with { CoalesceAppendsBelow = 0 },
            p => p with { SpareAppendsBelow = 0 },
            p => p with { ApplyBeforeOwnDisk = false },
        ];
        foreach (Func<SimulationProfile, SimulationProfile> change in calmer)
        {
            SimulationProfile profile = _best.Schedule.Profile;
            SimulationProfile changed = change(profile);
            if (changed != profile && changed.Voters <= profile.Voters)
            {
                Try(_best.Schedule with { Profile = changed });
            }
        }
    }

    /// <summary>Leaves out halves, then quarters, then single ones.</summary>
    private void Thin(
        Func<SimulationResult, int> count,
        Func<SimulationSchedule, ImmutableHashSet<int>> without,
        Func<SimulationSchedule, ImmutableHashSet<int>, SimulationSchedule> leaveOut)
    {
        List<int> kept = [.. Enumerable.Range(1, count(_best)).Where(n => !without(_best.Schedule).Contains(n))];
        for (int size = kept.Count; size >= 1; size /= 2)
        {
            for (int i = 0; i < kept.Count && Runs < _budget;)
            {
                List<int> some = kept.GetRange(i, Math.Min(size, kept.Count - i));
                if (Try(leaveOut(_best.Schedule, without(_best.Schedule).Union(some))))
                {
                    kept.RemoveRange(i, some.Count);
                }
                else
                {
                    i += size;
                }
            }
        }
    }

    private bool Try(SimulationSchedule schedule)
    {
        if (Runs >= _budget)
        {
            return false;
        }

        Runs++;
        SimulationResult result = Simulator.Run(schedule);
        if (result.Failure?.Invariant != _best.Failure!.Invariant)
        {
            return false;
        }

        _best = result;
        return true;
    }
}
