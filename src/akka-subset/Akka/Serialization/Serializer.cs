using Akka.Actor;

namespace Akka.Serialization;

/// <summary>Turns objects into bytes and back. One instance serves all threads of a system.</summary>
public abstract class Serializer
{
    protected readonly ExtendedActorSystem system;

    private int? _identifier;

    protected Serializer(ExtendedActorSystem system)
    {
        this.system = system;
    }

    /// <summary>Stands for this class in stored and sent data; by default it comes from akka.actor.serialization-identifiers.</summary>
    public virtual int Identifier => _identifier ??= SerializerIdentifierHelper.GetSerializerIdentifierFromConfig(GetType(), system);

    /// <summary>True if the bytes alone do not say what they are.</summary>
    public abstract bool IncludeManifest { get; }

    public abstract byte[] ToBinary(object obj);

    public abstract object FromBinary(byte[] bytes, Type type);

    public T FromBinary<T>(byte[] bytes) => (T)FromBinary(bytes, typeof(T));

    /// <summary>Actor references inside the object get this address.</summary>
    public byte[] ToBinaryWithAddress(Address address, object obj) =>
        Serialization.WithTransport(system, address, () => ToBinary(obj));
}
