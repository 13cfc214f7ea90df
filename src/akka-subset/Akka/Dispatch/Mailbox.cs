using System.Diagnostics;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Dispatch.MessageQueues;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Dispatch;

/// <summary>Work for an executor, which may also be handed to the thread pool as it is.</summary>
public interface IRunnable : IThreadPoolWorkItem
{
    void Run();
}

/// <summary>
/// The messages of one actor and the turn-taking around them: at most one thread runs a mailbox at a time, system
/// messages come before user messages, and a suspended mailbox processes system messages only.
/// </summary>
public class Mailbox : IRunnable
{
    // The status word: two flags, and above them how many times the mailbox is suspended.
    private const int Closed = 1;
    private const int Scheduled = 2;
    private const int SuspendUnit = 4;

    private static readonly SystemNode ClosedMark = new(null, null);

    private readonly IMessageQueue _messageQueue;
    private readonly EnvelopeQueue _fast;
    private ActorCell _actor;
    private SystemNode _system;
    private int _status;

    public Mailbox(IMessageQueue messageQueue)
    {
        _messageQueue = messageQueue;

        // The usual queue is called without going through its interface.
        _fast = messageQueue is UnboundedMessageQueue unbounded && unbounded.GetType() == typeof(UnboundedMessageQueue) ? unbounded.Inner : null;
    }

    public IMessageQueue MessageQueue => _messageQueue;

    public MessageDispatcher Dispatcher => _actor?.Dispatcher;

    internal ActorCell Actor => _actor;

    internal bool HasMessages => _fast is null ? _messageQueue.HasMessages : _fast.HasMessages;

    internal bool HasSystemMessages
    {
        get
        {
            var system = Volatile.Read(ref _system);
            return system is not null && !ReferenceEquals(system, ClosedMark);
        }
    }

    internal int NumberOfMessages => _messageQueue.Count;

    internal bool IsClosed => (Volatile.Read(ref _status) & Closed) != 0;

    internal bool IsScheduled => (Volatile.Read(ref _status) & Scheduled) != 0;

    internal bool IsSuspended => Volatile.Read(ref _status) >= SuspendUnit;

    internal int SuspendCount => Volatile.Read(ref _status) / SuspendUnit;

    public virtual void SetActor(ActorCell actorCell) => _actor = actorCell;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Enqueue(IActorRef receiver, in Envelope envelope)
    {
        if (_fast is not null)
            _fast.Enqueue(envelope);
        else
            EnqueueSlow(receiver, envelope);
    }

    // Not inlined so that the fast path stays small.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnqueueSlow(IActorRef receiver, Envelope envelope)
    {
        _messageQueue.Enqueue(receiver, envelope);

        // A queue that takes a lock is no full fence on every architecture; the idle check needs one.
        Interlocked.MemoryBarrier();
    }

    internal void EnqueueFirst(Envelope envelope)
    {
        if (_messageQueue is not IDequeBasedMessageQueueSemantics deque)
            throw new NotSupportedException($"The mailbox of {_actor?.Self} has no front: a stash needs a deque-based mailbox");
        deque.EnqueueFirst(envelope);
    }

    /// <summary>False when the mailbox is closed.</summary>
    internal bool SystemEnqueue(SystemMessage message)
    {
        var node = new SystemNode(message, null);
        while (true)
        {
            var head = Volatile.Read(ref _system);
            if (ReferenceEquals(head, ClosedMark))
                return false;
            node.Next = head;
            if (ReferenceEquals(Interlocked.CompareExchange(ref _system, node, head), head))
                return true;
        }
    }

    /// <summary>Takes the right to be run, when there is reason to run and nobody has that right already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TrySchedule(bool hasMessageHint, bool hasSystemMessageHint)
    {
        var status = Volatile.Read(ref _status);
        return (status & (Closed | Scheduled)) == 0 && TryScheduleSlow(status, hasMessageHint, hasSystemMessageHint);
    }

    private bool TryScheduleSlow(int status, bool hasMessageHint, bool hasSystemMessageHint)
    {
        while ((status & (Closed | Scheduled)) == 0)
        {
            var hasWork = hasSystemMessageHint || HasSystemMessages || (status < SuspendUnit && (hasMessageHint || HasMessages));
            if (!hasWork)
                return false;
            var seen = Interlocked.CompareExchange(ref _status, status | Scheduled, status);
            if (seen == status)
                return true;
            status = seen;
        }

        return false;
    }

    private void SetIdle() => Interlocked.And(ref _status, ~Scheduled);

    /// <summary>Once more suspended; as often as this is called, <see cref="Resume"/> has to be.</summary>
    internal void Suspend() => Interlocked.Add(ref _status, SuspendUnit);

    internal void Resume()
    {
        while (true)
        {
            var status = Volatile.Read(ref _status);
            if (status < SuspendUnit || Interlocked.CompareExchange(ref _status, status - SuspendUnit, status) == status)
                return;
        }
    }

    /// <summary>Closed from the start, system messages included.</summary>
    private protected void Close()
    {
        _system = ClosedMark;
        BecomeClosed();
    }

    internal void BecomeClosed() => Interlocked.Or(ref _status, Closed);

    void IThreadPoolWorkItem.Execute() => Run();

    public void Execute() => Run();

    public void Run()
    {
        var actor = _actor;
        var previous = InternalCurrentActorCellKeeper.Current;
        InternalCurrentActorCellKeeper.Current = actor;
        try
        {
            if (!IsClosed)
            {
                if (Volatile.Read(ref _system) is not null)
                    ProcessAllSystemMessages();
                ProcessMailbox(actor);
            }
        }
        finally
        {
            InternalCurrentActorCellKeeper.Current = previous;
            SetIdle();
            actor.Dispatcher.RegisterForExecution(this, false, false);
        }
    }

    private void ProcessMailbox(ActorCell actor)
    {
        var left = actor.Dispatcher.Throughput;
        var deadline = actor.Dispatcher.DeadlineTicks;
        var start = deadline > 0 ? Stopwatch.GetTimestamp() : 0;
        while (Volatile.Read(ref _status) == Scheduled && TryDequeue(out var envelope))
        {
            actor.InvokeUser(in envelope);
            if (Volatile.Read(ref _system) is not null)
                ProcessAllSystemMessages();
            if (--left <= 0 || (deadline > 0 && Stopwatch.GetTimestamp() - start >= deadline))
                return;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryDequeue(out Envelope envelope) =>
        _fast is not null ? _fast.TryDequeue(out envelope) : _messageQueue.TryDequeue(out envelope);

    internal void ProcessAllSystemMessages()
    {
        var message = TakeSystemMessages(null);
        while (message is not null && !IsClosed)
        {
            _actor.SystemInvoke(message.Message);
            message = message.Next ?? TakeSystemMessages(null);
        }

        // Closed on the way: what is left goes where later messages go.
        for (; message is not null; message = message.Next)
            _actor.Mailboxes.DeadLetterMailbox.SystemEnqueue(_actor.Self, message.Message);
    }

    // Takes the whole stack and turns it round.
    private SystemNode TakeSystemMessages(SystemNode replacement)
    {
        var node = Volatile.Read(ref _system);
        if (node is null && replacement is null)
            return null;
        if (ReferenceEquals(node, ClosedMark))
            return null;
        node = Interlocked.Exchange(ref _system, replacement);
        if (ReferenceEquals(node, ClosedMark))
            return null;
        SystemNode first = null;
        while (node is not null)
        {
            var next = node.Next;
            node.Next = first;
            first = node;
            node = next;
        }

        return first;
    }

    /// <summary>After the mailbox was closed: everything still in it becomes dead letters. May be called again, for
    /// messages that came in while that was going on.</summary>
    public virtual void CleanUp()
    {
        var actor = _actor;
        if (actor is null)
            return;
        var deadLetters = actor.Mailboxes.DeadLetterMailbox;
        lock (_messageQueue)
        {
            for (var message = TakeSystemMessages(ClosedMark); message is not null; message = message.Next)
                deadLetters.SystemEnqueue(actor.Self, message.Message);
            _messageQueue.CleanUp(actor.Self, deadLetters.MessageQueue);
        }
    }

    private sealed class SystemNode
    {
        public readonly SystemMessage Message;
        public SystemNode Next;

        public SystemNode(SystemMessage message, SystemNode next)
        {
            Message = message;
            Next = next;
        }
    }
}
