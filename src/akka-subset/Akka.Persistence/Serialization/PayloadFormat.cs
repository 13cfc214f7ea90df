using System.Text;
using Akka.Actor;

namespace Akka.Persistence.Serialization;

/// <summary>
/// The few protobuf messages of the persistence module, written and read by hand: a payload is (1) the serializer's
/// id, (2) its bytes and (3) its manifest.
/// </summary>
internal static class PayloadFormat
{
    public static byte[] WritePayload(ExtendedActorSystem system, object payload)
    {
        var serializer = system.Serialization.FindSerializerFor(payload);
        var writer = new ProtoWriter();
        writer.Varint(1, (ulong)serializer.Identifier);
        writer.Bytes(2, serializer.ToBinary(payload));
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, payload);
        if (!string.IsNullOrEmpty(manifest))
            writer.Bytes(3, Encoding.UTF8.GetBytes(manifest));
        return writer.ToArray();
    }

    public static object ReadPayload(ExtendedActorSystem system, ReadOnlySpan<byte> bytes)
    {
        var serializerId = 0;
        byte[] data = [];
        var manifest = string.Empty;
        var reader = new ProtoReader(bytes);
        while (reader.Next(out var field))
        {
            switch (field)
            {
                case 1:
                    serializerId = (int)reader.Varint();
                    break;
                case 2:
                    data = reader.Bytes().ToArray();
                    break;
                case 3:
                    manifest = Encoding.UTF8.GetString(reader.Bytes());
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return system.Serialization.Deserialize(data, serializerId, manifest);
    }

    internal sealed class ProtoWriter
    {
        private readonly MemoryStream _stream = new();

        public void Varint(int field, ulong value)
        {
            Raw((ulong)field << 3);
            Raw(value);
        }

        public void Text(int field, string value)
        {
            if (!string.IsNullOrEmpty(value))
                Bytes(field, Encoding.UTF8.GetBytes(value));
        }

        public void Bytes(int field, ReadOnlySpan<byte> value)
        {
            Raw(((ulong)field << 3) | 2);
            Raw((ulong)value.Length);
            _stream.Write(value);
        }

        public byte[] ToArray() => _stream.ToArray();

        private void Raw(ulong value)
        {
            while (value >= 0x80)
            {
                _stream.WriteByte((byte)(value | 0x80));
                value >>= 7;
            }

            _stream.WriteByte((byte)value);
        }
    }

    internal ref struct ProtoReader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;
        private int _wireType;

        public bool Next(out int field)
        {
            field = 0;
            if (_rest.IsEmpty)
                return false;
            var tag = Varint();
            field = (int)(tag >> 3);
            _wireType = (int)(tag & 7);
            return true;
        }

        public ulong Varint()
        {
            ulong value = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                if (_rest.IsEmpty)
                    throw Truncated();
                var b = _rest[0];
                _rest = _rest[1..];
                value |= (ulong)(b & 0x7f) << shift;
                if (b < 0x80)
                    return value;
            }

            throw new FormatException("A persistence message holds a number that is too long.");
        }

        public ReadOnlySpan<byte> Bytes()
        {
            var length = Varint();
            if (length > (ulong)_rest.Length)
                throw Truncated();
            var value = _rest[..(int)length];
            _rest = _rest[(int)length..];
            return value;
        }

        public string Text() => Encoding.UTF8.GetString(Bytes());

        public void Skip()
        {
            switch (_wireType)
            {
                case 0:
                    Varint();
                    break;
                case 1:
                    Advance(sizeof(ulong));
                    break;
                case 2:
                    Bytes();
                    break;
                case 5:
                    Advance(sizeof(uint));
                    break;
                default:
                    throw new FormatException($"A persistence message holds a field of the unknown wire type {_wireType}.");
            }
        }

        private void Advance(int count)
        {
            if (_rest.Length < count)
                throw Truncated();
            _rest = _rest[count..];
        }

        private static FormatException Truncated() => new("A persistence message ends in the middle of a field.");
    }
}
