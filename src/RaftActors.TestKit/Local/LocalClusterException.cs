namespace RaftActors.TestKit;

/// <summary>Something that a <see cref="LocalCluster"/> was asked for, or that must always hold, does not. The message names the seed and the last events.</summary>
public sealed class LocalClusterException : Exception
{
    /// <summary>Made by the cluster.</summary>
    /// <param name="message">What is wrong, with seed and events.</param>
    /// <param name="seed">The seed that repeats it.</param>
    /// <param name="cause">What lies behind it; null for nothing.</param>
    public LocalClusterException(string message, ulong seed, Exception? cause = null)
        : base(message, cause) => Seed = seed;

    /// <summary>The seed that repeats the run.</summary>
    public ulong Seed { get; }
}
