namespace RaftActors.Threads;

/// <summary>
/// The threads of a pool that have nothing to do. The one that slept last is woken first, because its caches are warm. Thread-safe.
/// </summary>
/// <remarks>
/// Nothing is lost between a queue and these threads when whoever adds work does so first, then asks <see cref="Any"/>, and a thread sleeps with <see cref="Sleep"/> only: it counts itself before
/// it looks for work for the last time, so either it sees the work or it is seen. The file is part of every assembly that needs it.
/// </remarks>
internal sealed class IdleThreads
{
    private readonly Stack<ThreadSignal> _sleepers = new();
    private int _count;

    /// <summary>A thread sleeps, or is about to. A full fence: what was written before is seen by a thread that this does not see.</summary>
    public bool Any
    {
        get
        {
            Interlocked.MemoryBarrier();
            return Volatile.Read(ref _count) > 0;
        }
    }

    /// <summary>False when none sleeps.</summary>
    public bool WakeOne()
    {
        ThreadSignal? sleeper;
        lock (_sleepers)
        {
            if (!_sleepers.TryPop(out sleeper))
            {
                return false;
            }

            _count--;
        }

        sleeper.Set();
        return true;
    }

    public void WakeAll()
    {
        while (WakeOne())
        {
        }
    }

    /// <summary>Sleeps until it is woken; not at all when there is a reason to stay awake.</summary>
    /// <param name="self">The calling thread's own signal.</param>
    /// <param name="staysAwake">Looks for work, and whether the pool ends.</param>
    public void Sleep(ThreadSignal self, Func<bool> staysAwake)
    {
        lock (_sleepers)
        {
            Interlocked.Increment(ref _count);
            if (staysAwake())
            {
                _count--;
                return;
            }

            _sleepers.Push(self);
        }

        self.Wait();
    }
}
