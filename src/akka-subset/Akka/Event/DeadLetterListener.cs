using Akka.Actor;
using Akka.Util.Internal;

namespace Akka.Event;

/// <summary>Logs dead letters, up to a number of them, then pauses or falls silent.</summary>
public class DeadLetterListener : ActorBase
{
    private readonly EventStream _eventStream = Context.System.EventStream;
    private readonly int _maximum = Context.System.Settings.LogDeadLetters;
    private readonly TimeSpan _pause = Context.System.Settings.LogDeadLettersSuspendDuration;
    private int _count;
    private DateTime? _pausedUntil;

    protected override void PreStart()
    {
        _eventStream.Subscribe(Self, typeof(DeadLetter));
        _eventStream.Subscribe(Self, typeof(Dropped));
        _eventStream.Subscribe(Self, typeof(UnhandledMessage));
    }

    // Subscriptions and counters outlive a restart, because the instance's fields do not matter to them.
    protected override void PreRestart(Exception reason, object message)
    {
    }

    protected override void PostRestart(Exception reason)
    {
    }

    protected override void PostStop() => _eventStream.Unsubscribe(Self);

    protected override bool Receive(object message)
    {
        if (message is not AllDeadLetters letter)
            return false;
        _count++;
        // Letters about the log would make more letters.
        if (letter.Message is LogEvent or IDeadLetterSuppression || IsPaused())
            return true;
        var last = _maximum != int.MaxValue && _count >= _maximum;
        Report(letter, last);
        if (last)
            _pausedUntil = _pause < TimeSpan.Zero || _pause == TimeSpan.Zero ? DateTime.MaxValue : DateTime.UtcNow + _pause;
        return true;
    }

    private bool IsPaused()
    {
        if (_pausedUntil is not { } until)
            return false;
        if (DateTime.UtcNow < until)
            return true;
        _pausedUntil = null;
        _count = 1;
        return false;
    }

    private void Report(AllDeadLetters letter, bool last)
    {
        var origin = letter.Sender is null || ReferenceEquals(letter.Sender, Context.System.DeadLetters) ? "" : $" from {letter.Sender}";
        var outcome = letter switch
        {
            Dropped dropped => $"was dropped: {dropped.Reason}",
            UnhandledMessage => "was not handled",
            _ => "was not delivered",
        };
        var rest = !last ? "" : _pausedUntil == DateTime.MaxValue || _pause <= TimeSpan.Zero
            ? " No more of these are logged."
            : $" No more of these are logged for {_pause}.";
        _eventStream.Publish(new Info(
            LogSource.FromActorRef(letter.Recipient, Context.System),
            letter.Recipient.GetType(),
            $"Message [{letter.Message.GetType().Name}]{origin} to {letter.Recipient} {outcome}. [{_count}] dead letters so far.{rest}"
            + " See akka.log-dead-letters and akka.log-dead-letters-during-shutdown."));
    }
}
