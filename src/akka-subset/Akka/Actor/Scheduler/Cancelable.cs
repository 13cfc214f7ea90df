namespace Akka.Actor;

/// <summary>Stops what was scheduled with it. The time of a delayed cancellation is the scheduler's.</summary>
public class Cancelable : ICancelable, IDisposable
{
    private readonly IActionScheduler _scheduler;
    private CancellationTokenSource _source;
    private HashedWheelTimerScheduler.Registration _registration;
    private int _cancelled;
    private volatile bool _disposed;

    public Cancelable(IScheduler scheduler)
        : this(scheduler.Advanced)
    {
    }

    public Cancelable(IScheduler scheduler, TimeSpan delay)
        : this(scheduler.Advanced, delay)
    {
    }

    public Cancelable(IScheduler scheduler, int millisecondsDelay)
        : this(scheduler.Advanced, TimeSpan.FromMilliseconds(millisecondsDelay))
    {
    }

    public Cancelable(IActionScheduler scheduler)
        : this(scheduler, source: null)
    {
    }

    public Cancelable(IActionScheduler scheduler, TimeSpan delay)
        : this(scheduler, source: null)
    {
        CancelAfter(delay);
    }

    private Cancelable(IActionScheduler scheduler, CancellationTokenSource source)
    {
        _scheduler = scheduler;
        _source = source;
    }

    public bool IsCancellationRequested =>
        Volatile.Read(ref _cancelled) != 0 || (_source is { } source && source.IsCancellationRequested);

    public bool IsDisposed => _disposed;

    public CancellationToken Token => Source().Token;

    public static ICancelable CreateCanceled()
    {
        var cancelled = new Cancelable((IActionScheduler)null);
        cancelled.Cancel();
        return cancelled;
    }

    public static ICancelable CreateLinkedCancelable(IScheduler scheduler, params ICancelable[] cancelables) =>
        CreateLinkedCancelable(scheduler.Advanced, cancelables);

    public static ICancelable CreateLinkedCancelable(IScheduler scheduler, params CancellationToken[] cancellationTokens) =>
        CreateLinkedCancelable(scheduler.Advanced, cancellationTokens);

    public static ICancelable CreateLinkedCancelable(IActionScheduler scheduler, params ICancelable[] cancelables) =>
        CreateLinkedCancelable(scheduler, Array.ConvertAll(cancelables, static cancelable => cancelable.Token));

    public static ICancelable CreateLinkedCancelable(IActionScheduler scheduler, params CancellationToken[] cancellationTokens) =>
        new Cancelable(scheduler, CancellationTokenSource.CreateLinkedTokenSource(cancellationTokens));

    public void Cancel() => Cancel(throwOnFirstException: false);

    public void Cancel(bool throwOnFirstException)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Interlocked.Exchange(ref _cancelled, 1) != 0)
            return;
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _registration)?.OnCancelled();
        Volatile.Read(ref _source)?.Cancel(throwOnFirstException);
    }

    public void CancelAfter(int millisecondsDelay) => CancelAfter(TimeSpan.FromMilliseconds(millisecondsDelay));

    public void CancelAfter(TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (delay == TimeSpan.Zero)
            Cancel();
        else if (!IsCancellationRequested)
            _scheduler.ScheduleOnce(delay, CancelUnlessDisposed, this);
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing || _disposed)
            return;
        _disposed = true;
        _source?.Dispose();
    }

    /// <summary>Lets a timer go as soon as it is cancelled instead of when it would have fired.</summary>
    internal void Attach(HashedWheelTimerScheduler.Registration registration)
    {
        if (Interlocked.CompareExchange(ref _registration, registration, null) is null && IsCancellationRequested)
            registration.OnCancelled();
    }

    internal void Detach(HashedWheelTimerScheduler.Registration registration) =>
        Interlocked.CompareExchange(ref _registration, null, registration);

    private void CancelUnlessDisposed()
    {
        if (!_disposed)
            Cancel();
    }

    // Most cancelables are never asked for their token, so none is made until then.
    private CancellationTokenSource Source()
    {
        if (Volatile.Read(ref _source) is { } known)
            return known;
        var created = new CancellationTokenSource();
        if (Interlocked.CompareExchange(ref _source, created, null) is { } other)
        {
            created.Dispose();
            return other;
        }

        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _cancelled) != 0)
            created.Cancel();
        return created;
    }
}
