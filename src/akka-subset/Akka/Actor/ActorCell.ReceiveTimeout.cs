namespace Akka.Actor;

public partial class ActorCell
{
    private TimeSpan? _receiveTimeout;
    private ICancelable _pendingReceiveTimeout;

    public TimeSpan? ReceiveTimeout => _receiveTimeout;

    public void SetReceiveTimeout(TimeSpan? timeout = null)
    {
        if (timeout is { } given && given <= TimeSpan.Zero && given != Timeout.InfiniteTimeSpan)
            throw new ArgumentException("A receive timeout must be positive", nameof(timeout));
        _receiveTimeout = timeout == Timeout.InfiniteTimeSpan ? null : timeout;
        if (_receiveTimeout is null)
            CancelReceiveTimeout();
    }

    /// <summary>After a message: starts the time anew, or starts it if it does not run yet.</summary>
    public void CheckReceiveTimeout(bool reschedule = true)
    {
        if (_receiveTimeout is not { } timeout)
        {
            CancelReceiveTimeout();
            return;
        }

        if (!reschedule && _pendingReceiveTimeout is not null)
            return;
        _pendingReceiveTimeout?.Cancel();
        _pendingReceiveTimeout = _system.Scheduler.ScheduleTellOnceCancelable(timeout, _self, Akka.Actor.ReceiveTimeout.Instance, _self);
    }

    private void CancelReceiveTimeout()
    {
        if (_pendingReceiveTimeout is null)
            return;
        _pendingReceiveTimeout.Cancel();
        _pendingReceiveTimeout = null;
    }
}
