using System.Collections.Immutable;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>How large a simulated stream is and how unfriendly its world. Durations are virtual.</summary>
public sealed record SimulationProfile
{
    /// <summary>The names that <see cref="Named"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["all", "calm", "network", "storage", "time", "crashes", "operators", "sessions", "quorums", "disasters", "losses", "leases", "consensus", "ahead"];

    /// <summary>Members that vote and apply.</summary>
    public int Voters { get; init; } = 3;

    /// <summary>Members that apply and do not vote.</summary>
    public int Learners { get; init; }

    /// <summary>Members that vote and do not apply.</summary>
    public int Loggers { get; init; }

    /// <summary>Nodes that could be added.</summary>
    public int Spares { get; init; }

    /// <summary>How large a part of the faults are changes of the membership, transfers and elections on demand.</summary>
    public double Operators { get; init; }

    /// <summary>Members differ in how much they are wanted as leaders.</summary>
    public bool Priorities { get; init; }

    /// <summary>Members are in groups, and operators give the stream other quorums, sensible or not.</summary>
    public bool Quorums { get; init; }

    /// <summary>Clients with sessions.</summary>
    public int Sessions { get; init; }

    /// <summary>A majority is lost, and operators force recoveries.</summary>
    public bool Disasters { get; init; }

    /// <summary>Leaders answer some reads by their leases; the bound on the clocks is <see cref="Drift"/>.</summary>
    public bool Leases { get; init; }

    /// <summary>Members that belong to the stream lose their journals, one after the other, and an operator replaces them later.</summary>
    public bool Losses { get; init; }

    /// <summary>How many decide at first.</summary>
    public QuorumRule Quorum { get; init; } = QuorumRule.Majority;

    /// <summary>The probability that a message is lost.</summary>
    public double Loss { get; init; }

    /// <summary>The probability that a message arrives twice.</summary>
    public double Duplication { get; init; }

    /// <summary>The shortest way of a message.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(0.5);

    /// <summary>The longest usual way of a message. Messages overtake each other as far as these two lie apart.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>The probability that a message is a straggler.</summary>
    public double Stragglers { get; init; }

    /// <summary>The longest way of a straggler: by default far beyond an election.</summary>
    public TimeSpan StragglerDelay { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>The fastest write to a disk.</summary>
    public TimeSpan MinDisk { get; init; } = TimeSpan.FromMilliseconds(0.1);

    /// <summary>The slowest usual write to a disk.</summary>
    public TimeSpan MaxDisk { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How much faster or slower than time a member's clock may run: 0.05 for 5 %.</summary>
    public double Drift { get; init; }

    /// <summary>How far apart clocks stand at the beginning.</summary>
    public TimeSpan Skew { get; init; }

    /// <summary>How long a member may stand still at the most.</summary>
    public TimeSpan MaxPause { get; init; }

    /// <summary>What may be done to the cluster.</summary>
    public FaultKinds Faults { get; init; }

    /// <summary>The mean time between two faults; zero for none.</summary>
    public TimeSpan FaultEvery { get; init; }

    /// <summary>The mean time between two submissions of clients.</summary>
    public TimeSpan SubmitEvery { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Disks of a minority lose what was on them already.</summary>
    public bool BitRot { get; init; }

    /// <summary>Whether members ask before they stand for election.</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>Whether a leader without a quorum steps down.</summary>
    public bool CheckQuorum { get; init; } = true;

    /// <summary>The size of one append at the most.</summary>
    public int MaxAppendBytes { get; init; } = 400;

    /// <summary>Appends under way to one peer.</summary>
    public int MaxInFlightAppends { get; init; } = 4;

    /// <summary>The same in bytes.</summary>
    public long MaxInFlightBytes { get; init; } = 1500;

    /// <summary>Little that a near peer lacks waits until it has so many bytes; 0 for never. Every peer of the simulation is near.</summary>
    public int CoalesceAppendsBelow { get; init; }

    /// <summary>A peer that a quorum can do without waits until it lacks so many bytes; 0 for never.</summary>
    public int SpareAppendsBelow { get; init; }

    /// <summary>How long it waits at most.</summary>
    public TimeSpan SpareAppendsFor { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Entries that wait for a quorum.</summary>
    public int MaxUncommittedEntries { get; init; } = 60;

    /// <summary>Entries between two snapshots; 0 for none.</summary>
    public int SnapshotEvery { get; init; }

    /// <summary>Entries that a compaction keeps.</summary>
    public int ReservedEntries { get; init; }

    /// <summary>Entries that stay in memory; older ones are read from the disk.</summary>
    public int MaxLogEntriesInMemory { get; init; } = 100_000;

    /// <summary>The same in bytes.</summary>
    public long MaxLogBytesInMemory { get; init; } = 64 << 20;

    /// <summary>Bytes that stay in memory although nobody needs them.</summary>
    public long SpareLogBytesInMemory { get; init; } = 1 << 20;

    /// <summary>Entries that a state machine may be behind.</summary>
    public int MaxUnappliedEntries { get; init; } = 100_000;

    /// <summary>The same in bytes.</summary>
    public long MaxUnappliedBytes { get; init; } = 64 << 20;

    /// <summary>How many entries the slowest healthy member may be behind; 0 for any number.</summary>
    public int PaceLagEntries { get; init; }

    /// <summary>How long it may need to apply what it lacks; zero for any time.</summary>
    public TimeSpan PaceApplyTime { get; init; }

    /// <summary>Whether leaders commit only what all healthy voters have.</summary>
    public bool FullConsensus { get; init; }

    /// <summary>Whether leaders tell idle peers what is committed when they have applied it, and not at once.</summary>
    public bool CommitNoticesAfterApply { get; init; }

    /// <summary>Whether leaders apply what a quorum of the others has on disk before their own disk has it.</summary>
    public bool ApplyBeforeOwnDisk { get; init; }

    /// <summary>The probability that a read from the disk fails, and that one brings what was replaced.</summary>
    public double ReadFailures { get; init; }

    /// <summary>The mean time between two changes of how fast a state machine is or who is fed; zero for none.</summary>
    public TimeSpan FlowFaultEvery { get; init; }

    /// <summary>The time between two heartbeats.</summary>
    public static TimeSpan HeartbeatInterval { get; } = TimeSpan.FromMilliseconds(30);

    /// <summary>The shortest election timeout.</summary>
    public static TimeSpan ElectionTimeoutMin { get; } = TimeSpan.FromMilliseconds(150);

    /// <summary>The longest election timeout.</summary>
    public static TimeSpan ElectionTimeoutMax { get; } = TimeSpan.FromMilliseconds(300);

    /// <summary>A friendly world: nothing is lost, nobody fails.</summary>
    public static SimulationProfile Calm { get; } = new();

    /// <summary>A world with every fault there is, each as likely as the seed says.</summary>
    public static SimulationProfile Hostile(SimulationRandom random) => WithFlow(Hostile(random, random.Pick([3, 3, 3, 5, 4, 2, 1]), random.Chance(0.6)), random.Fork(0xF1));

    /// <summary>One of <see cref="Names"/>, its details drawn from <paramref name="random"/>.</summary>
    /// <exception cref="ArgumentException">There is no such profile.</exception>
    public static SimulationProfile Named(string name, SimulationRandom random)
    {
        SimulationProfile all = Hostile(random);
        SimulationProfile quiet = all with
        {
            Loss = 0,
            Duplication = 0,
            MaxDelay = TimeSpan.FromMilliseconds(2),
            Stragglers = 0,
            MaxDisk = TimeSpan.FromMilliseconds(2),
            Drift = 0,
            Skew = TimeSpan.Zero,
            MaxPause = TimeSpan.Zero,
            Faults = FaultKinds.None,
            Operators = 0,
            ReadFailures = 0,
            FlowFaultEvery = TimeSpan.Zero,
            BitRot = false,
        };
        return name switch
        {
            "all" => all,
            "calm" => quiet with { FaultEvery = TimeSpan.Zero },
            "network" => quiet with
            {
                Loss = all.Loss,
                Duplication = all.Duplication,
                MaxDelay = all.MaxDelay,
                Stragglers = all.Stragglers,
                Faults = FaultKinds.Partition | FaultKinds.OneWayCut | FaultKinds.SlowLink | FaultKinds.LostConnection,
            },
            "storage" => quiet with
            {
                MaxDisk = all.MaxDisk,
                BitRot = all.BitRot,
                Faults = FaultKinds.SlowDisk | FaultKinds.FailedWrite | FaultKinds.FullDisk | FaultKinds.CrashBetweenEffects,
            },
            "time" => quiet with { Drift = 0.1, Skew = TimeSpan.FromHours(1), MaxPause = TimeSpan.FromMilliseconds(600), Faults = FaultKinds.Pause },
            "crashes" => quiet with { MaxDisk = all.MaxDisk, Faults = FaultKinds.Crash | FaultKinds.CrashBetweenEffects },
            "operators" => quiet with { Operators = 1 },
            "sessions" => all with { Sessions = random.Fork(43).Between(2, 4), SnapshotEvery = random.Fork(44).Pick([5, 20, 60]) },
            "leases" => WithLeases(all, random.Fork(34)),
            "losses" => all with { Voters = Math.Max(3, all.Voters), Quorums = false, Quorum = QuorumRule.Majority, BitRot = false, Losses = true },
            "consensus" => all with { Voters = Math.Max(3, all.Voters), FullConsensus = true },
            "ahead" => WithLeadersAhead(all, random.Fork(101)),
            "quorums" => WithQuorums(all, random),
            "disasters" => WithQuorums(all, random) with { Disasters = true, Quorums = false, Quorum = QuorumRule.Majority, Operators = random.Fork(33).Pick([0, 0, 0.2]) },
            _ => throw new ArgumentException($"There is no profile '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
        };
    }

    /// <summary>What may happen to a leader that is ahead of its disk.</summary>
    internal const FaultKinds EndsOfLeaders = FaultKinds.Crash | FaultKinds.CrashBetweenEffects | FaultKinds.FailedWrite | FaultKinds.Partition | FaultKinds.StepDown;

    /// <summary>Disks of leaders that fall behind while the others keep up, and leaders that fail then; little else, for a leader gets ahead of its disk only in a stream that works.</summary>
    private static SimulationProfile WithLeadersAhead(SimulationProfile all, SimulationRandom random) => all with
    {
        ApplyBeforeOwnDisk = true,
        Voters = Math.Max(3, all.Voters),
        Loss = random.Pick([0, 0, 0.01]),
        MaxDelay = TimeSpan.FromMilliseconds(random.Pick([2, 2, 10])),
        MaxDisk = TimeSpan.FromMilliseconds(random.Pick([1, 5, 20])),
        Stragglers = 0,
        SubmitEvery = TimeSpan.FromMilliseconds(4),
        FaultEvery = TimeSpan.FromMilliseconds(random.Pick([150, 200, 300])),
        Operators = random.Pick([0, 0.2]),
        Faults = EndsOfLeaders | FaultKinds.SlowDisk,
        SnapshotEvery = random.Pick([0, 5, 5, 20]),
        BitRot = false,
    };

    /// <summary>Everything, in streams that do not decide by plain majorities.</summary>
    private static SimulationProfile WithQuorums(SimulationProfile all, SimulationRandom random)
    {
        int voters = Math.Max(3, all.Voters);
        return all with { Voters = voters, Loggers = 0, Operators = 0.4, Quorums = true, Quorum = RandomOperators.Fitting(voters, random.Fork(31)) };
    }

    /// <summary>Leaders that are cut off and do not know it, with clocks at the bound, and clients that ask them all the time.</summary>
    private static SimulationProfile WithLeases(SimulationProfile all, SimulationRandom random) => WithLeases(all, random, random.Pick([0, 0.1, 0.3, 0.3]));

    private static SimulationProfile WithLeases(SimulationProfile all, SimulationRandom random, double drift) => all with
    {
        // The worst is a leader with a slow clock among voters with fast ones (SimulatedMember).
        Voters = drift > 0.1 ? 3 : Math.Max(3, all.Voters),
        Priorities = drift <= 0.1 && all.Priorities,
        Leases = true,
        Drift = drift,

        // Without pre-votes, a member with a fast clock and a short log would keep one with a slow clock from ever standing.
        PreVote = all.PreVote || drift > 0.1,
        MaxDelay = TimeSpan.FromMilliseconds(random.Pick([2, 2, 20])),
        MaxDisk = TimeSpan.FromMilliseconds(random.Pick([1, 1, 20])),
        SubmitEvery = TimeSpan.FromMilliseconds(4),
        FaultEvery = TimeSpan.FromMilliseconds(drift > 0.1 ? 300 : 150),
        Operators = drift > 0.1 ? 0.3 : all.Operators,
        BitRot = false,
        Faults = drift > 0.1 ? FaultKinds.Partition : all.Faults | FaultKinds.Partition,
    };

    private static SimulationProfile Hostile(SimulationRandom random, int voters, bool hasOperators)
    {
        SimulationRandom quorums = random.Fork(31);
        bool hasQuorums = voters >= 2 && quorums.Chance(0.15);
        return Hostile(random, voters, hasOperators, hasQuorums) with
        {
            Quorums = hasQuorums,
            BitRot = random.Fork(62).Chance(0.5),
            CommitNoticesAfterApply = random.Fork(97).Chance(0.3),
            CoalesceAppendsBelow = random.Fork(98).Pick([0, 0, 100, 400, 100_000]),
            SpareAppendsBelow = random.Fork(103) is var spare && spare.Chance(0.4) ? spare.Pick([300, 2000, 100_000]) : 0,
            SpareAppendsFor = TimeSpan.FromMilliseconds(random.Fork(104).Pick([5, 25, 1000])),
            SpareLogBytesInMemory = random.Fork(99).Pick([0, 300, 1 << 20]),
            ApplyBeforeOwnDisk = random.Fork(100).Chance(0.3),
            Sessions = random.Fork(42) is var sessions && sessions.Chance(0.35) ? sessions.Between(1, 3) : 0,
            Quorum = hasQuorums ? RandomOperators.Fitting(voters, quorums) : QuorumRule.Majority,
        };
    }

    private static SimulationProfile Hostile(SimulationRandom random, int voters, bool hasOperators, bool hasQuorums) => new()
    {
        Voters = voters,
        Learners = random.Chance(0.2) ? 1 : 0,

        // With few voters, one whose log is ahead has to lead as a caretaker: nobody can be elected without its vote. A source of its own, so that seeds of before stay what they are.
        Loggers = (voters >= 3 ? random.Chance(0.2) : random.Fork(83).Chance(0.4)) && !hasOperators && !hasQuorums ? 1 : 0,
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
        Stragglers = random.Pick([0, 0, 0.01, 0.05]),
        Drift = random.Pick([0, 0.01, 0.1]),
        Skew = TimeSpan.FromHours(1),
        MaxPause = TimeSpan.FromMilliseconds(random.Pick([50, 200, 600])),

        // A run that can do everything does little of each: every seed leaves some out, so that others come in rows.
        Faults = random.Chance(0.3) ? FaultKinds.All : FaultKinds.All & (FaultKinds)(random.Next() & random.Next() | random.Next()),
    };

    /// <summary>Half of the runs have little memory: entries go to the disk and come back from there, and state machines may be slow.</summary>
    private static SimulationProfile WithFlow(SimulationProfile profile, SimulationRandom random) => random.Chance(0.5) ? profile : profile with
    {
        MaxLogEntriesInMemory = random.Pick([1, 4, 20, 100_000]),
        MaxLogBytesInMemory = random.Pick([1, 200, 1000, 1 << 20]),
        MaxUnappliedEntries = random.Pick([2, 8, 30, 100_000]),
        MaxUnappliedBytes = random.Pick([1, 300, 2000, 1 << 20]),
        ReadFailures = random.Pick([0, 0.02, 0.2]),
        FlowFaultEvery = TimeSpan.FromMilliseconds(random.Pick([0, 60, 250])),
        PaceLagEntries = random.Pick([0, 0, 6, 25]),
        PaceApplyTime = TimeSpan.FromMilliseconds(random.Pick([0, 0, 100])),
    };

    /// <summary>The members: voters first, then log-only voters, then learners, numbered from 1.</summary>
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
        return new StreamMembership(members.ToImmutable(), default, Quorum.WhyImpossible(members.ToImmutable()) is null ? Quorum : QuorumRule.Majority);
    }

    /// <summary>The nodes that are not of the stream at first.</summary>
    public IEnumerable<NodeId> SpareMembers() =>
        Enumerable.Range(Voters + Loggers + Learners + 1, Spares).Select(i => new NodeId((uint)i));

    /// <summary>A node as a member of the stream.</summary>
    public Member MemberOf(NodeId id, MemberKind kind) => new(id, kind, $"sim:{id}")
    {
        Priority = Priorities ? (int)(id.Value % 3) : 0,
        Group = Quorums ? (int)(id.Value % 3) : 0,
    };

    /// <summary>The options of one member's core.</summary>
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
        CoalesceAppendsBelow = CoalesceAppendsBelow,
        CoalesceAppendsRoundTrip = TimeSpan.FromSeconds(1),
        SpareAppendsBelow = SpareAppendsBelow,
        SpareAppendsFor = SpareAppendsFor,
        MaxUncommittedEntries = MaxUncommittedEntries,
        ReservedEntries = ReservedEntries,
        MaxLogEntriesInMemory = MaxLogEntriesInMemory,
        MaxLogBytesInMemory = MaxLogBytesInMemory,
        SpareLogBytesInMemory = SpareLogBytesInMemory,
        MaxUnappliedEntries = MaxUnappliedEntries,
        MaxUnappliedBytes = MaxUnappliedBytes,
        MaxEntryReads = 2,
        PaceLagEntries = PaceLagEntries,
        PaceApplyTime = PaceApplyTime,
        FullConsensus = FullConsensus,
        CommitNoticesAfterApply = CommitNoticesAfterApply,
        ApplyBeforeOwnDisk = ApplyBeforeOwnDisk,
        MaxPendingReads = 200,
        LeaseReads = Leases,
        MaxClockDrift = Leases ? Drift : 0,
        PrioritySwitchAfter = 2 * ElectionTimeoutMax,
        CatchUpMargin = 5,
        CatchUpTimeout = 4 * ElectionTimeoutMax,
        RandomSeed = seed,
    };
}
