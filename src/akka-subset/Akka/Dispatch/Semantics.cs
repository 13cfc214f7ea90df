using Akka.Actor;

namespace Akka.Dispatch;

/// <summary>Marks what a message queue can do; actors and dispatchers may require it.</summary>
public interface ISemantics
{
}

public interface IUnboundedMessageQueueSemantics : ISemantics
{
}

public interface IBoundedMessageQueueSemantics : ISemantics
{
    TimeSpan PushTimeOut { get; }
}

public interface IMultipleConsumerSemantics : ISemantics
{
}

public interface IBlockingMessageQueueSemantics : IMultipleConsumerSemantics
{
    TimeSpan BlockTimeOut { get; set; }
}

public interface IDequeBasedMessageQueueSemantics : ISemantics
{
    void EnqueueFirst(Envelope envelope);
}

public interface IUnboundedDequeBasedMessageQueueSemantics : IDequeBasedMessageQueueSemantics, IUnboundedMessageQueueSemantics
{
}

public interface IBoundedDequeBasedMessageQueueSemantics : IDequeBasedMessageQueueSemantics, IBoundedMessageQueueSemantics
{
}

/// <summary>On an actor class: its mailbox must have a queue of this kind.</summary>
public interface IRequiresMessageQueue<T>
    where T : ISemantics
{
}

/// <summary>On a mailbox type: what kind of queue it makes.</summary>
public interface IProducesMessageQueue<TQueue>
    where TQueue : class, MessageQueues.IMessageQueue
{
}

public interface IProducesPushTimeoutSemanticsMailbox
{
    TimeSpan PushTimeout { get; }
}
