namespace RaftActors.Dcf;

/// <summary>DCF's log levels, which are switched on one by one, and Akka's, each of which has all above it.</summary>
internal static class DcfLogLevel
{
    private static readonly string[] Known = ["RUN_ERR", "RUN_WAR", "RUN_INF", "DEBUG_ERR", "DEBUG_WAR", "DEBUG_INF", "MEC", "OPER", "TRACE", "PROFILE"];

    public static string? Parse(string text)
    {
        string[] levels = [.. text.Split('|', StringSplitOptions.TrimEntries).Select(l => l.ToUpperInvariant())];
        return levels is ["NONE"] || (levels.Length > 0 && Array.TrueForAll(levels, l => Known.Contains(l))) ? string.Join('|', levels) : null;
    }

    /// <summary>The most talkative one counts.</summary>
    public static string ToAkka(string value)
    {
        string[] levels = value.Split('|');
        return levels.Any(l => l is "DEBUG_INF" or "DEBUG_WAR" or "DEBUG_ERR" or "TRACE" or "MEC" or "PROFILE") ? "DEBUG"
            : levels.Any(l => l is "RUN_INF" or "OPER") ? "INFO"
            : levels.Contains("RUN_WAR") ? "WARNING"
            : levels.Contains("RUN_ERR") ? "ERROR"
            : "OFF";
    }

    public static string FromAkka(string level) => level.ToUpperInvariant() switch
    {
        "DEBUG" => "RUN_ERR|RUN_WAR|RUN_INF|DEBUG_ERR|DEBUG_WAR|DEBUG_INF",
        "INFO" => "RUN_ERR|RUN_WAR|RUN_INF",
        "WARNING" => "RUN_ERR|RUN_WAR",
        "ERROR" => "RUN_ERR",
        _ => "NONE",
    };
}
