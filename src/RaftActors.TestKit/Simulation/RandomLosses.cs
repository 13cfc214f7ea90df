using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Disks that are replaced by empty ones under members that belong to the stream, and are started as if nothing had happened. Later an operator does what the documents say: removes such a
/// member and adds it again. Until then the stream has to go on as if it were dead.
/// </summary>
public sealed class RandomLosses(CoreCluster cluster, SimulationSchedule schedule)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(50);

    private readonly SimulationRandom _random = new SimulationRandom(schedule.Seed).Fork(33);
    private SimulatedMember? _lost;
    private OperatorRequest? _request;
    private bool _isRemoved;
    private bool _stopped;

    /// <summary>Journals that were lost.</summary>
    public int Count { get; private set; }

    /// <summary>Plans the losses.</summary>
    public void Begin()
    {
        if (cluster.Profile.Losses)
        {
            cluster.Time.In(_random.Between(TimeSpan.FromMilliseconds(300), schedule.HostileTime / 2), Strike);
        }
    }

    /// <summary>Nothing is lost any more.</summary>
    public void Stop() => _stopped = true;

    /// <summary>The operator has removed every member that lost its journal.</summary>
    public bool IsRepaired()
    {
        if (_lost is null || (_isRemoved && _request is null or { IsAnswered: true }))
        {
            _lost = null;
            return true;
        }

        Repair();
        return false;
    }

    private void Strike()
    {
        if (_stopped)
        {
            return;
        }

        SimulatedMember[] victims = _lost is null ? [.. cluster.Members.Where(MayLose)] : [];
        if (victims.Length == 0)
        {
            cluster.Time.In(Again, Strike);
            return;
        }

        _lost = _random.Pick(victims);
        cluster.IsRepairing = true;
        _isRemoved = false;
        Count++;
        cluster.Trace?.Invoke($"{_lost.Id} LOSES ITS JOURNAL");
        _lost.LoseJournal();
        cluster.Restart(_lost);
        cluster.Time.In(_random.Between(TimeSpan.FromMilliseconds(100), schedule.HostileTime / 3), RepairUntilDone);
    }

    private void RepairUntilDone()
    {
        if (_stopped)
        {
            return;
        }

        Repair();
        cluster.Time.In(_lost is null ? _random.Between(Again, schedule.HostileTime / 4) : Again, _lost is null ? Strike : RepairUntilDone);
    }

    /// <summary>Removes it, waits for the answer, adds it again.</summary>
    private void Repair()
    {
        if (_lost is null || _request is { IsAnswered: false })
        {
            return;
        }

        if (_request is { Answer: Effect.ChangeAccepted })
        {
            _request = null;
            if (_isRemoved)
            {
                _lost = null;
                cluster.IsRepairing = false;
                return;
            }

            _isRemoved = true;
        }

        if (cluster.Leader is { Core.IsReady: true } leader)
        {
            _request = cluster.Change(leader, _isRemoved
                ? new MembershipChange.Add(cluster.Profile.MemberOf(_lost.Id, MemberKind.Voter))
                : new MembershipChange.Remove(_lost.Id));
        }
    }

    /// <summary>
    /// The others know its incarnation, for certain, and are enough without it; see "A member that lost its journal" in PROTOCOL.md for what happens otherwise.
    /// </summary>
    private bool MayLose(SimulatedMember victim) =>
        cluster.Leader is { Core: { } leader }
        && leader.Membership.IsVoter(victim.Id)
        && !leader.IsChangingMembership
        && leader.MembershipIndex <= leader.CommitIndex
        && cluster.Members.All(m => m.IsUp && !m.IsFenced)
        && cluster.Members.All(m => m == victim || MayMiss(m, victim));

    private static bool MayMiss(SimulatedMember member, SimulatedMember victim)
    {
        RaftCore core = member.Core!;
        StreamMembership membership = core.Membership;
        return membership.Members.IsEmpty
            || (!membership.IsJoint
                && membership.Voters.Count(id => id != victim.Id) > membership.Voters.Length / 2
                && member.Journal.IsIdle
                && (membership.Find(victim.Id) is null || core.KnownIncarnation(victim.Id) == victim.Core!.Incarnation));
    }
}
