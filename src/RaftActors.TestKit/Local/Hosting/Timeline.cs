using Akka.Actor;

namespace RaftActors.TestKit.Local;

/// <summary>What is to happen later, in the order of time and, for equal times, of planning.</summary>
internal sealed class Timeline
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Plan, (long Due, long Order)> _plans = new();
    private long _order;
    private long _now;

    public TimeSpan Now => TimeSpan.FromTicks(Volatile.Read(ref _now));

    public void Add(MemberRun? owner, TimeSpan after, Action action, ICancelable? cancelable = null, TimeSpan? every = null) =>
        Add(new Plan(owner, action, cancelable, every), Now + after);

    /// <summary>Takes the next plan that is due by then and moves time to it.</summary>
    public bool TryTake(TimeSpan by, out Plan? plan)
    {
        lock (_lock)
        {
            while (_plans.TryPeek(out plan, out (long Due, long Order) at) && at.Due <= by.Ticks)
            {
                _plans.Dequeue();
                if (plan.IsVoid)
                {
                    continue;
                }

                _now = Math.Max(_now, at.Due);
                return true;
            }

            plan = null;
            return false;
        }
    }

    /// <summary>A plan of a paused member comes back when it goes on; a repeated one when its interval has passed.</summary>
    public void Add(Plan plan, TimeSpan due)
    {
        lock (_lock)
        {
            _plans.Enqueue(plan, (due.Ticks, _order++));
        }
    }

    public void MoveTo(TimeSpan time) => Volatile.Write(ref _now, Math.Max(_now, time.Ticks));

    internal sealed record Plan(MemberRun? Owner, Action Action, ICancelable? Cancelable, TimeSpan? Every)
    {
        public bool IsVoid => Owner is { Alive: false } || Cancelable is { IsCancellationRequested: true };
    }
}
