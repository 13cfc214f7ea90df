using Akka.Actor;
using Akka.Serialization;

namespace Akka.Persistence.Serialization;

/// <summary>Serializes <see cref="Snapshot"/>: the state inside it goes through its own serializer.</summary>
public class PersistenceSnapshotSerializer : Serializer
{
    public PersistenceSnapshotSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    public override bool IncludeManifest => true;

    public override byte[] ToBinary(object obj) => obj is Snapshot snapshot
        ? PayloadFormat.WritePayload(system, snapshot.Data)
        : throw new ArgumentException($"{nameof(PersistenceSnapshotSerializer)} cannot serialize [{obj?.GetType()}].", nameof(obj));

    public override object FromBinary(byte[] bytes, Type type) => type == typeof(Snapshot)
        ? new Snapshot(PayloadFormat.ReadPayload(system, bytes))
        : throw new ArgumentException($"{nameof(PersistenceSnapshotSerializer)} cannot deserialize [{type}].", nameof(type));
}
