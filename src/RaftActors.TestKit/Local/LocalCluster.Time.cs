using RaftActors.TestKit.Local;

namespace RaftActors.TestKit;

// The loop: one turn of one actor at a time, in an order that the seed decides; when nobody has anything to do, time moves to what is planned next.
public sealed partial class LocalCluster
{
    private long _steps;
    private long _foreign;
    private int _loopThread;
    private bool _turning;
    private string? _violation;

    /// <summary>How many turns of actors there were.</summary>
    public long Steps => _steps;

    /// <summary>
    /// How often something outside the loop (a thread or task that user code started, or the platform) set actors going. While it is 0, the run is repeatable.
    /// </summary>
    public long ForeignWork => Volatile.Read(ref _foreign);

    /// <summary>Lets time pass.</summary>
    /// <param name="time">How much.</param>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        using Entered entered = Enter();
        TimeSpan until = Now + time;
        while (Step(until))
        {
        }

        Timeline.MoveTo(until);
    }

    /// <summary>Lets time pass until something holds; looked at after each turn of an actor.</summary>
    /// <param name="condition">What has to hold. It may look at anything, and must not change the cluster.</param>
    /// <param name="limit">How much virtual time may pass; null for a minute.</param>
    /// <param name="what">What is waited for, for the message of a failure.</param>
    /// <exception cref="LocalClusterException">It does not hold within the limit.</exception>
    public void RunUntil(Func<bool> condition, TimeSpan? limit = null, string? what = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        TimeSpan allowed = limit ?? DefaultLimit;
        if (!TryRunUntil(condition, allowed))
        {
            throw Error($"{what ?? "the condition"} did not come true within {allowed.TotalSeconds:0.###}s");
        }
    }

    /// <summary>The same, telling whether it came true.</summary>
    /// <param name="condition">What has to hold.</param>
    /// <param name="limit">How much virtual time may pass.</param>
    public bool TryRunUntil(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        using Entered entered = Enter();
        TimeSpan until = Now + limit;
        while (!condition())
        {
            if (!Step(until))
            {
                Timeline.MoveTo(until);
                return condition();
            }
        }

        return true;
    }

    /// <summary>Called when actors are set going or timers planned: on the loop's thread all is well.</summary>
    internal void NoteThread()
    {
        if (Environment.CurrentManagedThreadId != Volatile.Read(ref _loopThread))
        {
            Interlocked.Increment(ref _foreign);
        }
    }

    /// <summary>Something that must always hold does not; said by the next step, outside the actors.</summary>
    internal void Violate(string what) => _violation ??= what;

    private Entered Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_turning)
        {
            throw new InvalidOperationException("The cluster cannot be run from within an actor or state machine of it.");
        }

        return new Entered(this);
    }

    private bool Step(TimeSpan until)
    {
        if (_violation is { } violation)
        {
            throw Error(violation);
        }

        if (!TurnOne())
        {
            _instantSteps = 0;
            if (!Timeline.TryTake(until, out Timeline.Plan? plan))
            {
                return false;
            }

            Happen(plan!);
        }

        _calls.RemoveAll(c => c.Poll());
        return true;
    }

    private bool TurnOne()
    {
        int ready = 0;
        foreach (LocalMember member in _members.Values)
        {
            ready += member is { Run: { } run, Paused: false } ? run.Ready : 0;
        }

        if (ready == 0)
        {
            return false;
        }

        if (++_instantSteps > _options.MaxStepsPerInstant)
        {
            throw Error($"{_options.MaxStepsPerInstant} turns without time moving on: actors that never come to rest");
        }

        int pick = _schedule.Below(ready);
        foreach (LocalMember member in _members.Values)
        {
            int own = member is { Run: { } run, Paused: false } ? run.Ready : 0;
            if (pick < own)
            {
                _steps++;
                Turn(member.Run!.Take(pick).Run);
                return true;
            }

            pick -= own;
        }

        return true;
    }

    private void Happen(Timeline.Plan plan)
    {
        if (plan.Owner is { Member: { Paused: true } paused })
        {
            paused.Held.Add(plan);
            return;
        }

        Turn(plan.Action);
        if (plan.Every is { } every && !plan.IsVoid)
        {
            Timeline.Add(plan, Now + every);
        }
    }

    private void Turn(Action action)
    {
        _turning = true;
        try
        {
            action();
        }
        catch (Exception e)
        {
            throw Error($"an actor's turn threw: {e.Message}", e);
        }
        finally
        {
            _turning = false;
        }
    }

    private long _instantSteps;

    // Continuations of tasks that the loop completes must run in the loop and not where the test framework likes them to run.
    private readonly struct Entered : IDisposable
    {
        private readonly LocalCluster _cluster;
        private readonly SynchronizationContext? _context;
        private readonly int _thread;

        public Entered(LocalCluster cluster)
        {
            _cluster = cluster;
            _context = SynchronizationContext.Current;
            _thread = cluster._loopThread;
            SynchronizationContext.SetSynchronizationContext(null);
            Volatile.Write(ref cluster._loopThread, Environment.CurrentManagedThreadId);
        }

        public void Dispose()
        {
            Volatile.Write(ref _cluster._loopThread, _thread);
            SynchronizationContext.SetSynchronizationContext(_context);
        }
    }
}
