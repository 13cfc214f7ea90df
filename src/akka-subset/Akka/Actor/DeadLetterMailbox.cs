using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>The mailbox of every actor that is gone.</summary>
public sealed class DeadLetterMailbox : Mailbox
{
    private readonly IActorRef _deadLetters;

    public DeadLetterMailbox(IActorRef deadLetters)
        : base(new DeadLetterMessageQueue(deadLetters))
    {
        _deadLetters = deadLetters;
        Close();
    }

    internal void SystemEnqueue(IActorRef receiver, SystemMessage message)
    {
        // Bookkeeping between parent and child that has become pointless is nobody's loss.
        if (message is Failed or Supervise or ActorTask or Create or Recreate or Dispatch.SysMsg.Resume or Dispatch.SysMsg.Suspend)
            return;
        _deadLetters.Tell(new DeadLetter(message, receiver, receiver), receiver);
    }

    private sealed class DeadLetterMessageQueue : IMessageQueue
    {
        private readonly IActorRef _deadLetters;

        public DeadLetterMessageQueue(IActorRef deadLetters)
        {
            _deadLetters = deadLetters;
        }

        public bool HasMessages => false;

        public int Count => 0;

        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            if (envelope.Message is DeadLetter)
                return;
            _deadLetters.Tell(new DeadLetter(envelope.Message, envelope.Sender ?? _deadLetters, receiver), envelope.Sender);
        }

        public bool TryDequeue(out Envelope envelope)
        {
            envelope = default;
            return false;
        }

        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
        }
    }
}
