namespace RaftActors.Protocol;

/// <summary>
/// The time of a log as one member reads it (thesis section 6.3, LogCabin's cluster time): what the log says, and while this member leads, what has passed by its own monotonic clock since.
/// No calendar is asked, and between two leaders no time passes. So a session can only live longer than its timeout.
/// </summary>
public sealed class SessionClock
{
    private TimeSpan _known;
    private TimeSpan _since;
    private bool _leads;

    /// <summary>The log's time now, in whole milliseconds.</summary>
    /// <param name="now">This member's monotonic clock.</param>
    public TimeSpan Read(TimeSpan now)
    {
        long ticks = _known.Ticks + (_leads && now > _since ? (now - _since).Ticks : 0);
        return TimeSpan.FromTicks(ticks - (ticks % TimeSpan.TicksPerMillisecond));
    }

    /// <summary>The log says that it is so late.</summary>
    public void Learn(TimeSpan logTime, TimeSpan now)
    {
        if (logTime > Read(now))
        {
            _known = logTime;
            _since = now;
        }
    }

    /// <summary>This member leads from now on: time goes on from what it knows.</summary>
    public void Lead(TimeSpan now)
    {
        if (!_leads)
        {
            _leads = true;
            _since = now;
        }
    }

    /// <summary>This member no longer leads: whatever it has read and not written is forgotten.</summary>
    public void Follow() => _leads = false;
}
