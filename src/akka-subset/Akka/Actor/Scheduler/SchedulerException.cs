using System.Runtime.Serialization;

namespace Akka.Actor;

public sealed class SchedulerException : AkkaException
{
    public SchedulerException(string message)
        : base(message)
    {
    }

    public SchedulerException(SerializationInfo info, StreamingContext context)
        : base(info, context)
    {
    }
}
