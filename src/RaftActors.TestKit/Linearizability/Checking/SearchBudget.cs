namespace RaftActors.TestKit.Linearizability;

/// <summary>What searches may use up together. Thread-safe.</summary>
internal sealed class SearchBudget(TimeProvider time, TimeSpan limit, long maxConfigurations, CancellationToken cancellation)
{
    private readonly long _begin = time.GetTimestamp();
    private long _configurations;

    public long Configurations => Interlocked.Read(ref _configurations);

    public TimeSpan Left => limit - time.GetElapsedTime(_begin);

    /// <summary>A budget within this one.</summary>
    public SearchBudget Part(TimeSpan most, long configurations) => new(time, Left < most ? Left : most, configurations, cancellation);

    /// <summary>Counts configurations and says which bound they exceed.</summary>
    public SearchBound? Spend(int configurations)
    {
        cancellation.ThrowIfCancellationRequested();
        return Interlocked.Add(ref _configurations, configurations) > maxConfigurations ? SearchBound.Configurations
            : Left <= TimeSpan.Zero ? SearchBound.Time
            : null;
    }
}
