using Akka.Util;

namespace Akka.Actor.Internal;

/// <summary>Keeps stashed messages beside the mailbox and gives them back to its front.</summary>
public abstract class AbstractStash : IStash
{
    private readonly ActorCell _cell;
    private readonly int _capacity;
    private readonly LinkedList<Envelope> _stashed = new();
    private int _lastEnvelopeId;

    protected AbstractStash(IActorContext context)
        : this(context, null)
    {
    }

    private protected AbstractStash(IActorContext context, int? capacity)
    {
        _cell = (ActorCell)context;
        _capacity = capacity ?? Configured(_cell);
    }

    private static int Configured(ActorCell cell)
    {
        var deploy = cell.Props.Deploy;
        return deploy.StashCapacity != Deploy.NoStashSize
            ? deploy.StashCapacity
            : cell.Mailboxes.StashCapacity(deploy.Dispatcher, deploy.Mailbox);
    }

    public int Count => _stashed.Count;

    public bool IsEmpty => _stashed.Count == 0;

    public bool NonEmpty => _stashed.Count > 0;

    public bool IsFull => _capacity > 0 && _stashed.Count >= _capacity;

    /// <summary>How many messages fit; -1 for any number.</summary>
    public virtual int Capacity => _capacity;

    public void Stash()
    {
        var envelope = _cell.CurrentEnvelope;
        if (envelope.Message is null)
            throw new IllegalActorStateException("There is no message to stash: Stash() works only while a message is processed");
        if (_cell.CurrentEnvelopeId == _lastEnvelopeId)
        {
            throw new IllegalActorStateException(
                $"The message {envelope.Message} is in the stash already");
        }

        if (IsFull)
            throw new StashOverflowException($"The stash of {_cell.Self} is full with {_capacity} messages: {envelope.Message} does not fit");
        _lastEnvelopeId = _cell.CurrentEnvelopeId;
        _stashed.AddLast(envelope);
    }

    public void Unstash()
    {
        if (_stashed.Count == 0)
            return;
        var oldest = _stashed.First!.Value;
        _stashed.RemoveFirst();
        PutBack(oldest);
    }

    public void UnstashAll() => UnstashAll(static _ => true);

    public void UnstashAll(Func<Envelope, bool> filterPredicate)
    {
        // Newest first, each before the one put back before it. What does not pass is dropped.
        while (_stashed.Last is { } last)
        {
            _stashed.RemoveLast();
            if (filterPredicate(last.Value))
                PutBack(last.Value);
        }
    }

    private void PutBack(Envelope envelope)
    {
        _cell.Mailbox.EnqueueFirst(envelope);

        // Seen once already, it would count as stale the second time.
        if (envelope.Message is Terminated terminated)
            _cell.TerminatedQueuedFor(terminated.ActorRef, Option<object>.None);
    }

    public IEnumerable<Envelope> ClearStash()
    {
        var all = _stashed.ToArray();
        _stashed.Clear();
        return all;
    }

    public void Prepend(IEnumerable<Envelope> envelopes)
    {
        foreach (var envelope in envelopes.Reverse())
            _stashed.AddFirst(envelope);
    }
}

public class UnboundedStashImpl : AbstractStash
{
    public UnboundedStashImpl(IActorContext context)
        : base(context, null)
    {
    }

    public override int Capacity => base.Capacity;
}

public class BoundedStashImpl : AbstractStash
{
    public BoundedStashImpl(IActorContext context)
        : base(context, null)
    {
    }
}
