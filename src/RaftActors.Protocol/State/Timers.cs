namespace RaftActors.Protocol;

/// <summary>Numbers the starts of the core's timers, so that a tick of an earlier start is known and ignored.</summary>
internal sealed class Timers
{
    private readonly List<Effect> _effects;
    private readonly Dictionary<RaftTimer, long> _running = [];
    private long _generation;

    public Timers(List<Effect> effects) => _effects = effects;

    /// <summary>Starts or restarts a timer.</summary>
    public void Start(RaftTimer timer, TimeSpan after)
    {
        _running[timer] = ++_generation;
        _effects.Add(new Effect.StartTimer(timer, _generation, after));
    }

    /// <summary>True from a start until the timer has run out or is stopped.</summary>
    public bool IsRunning(RaftTimer timer) => _running.ContainsKey(timer);

    /// <summary>Stops a timer; nothing happens when it does not run.</summary>
    public void Stop(RaftTimer timer)
    {
        if (_running.Remove(timer))
        {
            _effects.Add(new Effect.StopTimer(timer));
        }
    }

    /// <summary>Takes a tick: true when it belongs to the latest start, which is thereby used up.</summary>
    public bool Take(RaftTimer timer, long generation)
    {
        if (!_running.TryGetValue(timer, out long current) || current != generation)
        {
            return false;
        }

        _running.Remove(timer);
        return true;
    }
}
