using RaftActors.TestKit.Linearizability;

namespace RaftActors.TestKit.Simulation;

/// <summary>How a run of the real actors ended.</summary>
/// <param name="Schedule">What was run.</param>
/// <param name="Faults">How many faults came up.</param>
/// <param name="Turns">How many turns actors took.</param>
/// <param name="Acknowledged">How many writes were acknowledged.</param>
/// <param name="History">What clients did and were told.</param>
/// <param name="Trace">What happened.</param>
/// <param name="Members">Every node there was.</param>
/// <param name="Failure">What went wrong; null when nothing did.</param>
public sealed record ActorSimulationResult(
    ActorSchedule Schedule,
    int Faults,
    long Turns,
    int Acknowledged,
    History History,
    ClusterTrace Trace,
    IReadOnlyList<NodeId> Members,
    SimulationFailure? Failure)
{
    /// <summary>How often members decided what about entries of client sessions, by <see cref="RaftActors.Protocol.SessionDecision"/>.</summary>
    public IReadOnlyList<long> SessionDecisions { get; init; } = [];

    /// <summary>How many faults the schedule has not left out.</summary>
    public int FaultsLeft => Faults - Schedule.WithoutFaults.Count(n => n <= Faults);
}
