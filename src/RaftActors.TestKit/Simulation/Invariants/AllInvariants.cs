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
        new AcknowledgedWritesSurvive(),
        new SessionsAreExactlyOnce(),
        new ReadsAreLinearizable(),
        new SnapshotsAreOrdered(history),
        new BuffersAreBounded(),
        new EveryClientIsAnswered(),
        new MembershipChangesAreSafe(),
        new GenerationsDoNotMix(),
    ];
}
