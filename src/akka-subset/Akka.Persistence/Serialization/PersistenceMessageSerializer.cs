using System.Collections.Immutable;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Persistence.Serialization;

/// <summary>Serializes <see cref="IPersistentRepresentation"/> and <see cref="AtomicWrite"/>.</summary>
public sealed class PersistenceMessageSerializer : Serializer
{
    private const int PayloadField = 1;
    private const int SequenceNrField = 2;
    private const int PersistenceIdField = 3;
    private const int DeletedField = 4;
    private const int SenderField = 11;
    private const int ManifestField = 12;
    private const int WriterGuidField = 13;
    private const int TimestampField = 14;

    public PersistenceMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    public override bool IncludeManifest => true;

    public override byte[] ToBinary(object obj) => obj switch
    {
        IPersistentRepresentation persistent => Write(persistent),
        AtomicWrite write => Write(write),
        _ => throw new ArgumentException($"{nameof(PersistenceMessageSerializer)} cannot serialize [{obj?.GetType()}].", nameof(obj)),
    };

    public override object FromBinary(byte[] bytes, Type type)
    {
        if (type is not null && typeof(IPersistentRepresentation).IsAssignableFrom(type))
            return Read(bytes);
        if (type == typeof(AtomicWrite))
            return ReadWrite(bytes);
        throw new ArgumentException($"{nameof(PersistenceMessageSerializer)} cannot deserialize [{type}].", nameof(type));
    }

    private byte[] Write(AtomicWrite write)
    {
        var writer = new PayloadFormat.ProtoWriter();
        foreach (var persistent in write.Events)
            writer.Bytes(PayloadField, Write(persistent));
        return writer.ToArray();
    }

    private byte[] Write(IPersistentRepresentation persistent)
    {
        var writer = new PayloadFormat.ProtoWriter();
        writer.Bytes(PayloadField, PayloadFormat.WritePayload(system, persistent.Payload));
        writer.Varint(SequenceNrField, (ulong)persistent.SequenceNr);
        writer.Text(PersistenceIdField, persistent.PersistenceId);
        if (persistent.IsDeleted)
            writer.Varint(DeletedField, 1);
        if (persistent.Sender is { } sender)
            writer.Text(SenderField, Akka.Serialization.Serialization.SerializedActorPath(sender));
        writer.Text(ManifestField, persistent.Manifest);
        writer.Text(WriterGuidField, persistent.WriterGuid);
        if (persistent.Timestamp != 0)
            writer.Varint(TimestampField, (ulong)persistent.Timestamp);
        return writer.ToArray();
    }

    private AtomicWrite ReadWrite(ReadOnlySpan<byte> bytes)
    {
        var events = ImmutableArray.CreateBuilder<IPersistentRepresentation>();
        var reader = new PayloadFormat.ProtoReader(bytes);
        while (reader.Next(out var field))
        {
            if (field == PayloadField)
                events.Add(Read(reader.Bytes()));
            else
                reader.Skip();
        }

        return new AtomicWrite(events.DrainToImmutable());
    }

    private Persistent Read(ReadOnlySpan<byte> bytes)
    {
        object payload = null;
        IActorRef sender = null;
        string persistenceId = null, manifest = null, writerGuid = null;
        long sequenceNr = 0, timestamp = 0;
        var deleted = false;
        var reader = new PayloadFormat.ProtoReader(bytes);
        while (reader.Next(out var field))
        {
            switch (field)
            {
                case PayloadField:
                    payload = PayloadFormat.ReadPayload(system, reader.Bytes());
                    break;
                case SequenceNrField:
                    sequenceNr = (long)reader.Varint();
                    break;
                case PersistenceIdField:
                    persistenceId = reader.Text();
                    break;
                case DeletedField:
                    deleted = reader.Varint() != 0;
                    break;
                case SenderField:
                    sender = system.Provider.ResolveActorRef(reader.Text());
                    break;
                case ManifestField:
                    manifest = reader.Text();
                    break;
                case WriterGuidField:
                    writerGuid = reader.Text();
                    break;
                case TimestampField:
                    timestamp = (long)reader.Varint();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return new Persistent(payload, sequenceNr, persistenceId, manifest, deleted, sender, writerGuid, timestamp);
    }
}
