namespace RaftActors.TestKit.Simulation;

/// <summary>A run broke an invariant.</summary>
public sealed class InvariantBrokenException(string what) : Exception(what)
{
    /// <summary>The name of the invariant: its class, or <c>Liveness</c>.</summary>
    public string Invariant { get; internal set; } = string.Empty;
}
