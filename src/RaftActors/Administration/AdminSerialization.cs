using Akka.Actor;
using RaftActors.Remoting;

namespace RaftActors.Administration;

/// <summary>
/// Makes an ActorSystem know the administrative messages. By code and not by reference.conf, because a system's
/// serializers are read when it is created, before extensions can add settings.
/// </summary>
internal static class AdminSerialization
{
    public static void Register(ActorSystem system) =>
        SerializerRegistration.Register(system.Serialization, "raft-actors-admin", new AdminSerializer((ExtendedActorSystem)system), typeof(AdminRequest), typeof(AdminReply));
}
