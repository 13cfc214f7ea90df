using Akka.Actor;

namespace Akka.Remote;

/// <summary>Tells one start of an actor system from the next one at the same address.</summary>
public class AddressUid : IExtension
{
    // From the system's generator: two processes started in the same millisecond must differ.
    public readonly int Uid = System.Security.Cryptography.RandomNumberGenerator.GetInt32(1, int.MaxValue);
}

public class AddressUidExtension : ExtensionIdProvider<AddressUid>
{
    public override AddressUid CreateExtension(ExtendedActorSystem system) => new();

    public static int Uid(ActorSystem system) => system.WithExtension<AddressUid, AddressUidExtension>().Uid;
}
