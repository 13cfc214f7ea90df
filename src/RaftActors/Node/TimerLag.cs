namespace RaftActors.Runtime;

/// <summary>How late the scheduler's ticks come: the worst of the last minute or so. A member whose ticks come late takes part late, and looks dead to the others.</summary>
internal sealed class TimerLag
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private TimeSpan _windowEnds;
    private TimeSpan _before;
    private TimeSpan _current;

    public void Note(TimeSpan now, TimeSpan deadline)
    {
        Turn(now);
        _current = Max(_current, now - deadline);
    }

    /// <summary>The worst in this half minute and the one before it.</summary>
    public TimeSpan Worst(TimeSpan now)
    {
        Turn(now);
        return Max(_current, _before);
    }

    private void Turn(TimeSpan now)
    {
        if (now < _windowEnds)
        {
            return;
        }

        _before = now - _windowEnds < Window ? _current : TimeSpan.Zero;
        _current = TimeSpan.Zero;
        _windowEnds = now + Window;
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
