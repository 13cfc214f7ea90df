using Akka.Actor;
using Akka.Event;

namespace Akka.Pattern;

/// <summary>When the count of restarts starts again at zero.</summary>
public interface IBackoffReset
{
}

internal sealed record AutoReset(TimeSpan ResetBackoff) : IBackoffReset;

internal sealed record ManualReset : IBackoffReset;

/// <summary>What a <see cref="BackoffSupervisor"/> does, built step by step.</summary>
public abstract class BackoffOptions
{
    protected BackoffOptions()
    {
    }

    internal abstract Props Props { get; }

    public abstract BackoffOptions WithAutoReset(TimeSpan resetBackoff);

    public abstract BackoffOptions WithManualReset();

    public abstract BackoffOptions WithSupervisorStrategy(OneForOneStrategy supervisorStrategy);

    public abstract BackoffOptions WithDefaultStoppingStrategy();

    public abstract BackoffOptions WithReplyWhileStopped(object replyWhileStopped);

    public abstract BackoffOptions WithFinalStopMessage(Func<object, bool> isFinalStopMessage);

    public abstract BackoffOptions WithMaxNrOfRetries(int maxNrOfRetries);
}

public static class Backoff
{
    /// <summary>Starts the child again, after a growing time, when it stopped itself.</summary>
    [Obsolete("Say how often to try.")]
    public static BackoffOptions OnStop(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor) =>
        OnStop(childProps, childName, minBackoff, maxBackoff, randomFactor, -1);

    public static BackoffOptions OnStop(
        Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        new Options(childProps, childName, minBackoff, maxBackoff, randomFactor, OnFailure: false) { MaxNrOfRetries = maxNrOfRetries }.Build();

    /// <summary>Stops the child when it fails, and starts it again after a growing time.</summary>
    [Obsolete("Say how often to try.")]
    public static BackoffOptions OnFailure(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor) =>
        OnFailure(childProps, childName, minBackoff, maxBackoff, randomFactor, -1);

    public static BackoffOptions OnFailure(
        Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        new Options(childProps, childName, minBackoff, maxBackoff, randomFactor, OnFailure: true) { MaxNrOfRetries = maxNrOfRetries }.Build();

    private sealed record Options(
        Props ChildProps, string ChildName, TimeSpan MinBackoff, TimeSpan MaxBackoff, double RandomFactor, bool OnFailure)
    {
        public IBackoffReset Reset { get; init; } = new AutoReset(MinBackoff);

        public OneForOneStrategy Strategy { get; init; } = new(Actor.SupervisorStrategy.DefaultDecider);

        public object ReplyWhileStopped { get; init; }

        public Func<object, bool> FinalStop { get; init; }

        public int MaxNrOfRetries { get; init; } = -1;

        public BackoffOptions Build() => new Built(this);
    }

    private sealed class Built(Options options) : BackoffOptions
    {
        internal override Props Props
        {
            get
            {
                BackoffSupervisor.Check(options.MinBackoff, options.MaxBackoff, options.RandomFactor);
                var o = options;
                var strategy = o.MaxNrOfRetries >= 0 ? o.Strategy.WithMaxNrOfRetries(o.MaxNrOfRetries) : o.Strategy;
                return o.OnFailure
                    ? Props.Create(() => new BackoffOnFailureSupervisor(
                        o.ChildProps, o.ChildName, o.MinBackoff, o.MaxBackoff, o.Reset, o.RandomFactor, strategy, o.ReplyWhileStopped, o.FinalStop))
                    : Props.Create(() => new BackoffSupervisor(
                        o.ChildProps, o.ChildName, o.MinBackoff, o.MaxBackoff, o.Reset, o.RandomFactor, strategy, o.ReplyWhileStopped, o.FinalStop));
            }
        }

        public override BackoffOptions WithAutoReset(TimeSpan resetBackoff) => new Built(options with { Reset = new AutoReset(resetBackoff) });

        public override BackoffOptions WithManualReset() => new Built(options with { Reset = new ManualReset() });

        public override BackoffOptions WithSupervisorStrategy(OneForOneStrategy supervisorStrategy) =>
            new Built(options with { Strategy = supervisorStrategy });

        public override BackoffOptions WithDefaultStoppingStrategy() =>
            new Built(options with { Strategy = new OneForOneStrategy(Actor.SupervisorStrategy.StoppingStrategy.Decider) });

        public override BackoffOptions WithReplyWhileStopped(object replyWhileStopped) =>
            new Built(options with { ReplyWhileStopped = replyWhileStopped });

        public override BackoffOptions WithFinalStopMessage(Func<object, bool> isFinalStopMessage) =>
            new Built(options with { FinalStop = isFinalStopMessage });

        public override BackoffOptions WithMaxNrOfRetries(int maxNrOfRetries) =>
            new Built(options with { MaxNrOfRetries = maxNrOfRetries });
    }
}

public abstract class BackoffSupervisorBase : ActorBase
{
    private protected BackoffSupervisorBase(
        Props childProps, string childName, IBackoffReset reset, object replyWhileStopped, Func<object, bool> finalStopMessage)
    {
        ChildProps = childProps;
        ChildName = childName;
        Reset = reset;
        ReplyWhileStopped = replyWhileStopped;
        FinalStopMessage = finalStopMessage;
    }

    protected Props ChildProps { get; }

    protected string ChildName { get; }

    protected IBackoffReset Reset { get; }

    protected object ReplyWhileStopped { get; }

    protected Func<object, bool> FinalStopMessage { get; }

    protected IActorRef Child { get; set; }

    protected int RestartCountN { get; set; }

    protected bool FinalStopMessageReceived { get; set; }

    protected override void PreStart()
    {
        StartChild();
        base.PreStart();
    }

    private void StartChild()
    {
        if (Child is null)
            Child = Context.Watch(Context.ActorOf(ChildProps, ChildName));
    }

    private protected void StartAgainAfterBackoff(TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor)
    {
        Child = null;
        var delay = BackoffSupervisor.CalculateDelay(RestartCountN, minBackoff, maxBackoff, randomFactor);
        Context.System.Scheduler.ScheduleTellOnce(delay, Self, BackoffSupervisor.StartChild.Instance, Self);
        RestartCountN++;
    }

    protected bool HandleBackoff(object message)
    {
        switch (message)
        {
            case BackoffSupervisor.StartChild:
                StartChild();
                if (Reset is AutoReset auto)
                    Context.System.Scheduler.ScheduleTellOnce(auto.ResetBackoff, Self, new BackoffSupervisor.ResetRestartCount(RestartCountN), Self);
                return true;
            case BackoffSupervisor.Reset when Reset is ManualReset:
                RestartCountN = 0;
                return true;
            case BackoffSupervisor.Reset:
                Unhandled(message);
                return true;
            case BackoffSupervisor.ResetRestartCount reset:
                if (reset.Current == RestartCountN)
                    RestartCountN = 0;
                return true;
            case BackoffSupervisor.GetRestartCount:
                Sender.Tell(new BackoffSupervisor.RestartCount(RestartCountN), Self);
                return true;
            case BackoffSupervisor.GetCurrentChild:
                Sender.Tell(new BackoffSupervisor.CurrentChild(Child), Self);
                return true;
        }

        if (Child is { } child && Sender.Equals(child))
        {
            // From the child: for the parent to see.
            Context.Parent.Forward(message);
            return true;
        }

        if (Child is not null)
        {
            Child.Forward(message);
            if (!FinalStopMessageReceived && FinalStopMessage is not null)
                FinalStopMessageReceived = FinalStopMessage(message);
        }
        else if (ReplyWhileStopped is not null)
        {
            Sender.Tell(ReplyWhileStopped, Self);
            if (FinalStopMessage is not null && FinalStopMessage(message))
                Context.Stop(Self);
        }
        else if (FinalStopMessage is not null && FinalStopMessage(message))
            Context.Stop(Self);
        else
            Context.System.DeadLetters.Forward(message);

        return true;
    }
}

/// <summary>Starts its child again, when it has stopped, after a time that grows with each time.</summary>
public sealed class BackoffSupervisor : BackoffSupervisorBase
{
    private readonly TimeSpan _minBackoff;
    private readonly TimeSpan _maxBackoff;
    private readonly double _randomFactor;
    private readonly SupervisorStrategy _strategy;

    public BackoffSupervisor(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor)
        : this(childProps, childName, minBackoff, maxBackoff, new AutoReset(minBackoff), randomFactor, Actor.SupervisorStrategy.DefaultStrategy)
    {
    }

    public BackoffSupervisor(
        Props childProps,
        string childName,
        TimeSpan minBackoff,
        TimeSpan maxBackoff,
        IBackoffReset reset,
        double randomFactor,
        SupervisorStrategy strategy,
        object replyWhileStopped = null,
        Func<object, bool> finalStopMessage = null)
        : base(childProps, childName, reset, replyWhileStopped, finalStopMessage)
    {
        _minBackoff = minBackoff;
        _maxBackoff = maxBackoff;
        _randomFactor = randomFactor;
        _strategy = strategy;
    }

    public static Props Props(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor) =>
        PropsWithSupervisorStrategy(childProps, childName, minBackoff, maxBackoff, randomFactor, Actor.SupervisorStrategy.DefaultStrategy);

    public static Props Props(
        Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        PropsWithSupervisorStrategy(
            childProps, childName, minBackoff, maxBackoff, randomFactor,
            new OneForOneStrategy(Actor.SupervisorStrategy.DefaultDecider).WithMaxNrOfRetries(maxNrOfRetries));

    public static Props Props(BackoffOptions options) => options.Props;

    public static Props PropsWithSupervisorStrategy(
        Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, SupervisorStrategy strategy)
    {
        Check(minBackoff, maxBackoff, randomFactor);
        return Actor.Props.Create(() => new BackoffSupervisor(
            childProps, childName, minBackoff, maxBackoff, new AutoReset(minBackoff), randomFactor, strategy, null, null));
    }

    internal static void Check(TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor)
    {
        if (minBackoff <= TimeSpan.Zero)
            throw new ArgumentException("The shortest time cannot be zero", nameof(minBackoff));
        if (maxBackoff < minBackoff)
            throw new ArgumentException("The longest time cannot be less than the shortest", nameof(maxBackoff));
        if (randomFactor is < 0.0 or > 1.0)
            throw new ArgumentException("The random factor is from 0 to 1", nameof(randomFactor));
    }

    internal static TimeSpan CalculateDelay(int restartCount, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor)
    {
        var randomized = 1.0 + (Random.Shared.NextDouble() * randomFactor);
        var delay = Math.Min(maxBackoff.TotalMilliseconds, minBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(restartCount, 60))) * randomized;
        return TimeSpan.FromMilliseconds(Math.Min(delay, TimeSpan.FromDays(24).TotalMilliseconds));
    }

    protected override SupervisorStrategy SupervisorStrategy() => _strategy;

    protected override bool Receive(object message)
    {
        if (message is not Terminated terminated || Child is null || !terminated.ActorRef.Equals(Child))
            return HandleBackoff(message);
        if (FinalStopMessageReceived || (_strategy is OneForOneStrategy { MaxNumberOfRetries: >= 0 } limited && RestartCountN >= limited.MaxNumberOfRetries))
        {
            Child = null;
            Context.Stop(Self);
        }
        else
            StartAgainAfterBackoff(_minBackoff, _maxBackoff, _randomFactor);
        return true;
    }

    /// <summary>Asks for the child there is now.</summary>
    public sealed class GetCurrentChild
    {
        public static readonly GetCurrentChild Instance = new();

        private GetCurrentChild()
        {
        }
    }

    public sealed class CurrentChild
    {
        public CurrentChild(IActorRef @ref)
        {
            Ref = @ref;
        }

        public IActorRef Ref { get; }
    }

    /// <summary>Sets the count of restarts back, if the supervisor waits for that.</summary>
    public new sealed class Reset
    {
        public static readonly Reset Instance = new();

        private Reset()
        {
        }
    }

    public sealed class GetRestartCount
    {
        public static readonly GetRestartCount Instance = new();

        private GetRestartCount()
        {
        }
    }

    public sealed class RestartCount
    {
        public RestartCount(int count)
        {
            Count = count;
        }

        public int Count { get; }
    }

    public sealed class StartChild : IDeadLetterSuppression
    {
        public static readonly StartChild Instance = new();

        private StartChild()
        {
        }
    }

    public sealed class ResetRestartCount : IDeadLetterSuppression
    {
        public ResetRestartCount(int current)
        {
            Current = current;
        }

        public int Current { get; }
    }
}

/// <summary>Stops a child that failed and starts it again later, unless its strategy says to do something else.</summary>
internal sealed class BackoffOnFailureSupervisor : BackoffSupervisorBase
{
    private readonly TimeSpan _minBackoff;
    private readonly TimeSpan _maxBackoff;
    private readonly double _randomFactor;
    private readonly OneForOneStrategy _strategy;
    private bool _startAgain;

    public BackoffOnFailureSupervisor(
        Props childProps,
        string childName,
        TimeSpan minBackoff,
        TimeSpan maxBackoff,
        IBackoffReset reset,
        double randomFactor,
        OneForOneStrategy strategy,
        object replyWhileStopped,
        Func<object, bool> finalStopMessage)
        : base(childProps, childName, reset, replyWhileStopped, finalStopMessage)
    {
        _minBackoff = minBackoff;
        _maxBackoff = maxBackoff;
        _randomFactor = randomFactor;
        _strategy = strategy;
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(cause =>
    {
        var directive = _strategy.Decider.Decide(cause);
        if (directive != Directive.Restart)
            return directive;
        _startAgain = _strategy.MaxNumberOfRetries < 0 || RestartCountN < _strategy.MaxNumberOfRetries;
        return Directive.Stop;
    });

    protected override bool Receive(object message)
    {
        if (message is not Terminated terminated || Child is null || !terminated.ActorRef.Equals(Child))
            return HandleBackoff(message);
        if (_startAgain && !FinalStopMessageReceived)
        {
            _startAgain = false;
            StartAgainAfterBackoff(_minBackoff, _maxBackoff, _randomFactor);
        }
        else
        {
            Child = null;
            Context.Stop(Self);
        }

        return true;
    }
}
