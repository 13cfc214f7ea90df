using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RaftActors.Threads;

/// <summary>
/// Lets one thread sleep until another wakes it, or a time is up. A signal that comes before the sleep is not lost; several are one.
/// </summary>
/// <remarks>
/// What .NET offers wakes the sleeper while a lock is held that the sleeper needs next: where both share a processor that is three changes of threads instead of one. So on Linux this is a futex.
/// The file is part of every assembly that needs it.
/// </remarks>
internal sealed partial class ThreadSignal
{
    private const int None = 0;
    private const int Signaled = 1;
    private const int Asleep = -1;
    private const int WaitPrivate = 128;
    private const int WakePrivate = 129;

    private static readonly nint FutexCall = CallNumber();

    // The kernel gets its address: an array that the garbage collector does not move.
    private readonly int[] _state = GC.AllocateArray<int>(1, pinned: true);

    /// <summary>Wakes the thread that waits, or the next one that will.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref _state[0], Signaled) != Asleep)
        {
            return;
        }

        if (FutexCall != 0)
        {
            _ = Futex(FutexCall, ref _state[0], WakePrivate, 1, 0, 0, 0);
        }
        else
        {
            lock (_state)
            {
                Monitor.Pulse(_state);
            }
        }
    }

    /// <summary>Sleeps until there is a signal and takes it. One thread at a time.</summary>
    public void Wait() => Wait(Timeout.InfiniteTimeSpan);

    /// <summary>Sleeps until there is a signal and takes it, or until the time is up. One thread at a time.</summary>
    /// <param name="most">How long at most; negative: without end.</param>
    /// <returns>False when the time was up.</returns>
    public bool Wait(TimeSpan most)
    {
        long end = most < TimeSpan.Zero ? long.MaxValue : Stopwatch.GetTimestamp() + (long)(most.TotalSeconds * Stopwatch.Frequency);
        while (Interlocked.CompareExchange(ref _state[0], None, Signaled) != Signaled)
        {
            if (Interlocked.CompareExchange(ref _state[0], Asleep, None) == Signaled)
            {
                continue;
            }

            long left = end == long.MaxValue ? long.MaxValue : end - Stopwatch.GetTimestamp();
            if (left <= 0)
            {
                // Either nobody has come, or the signal came just now.
                return Interlocked.Exchange(ref _state[0], None) == Signaled;
            }

            Sleep(left);
        }

        return true;
    }

    // May end without a reason.
    private unsafe void Sleep(long ticks)
    {
        if (FutexCall == 0)
        {
            lock (_state)
            {
                if (_state[0] == Asleep)
                {
                    Monitor.Wait(_state, ticks == long.MaxValue ? Timeout.Infinite : Math.Max(1, (int)Math.Min(int.MaxValue, ticks * 1000 / Stopwatch.Frequency)));
                }
            }

            return;
        }

        if (ticks == long.MaxValue)
        {
            _ = Futex(FutexCall, ref _state[0], WaitPrivate, Asleep, 0, 0, 0);
            return;
        }

        // struct timespec of 64-bit systems.
        long* time = stackalloc long[2];
        time[0] = ticks / Stopwatch.Frequency;
        time[1] = (long)(ticks % Stopwatch.Frequency * (1e9 / Stopwatch.Frequency));
        _ = Futex(FutexCall, ref _state[0], WaitPrivate, Asleep, (nint)time, 0, 0);
    }

    private static nint CallNumber() => !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => 0,
    };

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Futex(nint number, ref int address, nint operation, nint value, nint timeout, nint address2, nint value3);
}
