using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;
using RaftActors.Runtime;

namespace RaftActors.Dispatch;

/// <summary>
/// A mailbox with two lanes, each in order of arrival: everything else overtakes clients' requests, so votes, acknowledgements, timers and journal confirmations never
/// wait behind data. Requests that are still in it when the actor ends are answered.
/// </summary>
public sealed class TwoLaneMailbox : MailboxType, IProducesMessageQueue<TwoLaneMailbox.TwoLaneQueue>
{
    /// <summary>Made by the actor system from <c>raft-actors.mailboxes.two-lanes</c>.</summary>
    /// <param name="settings">The actor system's settings.</param>
    /// <param name="config">The mailbox's section.</param>
    public TwoLaneMailbox(Settings settings, Config config)
        : base(settings, config)
    {
    }

    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new TwoLaneQueue();

    /// <summary>The queue of one actor.</summary>
    public sealed class TwoLaneQueue : IMessageQueue, IUnboundedMessageQueueSemantics
    {
        private readonly ConcurrentQueue<Envelope> _first = new();
        private readonly ConcurrentQueue<Envelope> _second = new();

        /// <inheritdoc/>
        public bool HasMessages => !_first.IsEmpty || !_second.IsEmpty;

        /// <inheritdoc/>
        public int Count => _first.Count + _second.Count;

        /// <inheritdoc/>
        public void Enqueue(IActorRef receiver, Envelope envelope) =>
            (envelope.Message is ClientRequest or IBehindClients or Propose or Query or CancelProposal or SessionRequest ? _second : _first).Enqueue(envelope);

        /// <inheritdoc/>
        public bool TryDequeue(out Envelope envelope) => _first.TryDequeue(out envelope) || _second.TryDequeue(out envelope);

        /// <inheritdoc/>
        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryDequeue(out Envelope envelope))
            {
                switch (envelope.Message)
                {
                    case ClientRequest request:
                        request.AbandonUnserved();
                        break;
                    case Propose or SessionRequest:
                        envelope.Sender.Tell(new ProposalRefused(StreamLink.Closed.Code, StreamLink.Closed.Reason), owner);
                        break;
                    case Query:
                        envelope.Sender.Tell(new ReadFailed(StreamLink.Closed.Reason, NodeId.None, CanRetry: true), owner);
                        break;
                    default:
                        deadletters.Enqueue(owner, envelope);
                        break;
                }
            }
        }
    }
}
