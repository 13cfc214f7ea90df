using Akka.Actor;
using Akka.Dispatch;

namespace Akka.Event;

/// <summary>The first message to a logger; it subscribes to what it wants and answers <see cref="LoggerInitialized"/>.</summary>
public class InitializeLogger : INoSerializationVerificationNeeded
{
    public InitializeLogger(LoggingBus loggingBus)
    {
        LoggingBus = loggingBus;
    }

    public LoggingBus LoggingBus { get; }
}

public class LoggerInitialized : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
}

/// <summary>The queue of a logger.</summary>
public interface ILoggerMessageQueueSemantics : ISemantics
{
}

/// <summary>What a log line has as its class when its source is a text.</summary>
public class DummyClassForStringSources
{
}
