using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Akka.Event;

/// <summary>The mailbox of loggers: what is in it when the logger stops is printed, not lost.</summary>
internal sealed class LoggerMailboxType : MailboxType, IProducesMessageQueue<LoggerMailboxType.LoggerMessageQueue>
{
    public LoggerMailboxType(Settings settings, Config config)
        : base(settings, config)
    {
    }

    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new LoggerMessageQueue(system);

    internal sealed class LoggerMessageQueue(ActorSystem system) : IMessageQueue, ILoggerMessageQueueSemantics, IUnboundedMessageQueueSemantics
    {
        private readonly UnboundedMessageQueue _queue = new();

        public bool HasMessages => _queue.HasMessages;

        public int Count => _queue.Count;

        public void Enqueue(IActorRef receiver, Envelope envelope) => _queue.Enqueue(receiver, envelope);

        public bool TryDequeue(out Envelope envelope) => _queue.TryDequeue(out envelope);

        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            var level = Logging.LogLevelFor(system.Settings.StdoutLogLevel);
            while (_queue.TryDequeue(out var envelope))
            {
                if (envelope.Message is LogEvent logEvent)
                {
                    if (logEvent.LogLevel() >= level)
                        system.Settings.StdoutLogger.Tell(logEvent, ActorRefs.NoSender);
                }
                else
                    deadletters.Enqueue(owner, envelope);
            }
        }
    }
}
