using Akka.Actor;

namespace Akka.Serialization;

public static class SerializerIdentifierHelper
{
    public static int GetSerializerIdentifierFromConfig(Type type, ExtendedActorSystem system)
    {
        const string section = "akka.actor.serialization-identifiers";
        var identifiers = system.Settings.Config.GetConfig(section);
        if (identifiers is not null)
        {
            foreach (var (name, value) in identifiers.AsEnumerable())
            {
                if (Type.GetType(name, throwOnError: false) == type)
                    return value.GetInt();
            }
        }

        throw new ArgumentException($"[{section}] has no identifier for the serializer [{type}].", nameof(type));
    }
}
