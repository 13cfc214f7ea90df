using Akka.Actor.Internal;
using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>Where an actor puts messages that it cannot process yet.</summary>
public interface IStash
{
    int Count { get; }

    bool IsEmpty { get; }

    bool NonEmpty { get; }

    bool IsFull { get; }

    int Capacity { get; }

    /// <summary>Puts the current message away.</summary>
    void Stash();

    /// <summary>Puts the oldest stashed message at the front of the mailbox.</summary>
    void Unstash();

    /// <summary>Puts all stashed messages, oldest first, at the front of the mailbox.</summary>
    void UnstashAll();

    void UnstashAll(Func<Envelope, bool> predicate);

    IEnumerable<Envelope> ClearStash();

    void Prepend(IEnumerable<Envelope> envelopes);
}

public interface IActorStash
{
    IStash Stash { get; set; }
}

public interface IWithUnrestrictedStash : IActorStash
{
}

public interface IWithStash : IWithUnrestrictedStash, IRequiresMessageQueue<IDequeBasedMessageQueueSemantics>
{
}

public interface IWithUnboundedStash : IWithUnrestrictedStash, IRequiresMessageQueue<IUnboundedDequeBasedMessageQueueSemantics>
{
}

public interface IWithBoundedStash : IWithUnrestrictedStash, IRequiresMessageQueue<IBoundedDequeBasedMessageQueueSemantics>
{
}

public static class StashFactory
{
    public static IStash CreateStash<T>(this IActorContext context)
        where T : ActorBase => CreateStash(context, typeof(T));

    public static IStash CreateStash(this IActorContext context, IActorStash actorInstance) => CreateStash(context, actorInstance.GetType());

    public static IStash CreateStash(this IActorContext context, Type actorType)
    {
        if (typeof(IWithBoundedStash).IsAssignableFrom(actorType))
            return new BoundedStashImpl(context);
        if (typeof(IActorStash).IsAssignableFrom(actorType))
            return new UnboundedStashImpl(context);
        throw new ArgumentException($"The actor [{actorType}] has no stash: it implements none of the interfaces for one", nameof(actorType));
    }
}
