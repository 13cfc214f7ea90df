using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Every invariant there is.</summary>
internal static class AllInvariants
{
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
        new ReadsAreLinearizable(),
        new SnapshotsAreOrdered(history),
        new BuffersAreBounded(),
        new EveryClientIsAnswered(),
        new MembershipChangesAreSafe(),
    ];
}
