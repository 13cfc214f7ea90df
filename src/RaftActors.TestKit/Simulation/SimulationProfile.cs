using System.Collections.Immutable;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>How large a simulated stream is and how unfriendly its world. Durations are virtual.</summary>
internal sealed record SimulationProfile
{
    public int Voters { get; init; } = 3;

    public int Learners { get; init; }

    public int Loggers { get; init; }

    /// <summary>Nodes that could be added.</summary>
    public int Spares { get; init; }

    /// <summary>How large a part of the faults are changes of the membership, transfers and elections on demand.</summary>
    public double Operators { get; init; }

    /// <summary>Members differ in how much they are wanted as leaders.</summary>
    public bool Priorities { get; init; }

    public double Loss { get; init; }

    public double Duplication { get; init; }

    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(0.5);

    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(2);

    public TimeSpan MinDisk { get; init; } = TimeSpan.FromMilliseconds(0.1);

    public TimeSpan MaxDisk { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>The mean time between two faults; zero for none.</summary>
    public TimeSpan FaultEvery { get; init; }

    /// <summary>The mean time between two submissions of clients.</summary>
    public TimeSpan SubmitEvery { get; init; } = TimeSpan.FromMilliseconds(10);

    public bool PreVote { get; init; } = true;

    public bool CheckQuorum { get; init; } = true;

    public int MaxAppendBytes { get; init; } = 400;

    public int MaxInFlightAppends { get; init; } = 4;

    public long MaxInFlightBytes { get; init; } = 1500;

    public int MaxUncommittedEntries { get; init; } = 60;

    /// <summary>Entries between two snapshots; 0 for none.</summary>
    public int SnapshotEvery { get; init; }

    /// <summary>Entries that a compaction keeps.</summary>
    public int ReservedEntries { get; init; }

    public static TimeSpan HeartbeatInterval { get; } = TimeSpan.FromMilliseconds(30);

    public static TimeSpan ElectionTimeoutMin { get; } = TimeSpan.FromMilliseconds(150);

    public static TimeSpan ElectionTimeoutMax { get; } = TimeSpan.FromMilliseconds(300);

    /// <summary>A friendly world: nothing is lost, nobody fails.</summary>
    public static SimulationProfile Calm { get; } = new();

    /// <summary>A world with every fault there is, each as likely as the seed says.</summary>
    public static SimulationProfile Hostile(SimulationRandom random) => Hostile(random, random.Pick([3, 3, 3, 5, 4, 2, 1]), random.Chance(0.6));

    private static SimulationProfile Hostile(SimulationRandom random, int voters, bool hasOperators) => new()
    {
        Voters = voters,
        Learners = random.Chance(0.2) ? 1 : 0,

        // A log-only voter whose log is ahead can block the election of a voter that it is needed for; see PROTOCOL.md, "Known limits".
        Loggers = voters >= 3 && random.Chance(0.2) && !hasOperators ? 1 : 0,
        Spares = random.Below(3),
        Operators = hasOperators ? random.Pick([0.2, 0.5]) : 0,
        Priorities = random.Chance(0.2),
        Loss = random.Pick([0, 0.01, 0.05, 0.2]),
        Duplication = random.Pick([0, 0.02, 0.1]),
        MaxDelay = TimeSpan.FromMilliseconds(random.Pick([2, 5, 20, 60])),
        MaxDisk = TimeSpan.FromMilliseconds(random.Pick([1, 5, 20, 80])),
        FaultEvery = TimeSpan.FromMilliseconds(random.Pick([40, 80, 150, 400])),
        SubmitEvery = TimeSpan.FromMilliseconds(random.Pick([4, 8, 25])),
        PreVote = random.Chance(0.8),
        CheckQuorum = random.Chance(0.8),
        MaxInFlightAppends = random.Pick([1, 2, 4, 16]),
        SnapshotEvery = random.Pick([0, 5, 20, 60]),
        ReservedEntries = random.Pick([0, 3, 30]),
    };

    public StreamMembership Membership()
    {
        ImmutableArray<Member>.Builder members = ImmutableArray.CreateBuilder<Member>();
        void Add(MemberKind kind, int count)
        {
            for (int i = 0; i < count; i++)
            {
                NodeId id = new((uint)members.Count + 1);
                members.Add(MemberOf(id, kind));
            }
        }

        Add(MemberKind.Voter, Voters);
        Add(MemberKind.LogOnly, Loggers);
        Add(MemberKind.Learner, Learners);
        return new StreamMembership(members.ToImmutable());
    }

    public IEnumerable<NodeId> SpareMembers() =>
        Enumerable.Range(Voters + Loggers + Learners + 1, Spares).Select(i => new NodeId((uint)i));

    public Member MemberOf(NodeId id, MemberKind kind) => new(id, kind, $"sim:{id}") { Priority = Priorities ? (int)(id.Value % 3) : 0 };

    public RaftOptions OptionsOf(NodeId self, StreamMembership membership, ulong seed) => new()
    {
        Self = self,
        Membership = membership,
        ElectionTimeoutMin = ElectionTimeoutMin,
        ElectionTimeoutMax = ElectionTimeoutMax,
        HeartbeatInterval = HeartbeatInterval,
        PreVote = PreVote,
        CheckQuorum = CheckQuorum,
        MaxAppendBytes = MaxAppendBytes,
        MaxInFlightAppends = MaxInFlightAppends,
        MaxInFlightBytes = MaxInFlightBytes,
        MaxUncommittedEntries = MaxUncommittedEntries,
        ReservedEntries = ReservedEntries,
        MaxPendingReads = 200,
        PrioritySwitchAfter = 2 * ElectionTimeoutMax,
        CatchUpMargin = 5,
        CatchUpTimeout = 4 * ElectionTimeoutMax,
        RandomSeed = seed,
    };
}
