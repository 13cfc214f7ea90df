namespace RaftActors;

/// <summary>What may be said when a session is opened.</summary>
public sealed record SessionOptions
{
    /// <summary>The stream's settings.</summary>
    public static SessionOptions Default { get; } = new();

    /// <summary>How long the session lives without being used, from 1 ms to 30 days; null for <c>session-timeout</c>. The session keeps itself while this process runs.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long to try; null for the stream's <c>client-timeout</c>.</summary>
    public TimeSpan? OpenTimeout { get; init; }

    /// <summary>
    /// Commands that may be under way at the same time, at least 1; further ones wait. Never more than the session remembers (<c>max-session-results</c>). With 1, commands are applied in the order in which they were
    /// proposed.
    /// </summary>
    public int MaxPipelined { get; init; } = 128;
}
