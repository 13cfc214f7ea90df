using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Disks of a minority lose or change something that was on them already. The journal notices when it is read, so the member refuses to start; it may not make do with what is left, or it
/// would have forgotten votes and acknowledgements. The operator removes it from the stream, gives it an empty disk and adds it again (PROTOCOL.md, "A member that lost its journal").
/// </summary>
public sealed class RandomRot(CoreCluster cluster, SimulationSchedule schedule)
{
    private static readonly TimeSpan Attention = TimeSpan.FromMilliseconds(50);
    private readonly SimulationRandom _random = new SimulationRandom(schedule.Seed).Fork(61);
    private readonly List<Patient> _patients = [];
    private readonly int _limit = IsPossible(schedule.Profile) ? (schedule.Profile.Voters - 1) / 2 : 0;

    /// <summary>How many disks have rotted.</summary>
    public int Count => _patients.Count;

    /// <summary>Whether everybody whose disk rotted is a member again.</summary>
    public bool IsHealed => _patients.TrueForAll(p => p.IsBack);

    /// <summary>Plans what rots.</summary>
    public void Begin()
    {
        for (int i = _limit == 0 ? 0 : _random.Between(1, _limit); i > 0; i--)
        {
            cluster.Time.In(_random.Between(TimeSpan.Zero, schedule.HostileTime * 0.8), Rot);
        }

        if (_limit > 0)
        {
            cluster.Time.In(Attention, Attend);
        }
    }

    // While others change the membership too, what is left may not be a majority any more.
    private static bool IsPossible(SimulationProfile profile) =>
        profile is { BitRot: true, Voters: >= 3, Loggers: 0, Operators: 0, Quorums: false, Disasters: false };

    private void Rot()
    {
        SimulatedMember[] voters = [.. cluster.Members.Where(m => schedule.Profile.Membership().IsVoter(m.Id) && _patients.TrueForAll(p => p.Member != m) && m.Journal.Durable.Count > 0)];
        if (voters.Length == 0)
        {
            return;
        }

        SimulatedMember victim = _random.Pick(voters);
        cluster.Trace?.Invoke($"disk of {victim.Id} rots");
        _patients.Add(new Patient(victim));
        victim.Journal.Rot();

        // Nobody notices before the journal is read.
        cluster.Time.In(_random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(800)), () =>
        {
            if (victim.IsUp && victim.Journal.IsRotten)
            {
                cluster.Crash(victim);
                cluster.Restart(victim);
            }
        });
    }

    private void Attend()
    {
        foreach (Patient patient in _patients.Where(p => !p.IsBack && p.Request is null or { IsAnswered: true }))
        {
            if (cluster.Leader is { Core: { IsReady: true, IsChangingMembership: false } leader } at && leader.MembershipIndex <= leader.CommitIndex)
            {
                Treat(patient, at, leader);
            }
        }

        cluster.Time.In(Attention, Attend);
    }

    private void Treat(Patient patient, SimulatedMember at, RaftCore leader)
    {
        SimulatedMember member = patient.Member;
        Member? found = leader.Membership.Find(member.Id);
        if (!patient.IsReplaced)
        {
            if (member.IsUp)
            {
                return;
            }

            if (found is not null)
            {
                patient.Request = cluster.Change(at, new MembershipChange.Remove(member.Id));
                return;
            }

            patient.IsReplaced = true;
            member.Wipe();
            cluster.Restart(member);
        }

        patient.IsBack = patient.Request is { Answer: Effect.ChangeAccepted } && found is { Kind: MemberKind.Voter };
        if (!patient.IsBack)
        {
            patient.Request = cluster.Change(at, new MembershipChange.Add(schedule.Profile.MemberOf(member.Id, MemberKind.Voter)));
        }
    }

    private sealed class Patient(SimulatedMember member)
    {
        public SimulatedMember Member { get; } = member;

        public OperatorRequest? Request { get; set; }

        /// <summary>Removed, and started again with an empty disk.</summary>
        public bool IsReplaced { get; set; }

        public bool IsBack { get; set; }
    }
}
