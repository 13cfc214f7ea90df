using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Does something to every new instance of the actor classes it applies to, such as setting a property.</summary>
public interface IActorProducerPlugin
{
    bool CanBeAppliedTo(Type actorType);

    void AfterIncarnated(ActorBase actor, IActorContext context);

    void BeforeIncarnated(ActorBase actor, IActorContext context);
}

public abstract class ActorProducerPluginBase : IActorProducerPlugin
{
    protected ActorProducerPluginBase()
    {
    }

    public virtual bool CanBeAppliedTo(Type actorType) => true;

    public virtual void AfterIncarnated(ActorBase actor, IActorContext context)
    {
    }

    /// <summary>The instance is let go, before another may take its place.</summary>
    public virtual void BeforeIncarnated(ActorBase actor, IActorContext context)
    {
    }
}

public abstract class ActorProducerPluginBase<TActor> : IActorProducerPlugin
    where TActor : ActorBase
{
    protected ActorProducerPluginBase()
    {
    }

    public virtual bool CanBeAppliedTo(Type actorType) => typeof(TActor).IsAssignableFrom(actorType);

    void IActorProducerPlugin.AfterIncarnated(ActorBase actor, IActorContext context) => AfterIncarnated((TActor)actor, context);

    void IActorProducerPlugin.BeforeIncarnated(ActorBase actor, IActorContext context) => BeforeIncarnated((TActor)actor, context);

    public virtual void AfterIncarnated(TActor actor, IActorContext context)
    {
    }

    public virtual void BeforeIncarnated(TActor actor, IActorContext context)
    {
    }
}

/// <summary>Gives actors that want one their stash.</summary>
public class ActorStashPlugin : ActorProducerPluginBase
{
    public override bool CanBeAppliedTo(Type actorType) => typeof(IActorStash).IsAssignableFrom(actorType);

    public override void AfterIncarnated(ActorBase actor, IActorContext context)
    {
        if (actor is IActorStash { Stash: null } stashing)
            stashing.Stash = context.CreateStash(stashing);
    }

    public override void BeforeIncarnated(ActorBase actor, IActorContext context)
    {
        if (actor is IActorStash { Stash: { } stash })
            stash.UnstashAll();
    }
}

/// <summary>The plugins of a system.</summary>
public class ActorProducerPipelineResolver
{
    private readonly Lazy<ILoggingAdapter> _log;
    private readonly ConcurrentDictionary<Type, ActorProducerPipeline> _pipelines = new();
    private ImmutableList<IActorProducerPlugin> _plugins = [];

    public ActorProducerPipelineResolver(Func<ILoggingAdapter> logBuilder)
    {
        _log = new Lazy<ILoggingAdapter>(logBuilder);
        Register(new ActorStashPlugin());
    }

    public int TotalPluginCount => _plugins.Count;

    public bool Register(IActorProducerPlugin plugin) => Change(plugins => plugins.Contains(plugin, ByType.Only) ? plugins : plugins.Add(plugin));

    public bool Insert(int index, IActorProducerPlugin plugin)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return Change(plugins => plugins.Contains(plugin, ByType.Only) ? plugins : plugins.Insert(Math.Min(index, plugins.Count), plugin));
    }

    public bool Unregister(IActorProducerPlugin plugin) => Change(plugins => plugins.Remove(plugin, ByType.Only));

    public bool IsRegistered(IActorProducerPlugin plugin) => _plugins.Contains(plugin, ByType.Only);

    private bool Change(Func<ImmutableList<IActorProducerPlugin>, ImmutableList<IActorProducerPlugin>> change)
    {
        var changed = ImmutableInterlocked.Update(ref _plugins, change);
        if (changed)
            _pipelines.Clear();
        return changed;
    }

    internal ActorProducerPipeline ResolvePipeline(Type actorType) =>
        _pipelines.GetOrAdd(actorType, static (type, self) => self.Build(type), this);

    private ActorProducerPipeline Build(Type actorType) => new(_log, _plugins.Where(plugin => plugin.CanBeAppliedTo(actorType)));

    // One of a kind: a second instance of the same plugin class counts as the same plugin.
    private sealed class ByType : IEqualityComparer<IActorProducerPlugin>
    {
        public static readonly ByType Only = new();

        public bool Equals(IActorProducerPlugin x, IActorProducerPlugin y) => x?.GetType() == y?.GetType();

        public int GetHashCode(IActorProducerPlugin plugin) => plugin.GetType().GetHashCode();
    }
}

public class ActorProducerPipeline : IEnumerable<IActorProducerPlugin>
{
    private readonly Lazy<ILoggingAdapter> _log;
    private readonly IActorProducerPlugin[] _plugins;

    public ActorProducerPipeline(Lazy<ILoggingAdapter> log, IEnumerable<IActorProducerPlugin> plugins)
    {
        _log = log;
        _plugins = plugins.ToArray();
    }

    public int Count => _plugins.Length;

    public void AfterActorIncarnated(ActorBase actor, IActorContext context)
    {
        foreach (var plugin in _plugins)
        {
            try
            {
                plugin.AfterIncarnated(actor, context);
            }
            catch (Exception e)
            {
                Report(e, plugin, actor);
            }
        }
    }

    public void BeforeActorIncarnated(ActorBase actor, IActorContext context)
    {
        foreach (var plugin in _plugins)
        {
            try
            {
                plugin.BeforeIncarnated(actor, context);
            }
            catch (Exception e)
            {
                Report(e, plugin, actor);
            }
        }
    }

    private void Report(Exception e, IActorProducerPlugin plugin, ActorBase actor) =>
        _log.Value?.Log(LogLevel.ErrorLevel, e, $"Plugin {plugin.GetType()} failed for actor {actor.GetType()}");

    public IEnumerator<IActorProducerPlugin> GetEnumerator() => ((IEnumerable<IActorProducerPlugin>)_plugins).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
