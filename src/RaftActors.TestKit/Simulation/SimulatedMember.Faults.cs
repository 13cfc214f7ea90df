using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

// What can be done to one member: its disk, its clock, its power.
public sealed partial class SimulatedMember
{
    private readonly double _clockRate;
    private readonly TimeSpan _clockSkew;
    private TimeSpan _pausedUntil;
    private TimeSpan _stoodStill;
    private bool _failNextWrite;
    private int _crashAfter = -1;

    /// <summary>Whether the process stands still.</summary>
    public bool IsPaused => _pausedUntil > _cluster.Time.Now;

    /// <summary>How long it has stood still in all, up to now.</summary>
    public TimeSpan StoodStill => IsPaused ? _stoodStill - (_pausedUntil - _cluster.Time.Now) : _stoodStill;

    /// <summary>Whether every write fails.</summary>
    public bool IsDiskFull { get; private set; }

    /// <summary>The next write fails, and with it the member.</summary>
    public void FailNextWrite()
    {
        Record("next write fails");
        _failNextWrite = true;
    }

    /// <summary>The disk has room no more, or again.</summary>
    public void FillDisk(bool isFull)
    {
        Record(isFull ? "disk is full" : "disk has room again");
        IsDiskFull = isFull;
    }

    /// <summary>The disk takes this much longer than usual.</summary>
    public void SlowDisk(TimeSpan by)
    {
        Record($"disk takes {by.TotalMilliseconds:F0} ms longer");
        DiskDelay = by;
    }

    /// <summary>The process stands still; what should have happened meanwhile happens when it goes on.</summary>
    public void Pause(TimeSpan duration)
    {
        Record($"stands still for {duration.TotalMilliseconds:F0} ms");
        TimeSpan now = _cluster.Time.Now;
        TimeSpan until = now + duration;
        if (until > _pausedUntil)
        {
            _stoodStill += until - (IsPaused ? _pausedUntil : now);
            _pausedUntil = until;
        }
    }

    /// <summary>Power fails after so many more effects were carried out, wherever in a step that is.</summary>
    public void CrashAfterEffects(int count)
    {
        Record($"will crash after {count} effects");
        _crashAfter = count;
    }

    internal void Heal()
    {
        DiskDelay = TimeSpan.Zero;
        ApplyDelay = TimeSpan.Zero;
        IsDiskFull = false;
        _failNextWrite = false;
        _crashAfter = -1;
        _pausedUntil = TimeSpan.Zero;
    }

    private void Record(string what) => _cluster.Recorder?.Add(TraceKind.Fault, Id, NodeId.None, what);
}
