using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Serialization;

namespace RaftActors.Administration;

/// <summary>
/// Puts administrative messages on the wire: manifest Q1 is a request (UTF-8 verb), A1 a reply (accepted 1, count 4, then per
/// line its length 4 and its UTF-8 bytes). Little-endian; the formats are extend-only.
/// </summary>
internal sealed class AdminSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string RequestManifest = "Q1";
    private const string ReplyManifest = "A1";
    private const int MaxVerbBytes = 1024;

    /// <inheritdoc/>
    public override int Identifier => 4720;

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        AdminRequest => RequestManifest,
        AdminReply => ReplyManifest,
        _ => throw new ArgumentException($"{nameof(AdminSerializer)} does not serialize {o.GetType()}.", nameof(o)),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        switch (obj)
        {
            case AdminRequest request:
                return Encoding.UTF8.GetBytes(request.Verb);
            case AdminReply reply:
                using (MemoryStream bytes = new())
                {
                    Span<byte> number = stackalloc byte[4];
                    bytes.WriteByte(reply.Accepted ? (byte)1 : (byte)0);
                    BinaryPrimitives.WriteInt32LittleEndian(number, reply.Lines.Count);
                    bytes.Write(number);
                    foreach (string line in reply.Lines)
                    {
                        byte[] text = Encoding.UTF8.GetBytes(line);
                        BinaryPrimitives.WriteInt32LittleEndian(number, text.Length);
                        bytes.Write(number);
                        bytes.Write(text);
                    }

                    return bytes.ToArray();
                }

            default:
                throw new ArgumentException($"{nameof(AdminSerializer)} does not serialize {obj.GetType()}.", nameof(obj));
        }
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        switch (manifest)
        {
            case RequestManifest when bytes.Length <= MaxVerbBytes:
                return new AdminRequest(Encoding.UTF8.GetString(bytes));
            case ReplyManifest:
                return ReadReply(bytes);
            default:
                throw new SerializationException($"{nameof(AdminSerializer)}: manifest '{manifest}' with {bytes.Length} bytes is not known.");
        }
    }

    private static AdminReply ReadReply(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 5)
        {
            throw new SerializationException("An administrative reply is too short.");
        }

        bool accepted = bytes[0] == 1;
        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]);
        bytes = bytes[5..];
        if (count < 0 || count > bytes.Length / 4)
        {
            throw new SerializationException($"An administrative reply claims {count} lines in {bytes.Length} bytes.");
        }

        List<string> lines = new(count);
        for (int i = 0; i < count; i++)
        {
            int length = bytes.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (length < 0 || length > bytes.Length - 4)
            {
                throw new SerializationException($"Line {i} of an administrative reply runs over its end.");
            }

            lines.Add(Encoding.UTF8.GetString(bytes.Slice(4, length)));
            bytes = bytes[(4 + length)..];
        }

        return new AdminReply(accepted, lines);
    }
}
