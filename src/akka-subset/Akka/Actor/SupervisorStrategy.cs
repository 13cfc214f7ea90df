using Akka.Actor.Internal;
using Akka.Event;
using Akka.Util;

namespace Akka.Actor;

/// <summary>What a parent does about a child that failed.</summary>
public enum Directive
{
    Resume = 0,
    Restart = 1,
    Escalate = 2,
    Stop = 3,
}

public static class DirectiveExtensions
{
    public static KeyValuePair<Type, Directive> When<TException>(this Directive self)
        where TException : Exception => new(typeof(TException), self);
}

public interface IDecider
{
    Directive Decide(Exception cause);
}

public static class Decider
{
    public static LocalOnlyDecider From(Func<Exception, Directive> localOnlyDecider) => new(localOnlyDecider);

    public static DeployableDecider From(Directive defaultDirective, params KeyValuePair<Type, Directive>[] pairs) => new(defaultDirective, pairs);

    public static DeployableDecider From(Directive defaultDirective, IEnumerable<KeyValuePair<Type, Directive>> pairs) => new(defaultDirective, pairs);
}

public class LocalOnlyDecider : IDecider
{
    private readonly Func<Exception, Directive> _decide;

    public LocalOnlyDecider(Func<Exception, Directive> decider)
    {
        _decide = decider;
    }

    public Directive Decide(Exception cause) => _decide(cause);
}

/// <summary>Decides by exception type: the first pair that fits.</summary>
public class DeployableDecider : IDecider
{
    public DeployableDecider(Directive defaultDirective, IEnumerable<KeyValuePair<Type, Directive>> pairs)
    {
        DefaultDirective = defaultDirective;
        Pairs = pairs?.ToArray() ?? [];
    }

    public DeployableDecider(Directive defaultDirective, params KeyValuePair<Type, Directive>[] pairs)
        : this(defaultDirective, (IEnumerable<KeyValuePair<Type, Directive>>)pairs)
    {
    }

    public Directive DefaultDirective { get; }

    public KeyValuePair<Type, Directive>[] Pairs { get; }

    public Directive Decide(Exception cause)
    {
        foreach (var pair in Pairs)
        {
            if (pair.Key.IsInstanceOfType(cause))
                return pair.Value;
        }

        return DefaultDirective;
    }
}

public abstract class SupervisorStrategy
{
    public static IDecider DefaultDecider = Akka.Actor.Decider.From(static cause => cause switch
    {
        ActorInitializationException or ActorKilledException or DeathPactException => Directive.Stop,
        _ => Directive.Restart,
    });

    public static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(DefaultDecider);

    public static readonly OneForOneStrategy StoppingStrategy = new(static _ => Directive.Stop);

    public abstract IDecider Decider { get; }

    protected bool LoggingEnabled { get; set; } = true;

    protected abstract Directive Handle(IActorRef child, Exception exception);

    public abstract void ProcessFailure(
        IActorContext context,
        bool restart,
        IActorRef child,
        Exception cause,
        ChildRestartStats stats,
        IReadOnlyCollection<ChildRestartStats> children);

    public abstract void HandleChildTerminated(IActorContext actorContext, IActorRef child, IEnumerable<IInternalActorRef> children);

    /// <summary>Acts on a failure; false when it is for the next parent up to do so.</summary>
    public bool HandleFailure(
        ActorCell actorCell,
        IActorRef child,
        Exception cause,
        ChildRestartStats stats,
        IReadOnlyCollection<ChildRestartStats> children)
    {
        var directive = Handle(child, cause);
        LogFailure(actorCell, child, cause, directive);
        switch (directive)
        {
            case Directive.Escalate:
                return false;
            case Directive.Resume:
                ResumeChild(child, cause);
                return true;
            default:
                ProcessFailure(actorCell, directive == Directive.Restart, child, cause, stats, children);
                return true;
        }
    }

    protected void RestartChild(IActorRef child, Exception cause, bool suspendFirst)
    {
        var target = (IInternalActorRef)child;
        if (suspendFirst)
            target.Suspend();
        target.Restart(cause);
    }

    protected void ResumeChild(IActorRef child, Exception exception) => ((IInternalActorRef)child).Resume(exception);

    protected virtual void LogFailure(IActorContext context, IActorRef child, Exception cause, Directive directive)
    {
        if (!LoggingEnabled || directive == Directive.Escalate)
            return;
        var reason = cause is ActorInitializationException { InnerException: { } inner } ? inner.Message : cause.Message;
        var source = child.Path.ToString();
        LogEvent entry = directive == Directive.Resume
            ? new Warning(cause, source, GetType(), reason)
            : new Error(cause, source, GetType(), reason);
        context.System.EventStream.Publish(entry);
    }

    internal static int Window(TimeSpan? range) => range.HasValue && range.Value != Timeout.InfiniteTimeSpan
        ? (int)Math.Min(int.MaxValue, range.Value.TotalMilliseconds)
        : -1;
}

/// <summary>Applies the decision to the child that failed.</summary>
public class OneForOneStrategy : SupervisorStrategy
{
    protected OneForOneStrategy()
        : this(DefaultDecider)
    {
    }

    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, Window(withinTimeRange), localOnlyDecider)
    {
    }

    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
        : this(maxNrOfRetries ?? -1, Window(withinTimeRange), decider)
    {
    }

    public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(maxNrOfRetries, withinTimeMilliseconds, new LocalOnlyDecider(localOnlyDecider), loggingEnabled)
    {
    }

    public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
    {
        MaxNumberOfRetries = maxNrOfRetries;
        WithinTimeRangeMilliseconds = withinTimeMilliseconds;
        Decider = decider;
        LoggingEnabled = loggingEnabled;
    }

    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(-1, -1, localOnlyDecider, loggingEnabled)
    {
    }

    public OneForOneStrategy(IDecider decider)
        : this(-1, -1, decider)
    {
    }

    public int MaxNumberOfRetries { get; }

    public int WithinTimeRangeMilliseconds { get; }

    public override IDecider Decider { get; }

    public OneForOneStrategy WithMaxNrOfRetries(int maxNrOfRetries) =>
        new(maxNrOfRetries, WithinTimeRangeMilliseconds, Decider, LoggingEnabled);

    protected override Directive Handle(IActorRef child, Exception exception) => Decider.Decide(exception);

    public override void ProcessFailure(
        IActorContext context,
        bool restart,
        IActorRef child,
        Exception cause,
        ChildRestartStats stats,
        IReadOnlyCollection<ChildRestartStats> children)
    {
        if (restart && stats.RequestRestartPermission(MaxNumberOfRetries, WithinTimeRangeMilliseconds))
            RestartChild(child, cause, suspendFirst: false);
        else
            context.Stop(child);
    }

    public override void HandleChildTerminated(IActorContext actorContext, IActorRef child, IEnumerable<IInternalActorRef> children)
    {
    }
}

/// <summary>Applies the decision to all children.</summary>
public class AllForOneStrategy : SupervisorStrategy
{
    protected AllForOneStrategy()
        : this(DefaultDecider)
    {
    }

    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, Window(withinTimeRange), localOnlyDecider)
    {
    }

    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
        : this(maxNrOfRetries ?? -1, Window(withinTimeRange), decider)
    {
    }

    public AllForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(maxNrOfRetries, withinTimeMilliseconds, new LocalOnlyDecider(localOnlyDecider), loggingEnabled)
    {
    }

    public AllForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
    {
        MaxNumberOfRetries = maxNrOfRetries;
        WithinTimeRangeMilliseconds = withinTimeMilliseconds;
        Decider = decider;
        LoggingEnabled = loggingEnabled;
    }

    public AllForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    public AllForOneStrategy(IDecider decider)
        : this(-1, -1, decider)
    {
    }

    public int MaxNumberOfRetries { get; }

    public int WithinTimeRangeMilliseconds { get; }

    public override IDecider Decider { get; }

    protected override Directive Handle(IActorRef child, Exception exception) => Decider.Decide(exception);

    public override void ProcessFailure(
        IActorContext context,
        bool restart,
        IActorRef child,
        Exception cause,
        ChildRestartStats stats,
        IReadOnlyCollection<ChildRestartStats> children)
    {
        if (children.Count == 0)
            return;

        // Every child is asked, so that every one's count goes up.
        var permitted = restart;
        if (restart)
        {
            foreach (var sibling in children)
                permitted &= sibling.RequestRestartPermission(MaxNumberOfRetries, WithinTimeRangeMilliseconds);
        }

        foreach (var sibling in children)
        {
            if (permitted)
                RestartChild(sibling.Child, cause, suspendFirst: !child.Equals(sibling.Child));
            else
                context.Stop(sibling.Child);
        }
    }

    public override void HandleChildTerminated(IActorContext actorContext, IActorRef child, IEnumerable<IInternalActorRef> children)
    {
    }
}

/// <summary>Named by akka.actor.guardian-supervisor-strategy.</summary>
public abstract class SupervisorStrategyConfigurator
{
    public abstract SupervisorStrategy Create();

    public static SupervisorStrategyConfigurator CreateConfigurator(string typeName)
    {
        var type = typeName switch
        {
            "Akka.Actor.DefaultSupervisorStrategy" => typeof(DefaultSupervisorStrategy),
            "Akka.Actor.StoppingSupervisorStrategy" => typeof(StoppingSupervisorStrategy),
            _ => Dispatch.TypeNames.Find(typeName)
                ?? throw new Configuration.ConfigurationException($"akka.actor.guardian-supervisor-strategy: there is no type [{typeName}]"),
        };
        return (SupervisorStrategyConfigurator)Activator.CreateInstance(type);
    }
}

public class DefaultSupervisorStrategy : SupervisorStrategyConfigurator
{
    public override SupervisorStrategy Create() => SupervisorStrategy.DefaultStrategy;
}

public class StoppingSupervisorStrategy : SupervisorStrategyConfigurator
{
    public override SupervisorStrategy Create() => SupervisorStrategy.StoppingStrategy;
}
