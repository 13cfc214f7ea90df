using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Every invariant there is.</summary>
public static class AllInvariants
{
    /// <summary>One of each.</summary>
    /// <param name="history">What is committed.</param>
    public static IEnumerable<IClusterInvariant> Create(CommittedHistory history) =>
    [
        new ElectionSafety(),
        new LeaderAppendOnly(),
        new LogMatching(),
        new LeaderCompleteness(history),
        new StateMachineSafety(),
        new VotesAreDurableAndUnique(),
        new AcknowledgementsAreDurable(),
        new CommitsAreDurableAtAQuorum(),
        new FullConsensusIsKept(),
        new AcknowledgedWritesSurvive(),
        new SessionsAreExactlyOnce(),
        new ReadsAreLinearizable(),
        new SnapshotsAreOrdered(history),
        new BuffersAreBounded(),
        new EveryClientIsAnswered(),
        new MembershipChangesAreSafe(),
        new GenerationsDoNotMix(),
    ];

    /// <summary>Those that look at cores and disks alone, not at what clients are told.</summary>
    /// <param name="history">What is committed.</param>
    /// <param name="largestBatch">How many entries, or bytes, one batch may have.</param>
    internal static IEnumerable<IClusterInvariant> OfCores(CommittedHistory history, int largestBatch) =>
        Create(history)
            .Where(i => i is not (AcknowledgedWritesSurvive or ReadsAreLinearizable or EveryClientIsAnswered))
            .Select(i => i is BuffersAreBounded ? new BuffersAreBounded(largestBatch) : i);
}
