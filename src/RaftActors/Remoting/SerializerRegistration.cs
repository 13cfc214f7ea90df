using Akka.Serialization;

namespace RaftActors.Remoting;

/// <summary>
/// Serializers are read from configuration when an actor system starts, before extensions can add theirs; so they are added by code, unless the user has bound them.
/// </summary>
internal static class SerializerRegistration
{
    /// <summary>Binds those of the types to a serializer that are not. An actor system refuses a second serializer with the same id, so one that has some of the types already takes the others too.</summary>
    public static void Register(Serialization serialization, string name, Serializer serializer, params Type[] types)
    {
        lock (serialization)
        {
            ILookup<bool, Type> isBound = types.ToLookup(t => serialization.FindSerializerForType(t).Identifier == serializer.Identifier);
            if (isBound[true].FirstOrDefault() is { } one)
            {
                serializer = serialization.FindSerializerForType(one);
            }
            else
            {
                serialization.AddSerializer(name, serializer);
            }

            foreach (Type type in isBound[false])
            {
                serialization.AddSerializationMap(type, serializer);
            }
        }
    }
}
