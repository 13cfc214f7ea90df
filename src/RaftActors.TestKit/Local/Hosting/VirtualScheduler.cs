using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace RaftActors.TestKit.Local;

/// <summary>Named as <c>akka.scheduler.implementation</c>: the members' time is the cluster's, which moves only when a test moves it.</summary>
internal sealed class VirtualScheduler : SchedulerBase, IDateTimeOffsetNowTimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly MemberRun _run;
    private readonly Timeline _timeline;

    public VirtualScheduler(Config config, ILoggingAdapter log)
        : base(config, log)
    {
        _run = MemberRun.Of(config);
        _timeline = _run.Cluster.Timeline;
    }

    public override TimeSpan MonotonicClock => _timeline.Now;

    public override TimeSpan HighResMonotonicClock => _timeline.Now;

    protected override DateTimeOffset TimeNow => Epoch + _timeline.Now;

    protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable? cancelable) =>
        Plan(delay, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable? cancelable) =>
        Plan(initialDelay, () => receiver.Tell(message, sender), cancelable, interval);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable) => Plan(delay, action, cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable? cancelable) => Plan(delay, action.Run, cancelable);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable) =>
        Plan(initialDelay, action, cancelable, interval);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable? cancelable) =>
        Plan(initialDelay, action.Run, cancelable, interval);

    private void Plan(TimeSpan delay, Action action, ICancelable? cancelable, TimeSpan? every = null)
    {
        _run.Cluster.NoteThread();
        if (_run.Alive)
        {
            _timeline.Add(_run, delay, action, cancelable, every);
        }
    }
}
