namespace RaftActors.TestKit.Linearizability;

/// <summary>How much a check may cost.</summary>
public sealed record LinearizabilityOptions
{
    /// <summary>How long the check may take before it answers <see cref="Undecided"/>.</summary>
    public TimeSpan TimeLimit
    {
        get;
        init => field = value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The time limit must be positive.");
    }
    = TimeSpan.FromSeconds(60);

    /// <summary>How many configurations (which operations have been placed, and the state then) may be looked at, over all keys; each takes some 100 bytes.</summary>
    public long MaxConfigurations
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The number of configurations must be positive.");
    }
    = 20_000_000;

    /// <summary>How long may be spent on making a counterexample small, beyond the time limit. Without success a larger one is shown.</summary>
    public TimeSpan MinimizationTime
    {
        get;
        init => field = value >= TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The time for minimization must not be negative.");
    }
    = TimeSpan.FromSeconds(10);

    /// <summary>How many keys are checked at the same time.</summary>
    public int MaxParallelism
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The parallelism must be positive.");
    }
    = Environment.ProcessorCount;
}
