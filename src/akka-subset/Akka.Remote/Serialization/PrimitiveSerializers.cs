using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>string as UTF-8, int and long as little-endian.</summary>
public sealed class PrimitiveSerializers : SerializerWithStringManifest
{
    private const string ShortString = "S";
    private const string ShortInt32 = "I";
    private const string ShortInt64 = "L";
    private const string LongString = "System.String, System.Private.CoreLib";
    private const string LongInt32 = "System.Int32, System.Private.CoreLib";
    private const string LongInt64 = "System.Int64, System.Private.CoreLib";

    private readonly bool _legacy;

    public PrimitiveSerializers(ExtendedActorSystem system, Config config)
        : base(system)
    {
        _legacy = config?.GetBoolean("use-legacy-behavior") ?? false;
    }

    public override string Manifest(object obj) => obj switch
    {
        string => _legacy ? LongString : ShortString,
        int => _legacy ? LongInt32 : ShortInt32,
        long => _legacy ? LongInt64 : ShortInt64,
        _ => throw new ArgumentException("Serializer [" + GetType() + "] does not write objects of type [" + obj?.GetType() + "]."),
    };

    public override byte[] ToBinary(object obj)
    {
        switch (obj)
        {
            case string text:
                return Encoding.UTF8.GetBytes(text);
            case int number:
                var four = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(four, number);
                return four;
            case long number:
                var eight = new byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(eight, number);
                return eight;
            default:
                throw new ArgumentException("Serializer [" + GetType() + "] does not write objects of type [" + obj?.GetType() + "].");
        }
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (manifest == ShortString || manifest.StartsWith("System.String,", StringComparison.Ordinal))
            return Encoding.UTF8.GetString(bytes);
        if (manifest == ShortInt32 || manifest.StartsWith("System.Int32,", StringComparison.Ordinal))
            return bytes.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : throw WrongLength(bytes, 4);
        if (manifest == ShortInt64 || manifest.StartsWith("System.Int64,", StringComparison.Ordinal))
            return bytes.Length == 8 ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : throw WrongLength(bytes, 8);
        throw new SerializationException("Serializer [" + GetType() + "] knows no manifest [" + manifest + "].");
    }

    private static SerializationException WrongLength(byte[] bytes, int expected) =>
        new("A number of " + expected + " bytes was expected, and " + bytes.Length + " came.");
}
