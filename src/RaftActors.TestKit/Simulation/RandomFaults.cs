using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Picks on the cluster with the kinds of faults that the profile allows. Every fault has its own randomness, so that a schedule
/// can leave some out without changing the others.
/// </summary>
public sealed class RandomFaults(CoreCluster cluster, SimulationSchedule schedule)
{
    private readonly SimulationRandom _times = new SimulationRandom(schedule.Seed).Fork(1);
    private readonly SimulationRandom _faults = new SimulationRandom(schedule.Seed).Fork(2);
    private readonly FaultKinds[] _kinds = [.. Enum.GetValues<FaultKinds>().Where(k => k is not (FaultKinds.None or FaultKinds.All) && cluster.Profile.Faults.HasFlag(k))];
    private readonly RandomOperators _operators = new(cluster);
    private bool _stopped;

    /// <summary>How many faults came up so far, those that the schedule leaves out included.</summary>
    public int Count { get; private set; }

    /// <summary>Begins.</summary>
    public void Begin()
    {
        if (cluster.Profile.FaultEvery > TimeSpan.Zero)
        {
            Next();
        }
    }

    /// <summary>Does nothing any more.</summary>
    public void Stop() => _stopped = true;

    private void Next() => cluster.Time.In(_times.Between(TimeSpan.Zero, 2 * cluster.Profile.FaultEvery), () =>
    {
        if (_stopped)
        {
            return;
        }

        Count++;
        if (!schedule.WithoutFaults.Contains(Count))
        {
            Strike(_faults.Fork((ulong)Count));
        }

        Next();
    });

    private void Strike(SimulationRandom random)
    {
        // Half of the time the leader: faults elsewhere test less.
        SimulatedMember victim = random.Chance(0.5) && cluster.Leader is { } leader ? leader : random.Pick(cluster.Members);

        if (cluster.Profile.ApplyBeforeOwnDisk && _kinds.Length > 0 && random.Fork(5) is var ahead && ahead.Chance(0.4) && cluster.Leader is { } leading)
        {
            FallBehind(leading, ahead);
            return;
        }

        if (random.Chance(cluster.Profile.Operators))
        {
            _operators.Strike(victim, random);
            return;
        }

        // Ends are drawn apart from beginnings: a fault whose end was left out of a schedule lasts.
        int what = random.Below(10);
        if (what < 2)
        {
            RestartSome(random);
        }
        else if (what < 3)
        {
            cluster.HealLinks();
        }
        else if (_kinds.Length > 0)
        {
            Strike(random.Pick(_kinds), victim, random);
        }
    }

    /// <summary>A leader's disk falls behind those of the others, which are all there; while the leader is ahead of it, something happens to the leader.</summary>
    private void FallBehind(SimulatedMember leader, SimulationRandom random)
    {
        cluster.HealLinks();
        foreach (SimulatedMember other in cluster.Members.Where(m => m != leader).ToArray())
        {
            other.SlowDisk(TimeSpan.Zero);
            other.FillDisk(false);
            if (!other.IsUp)
            {
                cluster.Restart(other);
            }
        }

        leader.SlowDisk(TimeSpan.FromMilliseconds(random.Pick([100, 400])));
        FaultKinds[] ends = [.. _kinds.Where(k => SimulationProfile.EndsOfLeaders.HasFlag(k))];
        TimeSpan earliest = cluster.Time.Now + random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
        TimeSpan latest = earliest + TimeSpan.FromMilliseconds(400);
        int run = leader.Run;
        Look();

        void Look() => cluster.Time.In(TimeSpan.FromMilliseconds(1), () =>
        {
            if (_stopped || leader.Run != run || !leader.IsUp)
            {
                return;
            }

            if (cluster.Time.Now < earliest || (!leader.IsAhead && cluster.Time.Now < latest))
            {
                Look();
                return;
            }

            leader.SlowDisk(TimeSpan.FromMilliseconds(random.Pick([0, 0, 100])));
            if (ends.Length > 0 && random.Chance(0.8))
            {
                Strike(random.Pick(ends), leader, random);
            }
        });
    }

    private void RestartSome(SimulationRandom random)
    {
        foreach (SimulatedMember member in cluster.Members.Where(m => !m.IsUp && random.Chance(0.7)).ToArray())
        {
            cluster.Restart(member);
        }
    }

    private void Strike(FaultKinds kind, SimulatedMember victim, SimulationRandom random)
    {
        SimulatedMember other = random.Pick(cluster.Members);
        switch (kind)
        {
            case FaultKinds.Crash when victim.IsUp:
                cluster.Crash(victim);
                break;
            case FaultKinds.CrashBetweenEffects:
                victim.CrashAfterEffects(random.Below(40));
                break;
            case FaultKinds.Partition:
                cluster.Partition(random.Chance(0.5) ? [victim] : [.. cluster.Members.Where(_ => random.Chance(0.5))]);
                break;
            case FaultKinds.OneWayCut when random.Chance(0.4):
                cluster.Deafen(victim);
                break;
            case FaultKinds.OneWayCut when random.Chance(0.5):
                cluster.Mute(victim);
                break;
            case FaultKinds.OneWayCut:
                cluster.Cut(victim, other);
                break;
            case FaultKinds.SlowLink:
                cluster.Slow(victim, other, TimeSpan.FromMilliseconds(random.Pick([20, 100, 400])));
                break;
            case FaultKinds.SlowDisk:
                victim.SlowDisk(TimeSpan.FromMilliseconds(random.Pick([0, 0, 30, 200])));
                break;
            case FaultKinds.FailedWrite:
                victim.FailNextWrite();
                break;
            case FaultKinds.FullDisk:
                victim.FillDisk(!victim.IsDiskFull);
                break;
            case FaultKinds.Pause:
                victim.Pause(random.Between(TimeSpan.FromMilliseconds(10), cluster.Profile.MaxPause));
                break;
            case FaultKinds.LostConnection:
                victim.Take(new RaftInput.PeerUnreachable(other.Id));
                break;
            case FaultKinds.StepDown when random.Chance(0.5):
                victim.Take(new RaftInput.StepDown());
                break;
        }
    }
}
