namespace RaftActors.Runtime;

/// <summary>Lets one line per interval through and counts the others. Used by one actor.</summary>
internal sealed class RateLimitedLog(TimeSpan interval)
{
    private TimeSpan? _last;
    private long _suppressed;

    /// <summary>True when a line may be written now; <paramref name="suppressed"/> tells how many were not since the last one.</summary>
    public bool MayWrite(TimeSpan now, out long suppressed)
    {
        suppressed = _suppressed;
        if (_last is { } last && now - last < interval)
        {
            _suppressed++;
            return false;
        }

        _last = now;
        _suppressed = 0;
        return true;
    }
}
