namespace Akka.Persistence.Sql.Config;

/// <summary>The settings of one SQL snapshot store, names of its table and columns included.</summary>
internal sealed class SnapshotSettings : PluginSettings
{
    public SnapshotSettings(Akka.Configuration.Config config)
        : base(config)
    {
        Table = Mapping.GetString("snapshot.table-name");
        PersistenceId = Column("persistence-id", "persistence_id");
        SequenceNumber = Column("sequence-number", "sequence_number");
        Created = Column("created", "created");
        Snapshot = Column("snapshot", "snapshot");
        Manifest = Column("manifest", "manifest");
        SerializerId = Column("serializerId", "serializer_id");
    }

    public string Table { get; }

    public string PersistenceId { get; }

    public string SequenceNumber { get; }

    public string Created { get; }

    public string Snapshot { get; }

    public string Manifest { get; }

    public string SerializerId { get; }

    private string Column(string key, string fallback) => NullIfEmpty(Mapping.GetString("snapshot.columns." + key)) ?? fallback;
}
