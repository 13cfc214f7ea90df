using System.Collections.Concurrent;

namespace Akka.Actor.Internal;

internal interface IAskDeadline
{
    IAskDeadline Previous { get; set; }

    IAskDeadline Next { get; set; }

    AskDeadlines.Line Line { get; set; }

    long Due { get; set; }

    void Expire();
}

/// <summary>
/// The time limits of asks. A timer for each of millions of questions would cost more than the question, so
/// they wait in lines, one for each length of time: within a line the first to come is the first due, adding and removing are
/// a few pointers, and a single timer looks at the heads.
/// </summary>
internal static class AskDeadlines
{
    // Asks expire up to this much late.
    private const int PeriodMilliseconds = 10;
    private const int MaxLines = 256;

    private static readonly ConcurrentDictionary<long, Line> Lines = new();
    private static readonly Timer Clock = new(static _ => Tick(), null, Timeout.Infinite, Timeout.Infinite);
    private static int _running;
    private static int _lineCount;

    public static void Add(IAskDeadline deadline, TimeSpan limit)
    {
        var milliseconds = Math.Max(1, (long)Math.Ceiling(limit.TotalMilliseconds));

        // Limits that are computed may take any value: beyond some number of lines round them up, so that lines are shared.
        if (Volatile.Read(ref _lineCount) >= MaxLines && !Lines.ContainsKey(milliseconds))
            milliseconds = RoundUp(milliseconds);
        if (!Lines.TryGetValue(milliseconds, out var line))
        {
            line = Lines.GetOrAdd(milliseconds, static _ => new Line());
            Interlocked.Increment(ref _lineCount);
        }

        line.Add(deadline, Environment.TickCount64 + milliseconds);
        if (Volatile.Read(ref _running) == 0 && Interlocked.Exchange(ref _running, 1) == 0)
            Clock.Change(PeriodMilliseconds, PeriodMilliseconds);
    }

    // To three significant binary digits: at most an eighth late.
    private static long RoundUp(long milliseconds)
    {
        var unit = 1L;
        while (milliseconds / unit >= 16)
            unit <<= 1;
        return (milliseconds + unit - 1) / unit * unit;
    }

    public static void Remove(IAskDeadline deadline) => deadline.Line?.Remove(deadline);

    private static void Tick()
    {
        var now = Environment.TickCount64;
        var empty = true;
        foreach (var line in Lines.Values)
        {
            while (line.TakeDue(now) is { } due)
                due.Expire();
            empty &= line.IsEmpty;
        }

        if (!empty)
            return;
        Clock.Change(Timeout.Infinite, Timeout.Infinite);
        Volatile.Write(ref _running, 0);
        Interlocked.MemoryBarrier();

        // One that came in just now saw a running clock.
        if (Lines.Values.Any(static line => !line.IsEmpty) && Interlocked.Exchange(ref _running, 1) == 0)
            Clock.Change(PeriodMilliseconds, PeriodMilliseconds);
    }

    internal sealed class Line
    {
        private readonly Lock _lock = new();
        private IAskDeadline _first;
        private IAskDeadline _last;

        public bool IsEmpty => Volatile.Read(ref _first) is null;

        public void Add(IAskDeadline deadline, long due)
        {
            lock (_lock)
            {
                deadline.Due = due;
                deadline.Line = this;
                deadline.Previous = _last;
                if (_last is null)
                    _first = deadline;
                else
                    _last.Next = deadline;
                _last = deadline;
            }
        }

        public void Remove(IAskDeadline deadline)
        {
            lock (_lock)
            {
                if (!ReferenceEquals(deadline.Line, this))
                    return;
                deadline.Line = null;
                if (deadline.Previous is null)
                    _first = deadline.Next;
                else
                    deadline.Previous.Next = deadline.Next;
                if (deadline.Next is null)
                    _last = deadline.Previous;
                else
                    deadline.Next.Previous = deadline.Previous;
                deadline.Previous = null;
                deadline.Next = null;
            }
        }

        public IAskDeadline TakeDue(long now)
        {
            lock (_lock)
            {
                var first = _first;
                if (first is null || first.Due > now)
                    return null;
                Remove(first);
                return first;
            }
        }
    }
}
