using Akka.Actor;
using Akka.Util;

namespace Akka.Serialization;

/// <summary>A serializer that chooses its own short names for types, so that stored data survives a renaming.</summary>
public abstract class SerializerWithStringManifest : Serializer
{
    protected SerializerWithStringManifest(ExtendedActorSystem system)
        : base(system)
    {
    }

    public sealed override bool IncludeManifest => true;

    public sealed override object FromBinary(byte[] bytes, Type type) => FromBinary(bytes, type.TypeQualifiedName());

    public abstract object FromBinary(byte[] bytes, string manifest);

    public abstract string Manifest(object o);
}
