using System.Buffers.Binary;
using System.Text;
using Akka.Actor;

namespace Akka.Remote.Serialization;

/// <summary>Writes fields of remoting's own messages.</summary>
internal sealed class PayloadWriter
{
    private readonly MemoryStream _bytes = new();

    public byte[] ToArray() => _bytes.ToArray();

    public PayloadWriter Byte(byte value)
    {
        _bytes.WriteByte(value);
        return this;
    }

    public PayloadWriter Int32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public PayloadWriter Bytes(byte[] value)
    {
        Int32(value.Length);
        _bytes.Write(value);
        return this;
    }

    public PayloadWriter String(string value) => Bytes(Encoding.UTF8.GetBytes(value ?? ""));

    public PayloadWriter Ref(IActorRef value) =>
        String(value == null || value is Nobody ? "" : Akka.Serialization.Serialization.SerializedActorPath(value));

    /// <summary>Any object, with what it takes to read it again; null included.</summary>
    public PayloadWriter Object(ExtendedActorSystem system, object value)
    {
        if (value == null)
            return Byte(0);
        var serializer = system.Serialization.FindSerializerFor(value);
        return Byte(1)
            .Int32(serializer.Identifier)
            .String(Akka.Serialization.Serialization.ManifestFor(serializer, value))
            .Bytes(serializer.ToBinary(value));
    }
}

/// <summary>Reads what <see cref="PayloadWriter"/> wrote. Lengths are checked before anything is made of them.</summary>
internal ref struct PayloadReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public byte Byte() => Take(1)[0];

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public byte[] Bytes() => Take(Int32()).ToArray();

    public string String() => Encoding.UTF8.GetString(Take(Int32()));

    public IInternalActorRef Ref(ExtendedActorSystem system)
    {
        var path = String();
        return path.Length == 0 ? Nobody.Instance : (IInternalActorRef)system.Provider.ResolveActorRef(path);
    }

    public object Object(ExtendedActorSystem system)
    {
        if (Byte() == 0)
            return null;
        var serializer = Int32();
        var manifest = String();
        return system.Serialization.Deserialize(Bytes(), serializer, manifest);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _rest.Length)
            throw new System.Runtime.Serialization.SerializationException("The message ends in the middle of a field.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
