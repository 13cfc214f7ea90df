using Akka.Actor;

namespace Akka.Persistence;

// What journals, snapshot stores and persistent actors say to each other never leaves the process,
// hence no serialization check.

public interface IPersistenceMessage : INoSerializationVerificationNeeded
{
}
