using Akka.Actor;

namespace RaftActors.Administration;

/// <summary>
/// Makes an ActorSystem know the administrative messages. By code and not by reference.conf, because a system's
/// serializers are read when it is created, before extensions can add settings.
/// </summary>
internal static class AdminSerialization
{
    public static void Register(ActorSystem system)
    {
        if (system.Serialization.FindSerializerForType(typeof(AdminReply)) is AdminSerializer)
        {
            return; // The streams of this system and a client in it both see to it.
        }

        AdminSerializer serializer = new((ExtendedActorSystem)system);
        system.Serialization.AddSerializer("raft-actors-admin", serializer);
        system.Serialization.AddSerializationMap(typeof(AdminRequest), serializer);
        system.Serialization.AddSerializationMap(typeof(AdminReply), serializer);
    }
}
