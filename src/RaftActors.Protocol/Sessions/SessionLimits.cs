namespace RaftActors.Protocol;

/// <summary>
/// What one session may take up. It is written into the entry that opens the session, so that every member goes by the same, whatever its own settings say.
/// </summary>
/// <param name="Timeout">How long a session lives without being used, in log time; whole milliseconds, above 0.</param>
/// <param name="MaxSessions">Sessions of the stream, this one included, above 0. While there are more, the one that was not used for longest goes.</param>
/// <param name="MaxResults">Commands that the session remembers, above 0: the highest serials. What is below and not among them is refused.</param>
/// <param name="MaxResultBytes">Bytes of their results, together, 0 or above. Beyond that the results of the lowest serials are forgotten; that they were applied is not.</param>
public sealed record SessionLimits(TimeSpan Timeout, int MaxSessions, int MaxResults, int MaxResultBytes)
{
    /// <summary>The longest possible timeout.</summary>
    public static TimeSpan LongestTimeout { get; } = TimeSpan.FromDays(30);

    /// <summary>The highest possible <see cref="MaxResults"/>.</summary>
    public const int MostResults = 65_536;

    internal bool IsPossible =>
        Timeout > TimeSpan.Zero && Timeout <= LongestTimeout && Timeout.Ticks % TimeSpan.TicksPerMillisecond == 0
        && MaxSessions > 0 && MaxResults is > 0 and <= MostResults && MaxResultBytes >= 0;
}
