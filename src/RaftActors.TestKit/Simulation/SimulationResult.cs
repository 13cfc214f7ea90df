namespace RaftActors.TestKit.Simulation;

/// <summary>What went wrong in a run.</summary>
/// <param name="Invariant">The name of the invariant, <c>Liveness</c>, or the type of an exception that a member threw.</param>
/// <param name="Message">The same in words.</param>
/// <param name="At">When, in virtual time.</param>
/// <param name="Cause">What was thrown.</param>
public sealed record SimulationFailure(string Invariant, string Message, TimeSpan At, Exception Cause);

/// <summary>How a run ended.</summary>
/// <param name="Schedule">What was run.</param>
/// <param name="Cluster">The cluster as it was in the end.</param>
/// <param name="Faults">How many faults came up.</param>
/// <param name="Requests">How many requests of clients came up.</param>
/// <param name="Failure">What went wrong; null when nothing did.</param>
public sealed record SimulationResult(SimulationSchedule Schedule, CoreCluster Cluster, int Faults, int Requests, SimulationFailure? Failure)
{
    /// <summary>How many disks have rotted.</summary>
    public int Rotten { get; init; }

    /// <summary>How many faults the schedule has not left out.</summary>
    public int FaultsLeft => Faults - Schedule.WithoutFaults.Count(n => n <= Faults);

    /// <summary>How many requests the schedule has not left out.</summary>
    public int RequestsLeft => Requests - Schedule.WithoutRequests.Count(n => n <= Requests);
}
