using Akka.Actor;

namespace Akka.Remote
{
    /// <summary>The transport could not do what was asked of it.</summary>
    public class RemoteTransportException : AkkaException
    {
        public RemoteTransportException(string message, Exception cause = null)
            : base(message, cause)
        {
        }
    }

    /// <summary>A message was larger than a frame may be. It was not sent.</summary>
    internal sealed class OversizedPayloadException(string message) : AkkaException(message);
}

namespace Akka.Remote.Transport
{
    /// <summary>No association with that address, now or ever.</summary>
    public class InvalidAssociationException : AkkaException
    {
        public InvalidAssociationException(string message, Exception cause = null)
            : base(message, cause)
        {
        }
    }

    /// <summary>The peer has given this incarnation of this system up.</summary>
    internal sealed class PeerQuarantinedUsException(string message) : InvalidAssociationException(message);
}
