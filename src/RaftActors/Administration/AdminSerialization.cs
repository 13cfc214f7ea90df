using Akka.Actor;
using Akka.Serialization;

namespace RaftActors.Administration;

/// <summary>
/// Makes an ActorSystem know the administrative messages. By code and not by reference.conf, because a system's
/// serializers are read when it is created, before extensions can add settings.
/// </summary>
internal static class AdminSerialization
{
    public static void Register(ActorSystem system) =>
        Register(system.Serialization, "raft-actors-admin", new AdminSerializer((ExtendedActorSystem)system), typeof(AdminRequest), typeof(AdminReply));

    /// <summary>Binds types to a serializer, unless they are. Its id is taken once: an actor system refuses a second serializer with it.</summary>
    public static void Register(Serialization serialization, string name, Serializer serializer, params Type[] types)
    {
        lock (serialization)
        {
            Type[] unbound = [.. types.Where(t => serialization.FindSerializerForType(t).Identifier != serializer.Identifier)];
            if (unbound.Length == 0)
            {
                return;
            }

            if (unbound.Length < types.Length)
            {
                serializer = serialization.FindSerializerForType(types.Except(unbound).First());
            }
            else
            {
                serialization.AddSerializer(name, serializer);
            }

            foreach (Type type in unbound)
            {
                serialization.AddSerializationMap(type, serializer);
            }
        }
    }
}
